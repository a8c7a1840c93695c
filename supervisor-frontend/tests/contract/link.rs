//! The standing connection to core.

use supervisor_proto::{
    client::CoreClient,
    v1::{AppRequest, ConnectivityState, RotationRequested},
};

use crate::support::{
    core::{Call, FakeCore},
    frontend::Device,
    http::{PATIENCE, request},
};

#[tokio::test]
async fn core_that_appears_later_is_told_key_and_port() {
    let device = Device::new();
    let frontend = device.frontend_with_own_key().await;
    let mut core = FakeCore::start(&device.socket());
    assert_eq!(core.next_or_greeting().await.0, Call::Hello);
    let expected =
        Call::SetApiAccess { api_key: device.stored_key(), port: u32::from(frontend.address().port()) };
    assert_eq!(core.until(|call| matches!(call, Call::SetApiAccess { .. })).await.0, expected);
}

#[tokio::test]
async fn core_that_comes_back_is_greeted_and_told_the_key_again() {
    let device = Device::new();
    let frontend = device.frontend().await;
    for _ in 0..3 {
        let mut core = FakeCore::start(&device.socket());
        assert_eq!(core.linked().await, "bananas");
        assert_eq!(frontend.call("POST", "/v1/tcp-ping", &[], None).await.status, 204);
        core.kill();
    }
}

#[tokio::test]
async fn key_regenerated_while_core_is_there_reaches_core() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let frontend = device.frontend_with_own_key().await;
    let old = core.linked().await;
    let target = format!("/v1/regenerate-api-key?apikey={old}");
    let new = frontend.raw(request("POST", &target, &[], None)).await.body;
    assert_eq!(core.linked().await, new);
}

#[tokio::test]
async fn rotation_asked_for_by_core_changes_the_key_and_tells_it() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let frontend = device.frontend_with_own_key().await;
    let old = core.linked().await;
    core.shared.rotations.send(RotationRequested {}).unwrap();
    let new = core.linked().await;
    assert_ne!(new, old);
    assert_eq!(device.stored_key(), new);
    assert_eq!(frontend.raw(request("GET", &format!("/ping?apikey={old}"), &[], None)).await.status, 401);
    assert_eq!(frontend.raw(request("GET", &format!("/ping?apikey={new}"), &[], None)).await.status, 200);
}

#[tokio::test]
async fn update_asked_for_without_core_is_sent_once_core_is_there() {
    let device = Device::new();
    let frontend = device.frontend().await;
    assert_eq!(frontend.post_json("/v1/update", r#"{"force":true}"#).await.status, 204);
    assert_eq!(frontend.post_json("/v1/update", "{}").await.status, 204);
    let mut core = FakeCore::start(&device.socket());
    let (call, _) = core.until(|call| matches!(call, Call::Update { .. })).await;
    assert_eq!(call, Call::Update { force: true, cancel: false, apply: false });
}

#[tokio::test]
async fn device_that_goes_offline_shows_it_on_its_light() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let frontend = device.frontend().await;
    core.linked().await;
    let led = device.path("led");
    let shows = async |wanted: &str| {
        let watched = async {
            while std::fs::read_to_string(&led).unwrap() != wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, watched).await.expect("the light never changed");
    };
    core.shared
        .connectivity
        .send_replace(ConnectivityState { online: false, ..ConnectivityState::default() });
    shows("1").await;
    core.shared.connectivity.send_replace(ConnectivityState { online: true, ..ConnectivityState::default() });
    shows("0").await;
    frontend.call("POST", "/v1/blink", &[], None).await;
    shows("1").await;
    frontend.stop().await;
    assert_eq!(std::fs::read_to_string(&led).unwrap(), "0");
}

/// The number of greetings that came with this call, which is to be the last.
async fn greetings(core: &mut FakeCore) -> usize {
    let mut greetings = 0;
    while core.next_or_greeting().await.0 == Call::Hello {
        greetings += 1;
    }
    greetings
}

fn request_of(app_id: u64) -> AppRequest {
    AppRequest { app_id, ..AppRequest::default() }
}

#[tokio::test]
async fn connection_given_up_by_one_client_is_given_up_by_the_one_beside_it() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let link = CoreClient::new(&device.socket(), "link");
    let routes = link.beside();
    for wanted in [1, 0] {
        routes.remove(request_of(1), "r").await.unwrap();
        assert_eq!(greetings(&mut core).await, wanted);
    }
    link.disconnect().await;
    for wanted in [1, 0] {
        routes.remove(request_of(1), "r").await.unwrap();
        assert_eq!(greetings(&mut core).await, wanted);
    }
}

#[tokio::test]
async fn calls_that_come_at_once_share_one_connection() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let client = CoreClient::new(&device.socket(), "routes");
    for _ in 0..2 {
        let calls = (1..=3).map(|app_id| client.remove(request_of(app_id), "r"));
        for answer in futures_util::future::join_all(calls).await {
            answer.unwrap();
        }
        assert_eq!(greetings(&mut core).await, 1);
        for _ in 0..2 {
            assert_eq!(greetings(&mut core).await, 0);
        }
        client.disconnect().await;
    }
}
