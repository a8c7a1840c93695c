//! The routes of one app: show, stop, start; and the version.

use supervisor_proto::v1::{AppDescription, ErrorReason, ServiceDescription};

use crate::{
    support::{
        core::{Call, FakeCore},
        frontend::{Device, Frontend, JSON},
    },
    tables::{GO as APPLICATION_JSON, TEXT},
};

fn service(name: &str, container_id: &str) -> ServiceDescription {
    ServiceDescription {
        name: name.into(),
        image: "registry.example/demo:1".into(),
        container_id: container_id.into(),
        environment: [("MODE", "on"), ("RESIN", "1")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        ..ServiceDescription::default()
    }
}

fn app(services: Vec<ServiceDescription>) -> AppDescription {
    AppDescription { app_id: 2167, name: "demo".into(), commit: "c0ffee".into(), release_id: 9, services }
}

/// A frontend and a core that knows app 2167 with one service, and app 2168 with two.
async fn linked(device: &Device) -> (FakeCore, Frontend) {
    let mut core = FakeCore::start(&device.socket());
    let apps = [
        (2167, app(vec![service("main", "5f4c")])),
        (2168, app(vec![service("a", "1"), service("b", "2")])),
        (2169, app(vec![service("main", "")])),
    ];
    core.shared.described.lock().unwrap().extend(apps);
    let frontend = device.frontend().await;
    core.linked().await;
    (core, frontend)
}

#[tokio::test]
async fn app_of_one_container_is_shown() {
    let device = Device::new();
    let (_core, frontend) = linked(&device).await;
    let body = r#"{"appId":2167,"containerId":"5f4c","commit":"c0ffee","imageId":"registry.example/demo:1","releaseId":9,"env":{"MODE":"on","RESIN":"1"}}"#;
    assert_eq!(frontend.get("/v1/apps/2167").await.seen(), (200, APPLICATION_JSON, body));
    let without = frontend.get("/v1/apps/2169").await;
    assert!(without.body.contains(r#""containerId":null"#), "{}", without.body);
}

#[tokio::test]
async fn app_is_stopped_and_started_and_its_container_named() {
    let device = Device::new();
    let (mut core, frontend) = linked(&device).await;
    let answer = (200, APPLICATION_JSON, r#"{"containerId":"5f4c"}"#);
    for (path, body, call) in [
        ("/v1/apps/2167/stop", "", Call::Stop { app_id: 2167, force: false }),
        ("/v1/apps/2167/stop", r#"{"force":true}"#, Call::Stop { app_id: 2167, force: true }),
        ("/v1/apps/2167/start", r#"{"force":"true"}"#, Call::Start { app_id: 2167, force: false }),
        ("/V1/Apps/2167/Start/", r#"{"force":true}"#, Call::Start { app_id: 2167, force: true }),
    ] {
        let sent = (!body.is_empty()).then_some(body.as_bytes());
        assert_eq!(frontend.call("POST", path, &[JSON], sent).await.seen(), answer, "{path}");
        let (seen, request_id) = core.next().await;
        assert_eq!(seen, call);
        assert!(request_id.is_some_and(|id| !id.is_empty()));
    }
}

#[tokio::test]
async fn app_that_is_started_in_a_new_container_is_answered_with_that() {
    let device = Device::new();
    let (mut core, frontend) = linked(&device).await;
    let described = core.shared.described.clone();
    core.script(|script| {
        script.on_action = Some(std::sync::Arc::new(move || {
            described.lock().unwrap().insert(2169, app(vec![service("main", "beef")]));
        }));
    });
    let answer = frontend.post_json("/v1/apps/2169/start", "{}").await;
    assert_eq!(answer.seen(), (200, APPLICATION_JSON, r#"{"containerId":"beef"}"#));
    assert_eq!(core.next().await.0, Call::Start { app_id: 2169, force: false });
}

#[tokio::test]
async fn app_that_is_unknown_several_or_no_number_is_refused() {
    let device = Device::new();
    let (mut core, frontend) = linked(&device).await;
    for (method, end) in [("GET", ""), ("POST", "/stop"), ("POST", "/start")] {
        for (id, status, body) in [
            ("9", 404, "App not found"),
            ("2168", 400, "This route is only for apps with a single container"),
            ("x", 400, "Invalid app id"),
            ("0", 400, "Invalid app id"),
            ("007", 400, "Invalid app id"),
            ("9007199254740992", 400, "Invalid app id"),
            ("..%2f..%2fetc", 400, "Invalid app id"),
        ] {
            let path = format!("/v1/apps/{id}{end}");
            let response = frontend.call(method, &path, &[], None).await;
            assert_eq!(response.seen(), (status, TEXT, body), "{method} {path}");
        }
    }
    frontend.post_json("/v1/apps/2167/stop", "{}").await;
    assert_eq!(core.next().await.0, Call::Stop { app_id: 2167, force: false }, "nothing came before it");
}

#[tokio::test]
async fn app_that_core_will_not_stop_answers_by_its_reason() {
    let device = Device::new();
    let (core, frontend) = linked(&device).await;
    for (reason, subject, answer) in [
        (
            ErrorReason::UpdatesLocked,
            "/data/resin-updates.lock",
            (423, "Updates are locked: /data/resin-updates.lock"),
        ),
        (ErrorReason::EngineUnavailable, "", (503, "Container engine is not available")),
        (ErrorReason::StillInProgress, "", (503, "Still in progress, see /v1/device")),
    ] {
        core.script(|script| script.failure = Some((reason, subject, "x")));
        let response = frontend.post_json("/v1/apps/2167/stop", "{}").await;
        assert_eq!(response.seen(), (answer.0, TEXT, answer.1));
    }
    core.kill();
    for (method, path) in [("GET", "/v1/apps/2167"), ("POST", "/v1/apps/2167/stop")] {
        assert_eq!(frontend.call(method, path, &[], None).await.status, 503, "{path}");
    }
}

#[tokio::test]
async fn version_is_the_reported_one() {
    let device = Device::new();
    let frontend = device.frontend().await;
    let body = format!(r#"{{"status":"success","version":"{}"}}"#, supervisor_proto::REPORTED_VERSION);
    assert_eq!(frontend.get("/v2/version").await.seen(), (200, APPLICATION_JSON, body.as_str()));
}
