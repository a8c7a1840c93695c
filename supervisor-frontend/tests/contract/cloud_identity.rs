//! The device becomes known to its cloud, once, whatever happens on the way.

use std::{io::ErrorKind, net::TcpListener, time::Duration};

use fake_cloud::{FakeCloud, Fault, Route};
use serde_json::{Value, json};
use supervisor_frontend::server::Limits;
use supervisor_proto::v1::ErrorReason;

use crate::support::{
    core::{Call, FakeCore},
    frontend::{Device, Frontend},
    http::PATIENCE,
};

/// Gives the device the `config.json` that an image of the fleet has.
pub fn with_image(device: &Device, cloud: &FakeCloud, more: &Value) {
    let mut config = json!({
        "apiEndpoint": cloud.url(), "apiKey": cloud.provisioning_key(), "applicationId": cloud.fleet_id(),
        "deviceType": "intel-nuc", "bootstrapRetryDelay": 1000,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    std::fs::write(device.path("config.json"), config.to_string()).unwrap();
}

pub async fn frontend(device: &Device) -> Frontend {
    device.frontend_of(Limits::default(), |_| {}).await
}

/// Waits until the cloud has seen something, without holding up the frontend on this thread.
pub async fn until<T: Send + 'static>(
    cloud: &FakeCloud,
    look: impl Fn(&fake_cloud::World) -> Option<T>,
) -> T {
    let asked = async {
        loop {
            if let Some(found) = cloud.look(&look) {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("the cloud never saw it")
}

pub async fn known(frontend: &Frontend) -> (String, String) {
    let mut identity = frontend.running.cloud().identity();
    let waited = tokio::time::timeout(PATIENCE, identity.wait_for(Option::is_some)).await;
    let identity = waited.expect("never known").unwrap().clone().unwrap();
    (identity.uuid.clone(), identity.key.expose().to_owned())
}

pub fn devices(cloud: &FakeCloud) -> Vec<(String, String)> {
    cloud.look(|world| world.devices().map(|d| (d.uuid.clone(), d.key.clone())).collect())
}

pub fn registrations(cloud: &FakeCloud) -> usize {
    cloud.look(|world| world.requests(Route::Register).count())
}

pub fn record(device: &Device) -> Option<Value> {
    let text = std::fs::read(device.path("state/identity.json")).ok()?;
    Some(serde_json::from_slice(&text).unwrap())
}

#[tokio::test]
async fn device_without_an_endpoint_is_unmanaged_and_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    let device = Device::new();
    let config = json!({
        "logsEndpoint": silent, "deltaEndpoint": silent, "apiKey": "p", "applicationId": 1, "uuid": "77cb",
        "deviceApiKey": "k", "apiEndpoint": "",
    });
    std::fs::write(device.path("config.json"), config.to_string()).unwrap();
    let mut core = FakeCore::start(&device.socket());
    let frontend = frontend(&device).await;
    core.linked().await;
    assert_eq!(frontend.post_json("/v1/update", "{}").await.status, 204);
    let mut identity = frontend.running.cloud().identity();
    // The cloud client looks at its settings now and then, and at nothing else.
    tokio::time::pause();
    assert!(tokio::time::timeout(Duration::from_hours(1), identity.changed()).await.is_err());
    tokio::time::resume();
    frontend.stop().await;
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(record(&device), None);
}

#[tokio::test]
async fn device_of_a_new_image_registers_once_and_is_the_same_after_restarts() {
    let cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    with_image(&device, &cloud, &json!({}));
    let first = frontend(&device).await;
    let (uuid, key) = known(&first).await;
    assert_eq!(devices(&cloud), [(uuid.clone(), key.clone())]);
    assert!(uuid.len() == 32 && key.len() == 32);
    let told = cloud.look(|world| world.devices().next().unwrap().registration.clone());
    assert_eq!(
        (&told["device_type"], &told["os_version"]),
        (&json!("intel-nuc"), &json!("Resin OS 1.0.4 (fido)"))
    );
    let agent = cloud.look(|world| world.all_requests()[0].header("user-agent").map(ToOwned::to_owned));
    let version = supervisor_proto::REPORTED_VERSION;
    assert_eq!(agent.unwrap(), format!("Supervisor/{version} (Linux; Resin OS 1.0.4 (fido))"));
    first.stop().await;
    for _ in 0..2 {
        let again = frontend(&device).await;
        assert_eq!(known(&again).await, (uuid.clone(), key.clone()));
        again.stop().await;
    }
    assert_eq!(registrations(&cloud), 1);
}

#[tokio::test]
async fn device_that_its_config_names_is_known_without_a_request_or_a_write() {
    let cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    let named =
        json!({ "apiKey": null, "uuid": "77cb", "deviceApiKey": "k", "deviceId": 3, "registered_at": 9 });
    with_image(&device, &cloud, &named);
    let frontend = frontend(&device).await;
    assert_eq!(known(&frontend).await, ("77cb".to_owned(), "k".to_owned()));
    frontend.stop().await;
    assert_eq!(registrations(&cloud), 0);
    assert_eq!(record(&device), None);
}

#[tokio::test]
async fn request_is_on_disk_before_it_is_sent_and_sent_again_as_it_was() {
    let mut cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    with_image(&device, &cloud, &json!({}));
    cloud.pause();
    let before = frontend(&device).await;
    let saved = async {
        loop {
            match record(&device) {
                Some(record) => break record,
                None => tokio::task::yield_now().await,
            }
        }
    };
    let saved = tokio::time::timeout(PATIENCE, saved).await.unwrap();
    assert_eq!(saved["registered"], Value::Null);
    before.stop().await;
    cloud.resume().unwrap();
    let after = frontend(&device).await;
    let (uuid, key) = known(&after).await;
    assert_eq!((saved["uuid"].as_str(), saved["device_api_key"].as_str()), (Some(&*uuid), Some(&*key)));
    assert_eq!(devices(&cloud), [(uuid, key)]);
    after.stop().await;
}

#[tokio::test]
async fn registration_whose_answer_was_lost_is_found_again_by_the_next_start() {
    let cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    with_image(&device, &cloud, &json!({}));
    cloud.fail(Route::Register, [Fault::Lost]);
    let before = frontend(&device).await;
    let registered =
        until(&cloud, |world| world.devices().next().map(|d| (d.uuid.clone(), d.key.clone()))).await;
    before.stop().await;
    let after = frontend(&device).await;
    assert_eq!(known(&after).await, registered);
    assert_eq!(devices(&cloud), [registered]);
    after.stop().await;
}

#[tokio::test]
async fn registration_that_could_not_be_written_down_is_found_again_by_the_next_start() {
    let cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    with_image(&device, &cloud, &json!({}));
    cloud.fail(Route::Register, [Fault::Slow(Duration::from_millis(300))]);
    let before = frontend(&device).await;
    // The first record is written, the request on its way; from now on nothing can be written.
    while record(&device).is_none() {
        tokio::task::yield_now().await;
    }
    let obstacle = device.path("state/identity.json.new/in-the-way");
    std::fs::create_dir_all(&obstacle).unwrap();
    let registered =
        until(&cloud, |world| world.devices().next().map(|d| (d.uuid.clone(), d.key.clone()))).await;
    before.stop().await;
    assert_eq!(record(&device).unwrap()["registered"], Value::Null);
    std::fs::remove_dir_all(device.path("state/identity.json.new")).unwrap();
    let after = frontend(&device).await;
    assert_eq!(known(&after).await, registered);
    assert_eq!(devices(&cloud), [registered]);
    after.stop().await;
}

#[tokio::test]
async fn refusals_and_failures_are_tried_again_with_the_same_request() {
    let cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    with_image(&device, &cloud, &json!({}));
    let faults = [Fault::Status(401, None), Fault::Status(503, Some(0)), Fault::Body(b"[]".to_vec())];
    cloud.fail(Route::Register, faults);
    let frontend = frontend(&device).await;
    let (uuid, key) = known(&frontend).await;
    frontend.stop().await;
    let bodies = cloud.look(|world| {
        let requests = world.requests(Route::Register);
        requests.map(|seen| serde_json::from_slice::<Value>(&seen.body).unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(bodies.len(), 4);
    for body in bodies {
        assert_eq!((body["uuid"].as_str(), body["api_key"].as_str()), (Some(&*uuid), Some(&*key)));
    }
}

#[tokio::test]
async fn frontend_that_waits_for_its_cloud_stops_at_once() {
    let cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    with_image(&device, &cloud, &json!({}));
    cloud.fail_always(Route::Register, Some(Fault::Silent));
    let frontend = frontend(&device).await;
    while record(&device).is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(frontend.get("/ping").await.body, "OK");
    tokio::time::timeout(PATIENCE, frontend.stop()).await.expect("it waits for the cloud");
}

/// The next call by which core learns who the device is.
async fn introduced(core: &mut FakeCore) -> Call {
    core.until(|call| matches!(call, Call::Record { .. } | Call::RegistryAccess { .. })).await.0
}

#[tokio::test]
async fn core_is_told_who_the_device_is_whenever_it_comes() {
    let cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    with_image(&device, &cloud, &json!({}));
    let frontend = frontend(&device).await;
    let (uuid, key) = known(&frontend).await;
    let access = Call::RegistryAccess {
        api_host: "127.0.0.1".to_owned(),
        username: format!("d_{uuid}"),
        password: key.clone(),
    };
    for _ in 0..2 {
        let mut core = FakeCore::start(&device.socket());
        let record = Call::Record { uuid: uuid.clone(), key: key.clone(), device_id: 1 };
        assert_eq!([introduced(&mut core).await, introduced(&mut core).await], [access.clone(), record]);
        core.kill();
    }
    frontend.stop().await;
}

#[tokio::test]
async fn core_is_not_told_of_a_device_that_the_owner_s_config_names_but_of_its_registry() {
    let cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    with_image(&device, &cloud, &json!({ "apiKey": null, "uuid": "77cb", "deviceApiKey": "k" }));
    let mut core = FakeCore::start(&device.socket());
    let frontend = frontend(&device).await;
    let access = Call::RegistryAccess {
        api_host: "127.0.0.1".to_owned(),
        username: "d_77cb".to_owned(),
        password: "k".to_owned(),
    };
    assert_eq!(introduced(&mut core).await, access);
    frontend.stop().await;
}

#[tokio::test]
async fn core_that_refuses_the_identity_has_the_registry_s_key() {
    let cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    with_image(&device, &cloud, &json!({}));
    let mut core = FakeCore::start(&device.socket());
    core.script(|script| script.failure = Some((ErrorReason::InvalidArgument, "uuid", "no")));
    let frontend = frontend(&device).await;
    assert!(matches!(introduced(&mut core).await, Call::RegistryAccess { .. }));
    assert!(matches!(introduced(&mut core).await, Call::Record { .. }));
    frontend.stop().await;
}

#[tokio::test]
async fn answer_with_a_key_that_is_none_is_no_registration() {
    let cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    with_image(&device, &cloud, &json!({}));
    cloud.fail(Route::Register, [Fault::Body(br#"{"id":7,"api_key":""}"#.to_vec())]);
    let frontend = frontend(&device).await;
    let (uuid, key) = known(&frontend).await;
    assert_eq!(devices(&cloud), [(uuid, key)]);
    frontend.stop().await;
}

#[tokio::test]
async fn conflict_whose_look_up_is_not_served_is_a_success_once_the_device_has_a_target() {
    let cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    with_image(&device, &cloud, &json!({}));
    cloud.fail(Route::Register, [Fault::Lost]);
    cloud.fail_always(Route::Devices, Some(Fault::Status(404, None)));
    cloud.fail_always(Route::State, Some(Fault::NotModified));
    let frontend = frontend(&device).await;
    until(&cloud, |world| (world.requests(Route::State).count() >= 2).then_some(())).await;
    assert_eq!(record(&device).unwrap()["registered"], Value::Null);
    cloud.fail_always(Route::State, None);
    let found = known(&frontend).await;
    assert_eq!(devices(&cloud), [found]);
    frontend.stop().await;
}

#[tokio::test]
async fn device_whose_config_lacks_what_registering_takes_registers_once_it_is_there() {
    let cloud = FakeCloud::start().unwrap();
    let device = Device::new();
    with_image(&device, &cloud, &json!({ "apiKey": null }));
    let frontend = frontend(&device).await;
    let mut identity = frontend.running.cloud().identity();
    tokio::time::pause();
    assert!(tokio::time::timeout(Duration::from_hours(1), identity.changed()).await.is_err());
    with_image(&device, &cloud, &json!({}));
    tokio::time::advance(Duration::from_mins(5)).await;
    tokio::time::resume();
    let found = known(&frontend).await;
    assert_eq!(devices(&cloud), [found]);
    frontend.stop().await;
}
