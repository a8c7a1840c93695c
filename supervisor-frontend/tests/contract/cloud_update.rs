//! `POST /v1/update` and `GET /v1/device` of a whole frontend that has a cloud.

use std::fs;

use fake_cloud::{FakeCloud, Route};
use serde_json::json;
use supervisor_frontend::server::Limits;
use supervisor_proto::v1::ErrorReason;

use crate::support::{
    core::{Call, FakeCore},
    frontend::{Device, Frontend},
};

const UUID: &str = "77cbf8a128f9462ea978baadf773817e";
const KEY: &str = "8d9a6c83d825b1ea7fac577d2ece0088";

/// A device that its cloud knows.
async fn managed(device: &Device, cloud: &FakeCloud) -> Frontend {
    cloud.add_device(UUID, KEY);
    let config = json!({ "apiEndpoint": cloud.url(), "uuid": UUID, "deviceApiKey": KEY, "deviceId": 1 });
    fs::write(device.path("config.json"), config.to_string()).unwrap();
    device.frontend_of(Limits::default(), |_| {}).await
}

async fn applied(core: &mut FakeCore) -> (String, bool) {
    match core.until(|call| matches!(call, Call::Apply { .. })).await.0 {
        Call::Apply { commit, force, .. } => (commit, force),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nudge_of_the_cloud_brings_the_new_release_to_core() {
    let (device, cloud) = (Device::new(), FakeCloud::start().unwrap());
    let mut core = FakeCore::start(&device.socket());
    let first = cloud.release(json!({ "services": { "main": { "image": "registry/v2/aa" } } }));
    let frontend = managed(&device, &cloud).await;
    assert_eq!(applied(&mut core).await, (first, false));
    let second = cloud.release(json!({ "services": { "main": { "image": "registry/v2/bb" } } }));
    // As the cloud does it: no body and no content type.
    let answer = frontend.call("POST", "/v1/update", &["Content-Length: 0"], None).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(applied(&mut core).await, (second, false));
    let third = cloud.release(json!({ "services": { "main": { "image": "registry/v2/cc" } } }));
    frontend.post_json("/v1/update", r#"{"force":true}"#).await;
    assert_eq!(applied(&mut core).await, (third, true));
    let shown = frontend.until_device(|body| body.contains(r#""state":"connected""#)).await;
    assert!(shown.contains(r#""last_error":null,"refused_apps":{}"#), "{shown}");
}

#[tokio::test]
async fn cancel_reaches_core_and_asks_the_cloud_nothing() {
    let (device, cloud) = (Device::new(), FakeCloud::start().unwrap());
    let mut core = FakeCore::start(&device.socket());
    // It asks no more by itself.
    cloud.configure("RESIN_SUPERVISOR_POLL_INTERVAL", Some("86400000"));
    cloud.release(json!({ "services": { "main": { "image": "registry/v2/aa" } } }));
    let frontend = managed(&device, &cloud).await;
    applied(&mut core).await;
    frontend.until_device(|body| body.contains(r#""state":"connected""#)).await;
    frontend.post_json("/v1/update", r#"{"cancel":true}"#).await;
    core.until(|call| *call == Call::Update { force: false, cancel: true, apply: false }).await;
    assert_eq!(cloud.look(|world| world.requests(Route::State).count()), 1);
}

#[tokio::test]
async fn refusal_of_core_shows_as_a_failed_update() {
    let (device, cloud) = (Device::new(), FakeCloud::start().unwrap());
    let core = FakeCore::start(&device.socket());
    core.script(|script| script.failure = Some((ErrorReason::PolicyRefused, "x", "not granted")));
    cloud.release(json!({ "services": { "main": { "image": "registry/v2/aa" } } }));
    let frontend = managed(&device, &cloud).await;
    let shown = frontend.until_device(|body| body.contains(r#""update_failed":true"#)).await;
    assert!(
        shown.contains(&format!(r#""refused_apps":{{"{}":"not granted"}}"#, cloud.fleet_uuid())),
        "{shown}"
    );
}

#[tokio::test]
async fn key_that_the_cloud_does_not_accept_shows() {
    let (device, cloud) = (Device::new(), FakeCloud::start().unwrap());
    let frontend = managed(&device, &cloud).await;
    cloud.fail_always(Route::State, Some(fake_cloud::Fault::Status(401, None)));
    frontend.post_json("/v1/update", "{}").await;
    let shown = frontend.until_device(|body| body.contains(r#""state":"unauthorised""#)).await;
    assert!(shown.contains("does not accept the device's key"), "{shown}");
}
