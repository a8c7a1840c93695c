//! `GET /v1/healthy`.

use std::time::Duration;

use supervisor_frontend::server::Limits;

use crate::{
    support::{
        core::FakeCore,
        frontend::{Device, Frontend},
        http::{PATIENCE, Response, request},
    },
    tables::TEXT,
};

async fn healthy(frontend: &Frontend) -> Response {
    frontend.raw(request("GET", "/v1/healthy", &[], None)).await
}

async fn until_status(frontend: &Frontend, status: u16) -> Response {
    let asked = async {
        loop {
            let response = healthy(frontend).await;
            if response.status == status {
                return response;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("the verdict never came")
}

#[tokio::test]
async fn health_wants_no_key_and_looks_at_none() {
    let device = Device::new();
    let frontend = device.frontend().await;
    for target in ["/v1/healthy", "/V1/Healthy/", "/v1/healthy?apikey=wrong", "/v1/healthy?apikey=bananas"] {
        let response = frontend.raw(request("GET", target, &[], None)).await;
        assert_eq!(response.seen(), (200, TEXT, "OK"), "{target}");
    }
    let head = frontend.raw(request("HEAD", "/v1/healthy", &[], None)).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    for target in ["/v1/healthy/x", "/v1/healthy%2f", "/v1/healthy//", "//v1/healthy"] {
        assert_eq!(frontend.raw(request("GET", target, &[], None)).await.status, 401, "{target}");
    }
}

#[tokio::test]
async fn health_without_a_key_store_is_told_all_the_same() {
    let device = Device::new();
    std::fs::write(device.path("state"), "in the way").unwrap();
    let frontend = device.frontend_with_own_key().await;
    assert_eq!(healthy(&frontend).await.seen(), (200, TEXT, "OK"));
}

#[tokio::test]
async fn health_follows_core_that_stays_away_and_comes_back() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let limits = Limits { core_absence: Duration::ZERO, ..Limits::default() };
    let frontend = device.frontend_with(limits).await;
    core.linked().await;
    until_status(&frontend, 200).await;
    core.kill();
    let away = until_status(&frontend, 500).await;
    assert_eq!(away.header("content-type"), Some(TEXT));
    assert!(away.body.starts_with("Unhealthy: supervisor core has been away"), "{}", away.body);
    let _core = FakeCore::start(&device.socket());
    until_status(&frontend, 200).await;
}

#[tokio::test]
async fn health_of_a_device_that_is_offline_is_good() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let limits = Limits { core_absence: Duration::ZERO, ..Limits::default() };
    let frontend = device.frontend_with(limits).await;
    core.linked().await;
    core.shared.connectivity.send_modify(|state| state.online = false);
    let led = device.path("led");
    let shown = async {
        while std::fs::read_to_string(&led).unwrap() != "1" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, shown).await.expect("the light never showed it");
    assert_eq!(healthy(&frontend).await.seen(), (200, TEXT, "OK"));
}
