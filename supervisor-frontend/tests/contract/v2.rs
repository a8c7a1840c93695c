//! The newer supervisor's routes.

use supervisor_proto::v1::{
    AppDescription, AppState, AppsState, ErrorReason, ServiceDescription, ServiceState,
};

use crate::{
    support::{
        core::{Call, FakeCore},
        frontend::{Device, Frontend, JSON},
    },
    tables::{GO as APPLICATION_JSON, TEXT},
};

const OK: (u16, &str, &str) = (200, TEXT, "OK");

fn service(name: &str, image_id: u64) -> ServiceDescription {
    ServiceDescription { name: name.into(), image_id, ..ServiceDescription::default() }
}

/// A frontend and a core that knows app 2167 with the services `main` and `db`.
async fn linked(device: &Device) -> (FakeCore, Frontend) {
    let mut core = FakeCore::start(&device.socket());
    let services = vec![service("main", 7), service("db", 8)];
    let app = AppDescription { app_id: 2167, services, ..AppDescription::default() };
    core.shared.described.lock().unwrap().insert(2167, app);
    let frontend = device.frontend().await;
    core.linked().await;
    (core, frontend)
}

fn of_service(verb: &'static str, name: &str, force: bool) -> Call {
    Call::Service { verb, app_id: 2167, services: vec![name.into()], force }
}

#[tokio::test]
async fn service_named_by_name_or_image_is_started_stopped_and_restarted() {
    let device = Device::new();
    let (mut core, frontend) = linked(&device).await;
    for (path, body, call) in [
        ("start-service", r#"{"serviceName":"main"}"#, of_service("start", "main", false)),
        // What the SDK sends.
        ("start-service", r#"{"appId":2167,"imageId":8}"#, of_service("start", "db", false)),
        ("stop-service", r#"{"imageId":"8","force":true}"#, of_service("stop", "db", true)),
        ("restart-service", r#"{"serviceName":"main","imageId":8}"#, of_service("restart", "main", false)),
    ] {
        let response = frontend.post_json(&format!("/v2/applications/2167/{path}"), body).await;
        assert_eq!(response.seen(), OK, "{path} {body}");
        let (seen, request_id) = core.next().await;
        assert_eq!(seen, call, "{path} {body}");
        assert!(request_id.is_some_and(|id| !id.is_empty()));
    }
}

#[tokio::test]
async fn service_that_is_not_named_or_not_there_is_refused() {
    let device = Device::new();
    let (mut core, frontend) = linked(&device).await;
    for verb in ["start-service", "stop-service", "restart-service"] {
        for (app, body, status, message) in [
            ("2167", "{}", 400, "Missing serviceName or imageId"),
            ("2167", r#"{"serviceName":"../x"}"#, 400, "Invalid serviceName or imageId"),
            ("2167", r#"{"imageId":1.5}"#, 400, "Invalid serviceName or imageId"),
            ("2167", r#"{"serviceName":"ghost"}"#, 404, "Service not found"),
            ("2167", r#"{"imageId":9}"#, 404, "Service not found"),
            ("9", r#"{"serviceName":"main"}"#, 404, "App not found"),
            ("x", r#"{"serviceName":"main"}"#, 400, "Invalid app id"),
        ] {
            let path = format!("/v2/applications/{app}/{verb}");
            let response = frontend.post_json(&path, body).await;
            assert_eq!(response.seen(), (status, TEXT, message), "{path} {body}");
        }
    }
    frontend.post_json("/v2/applications/2167/stop-service", r#"{"imageId":7}"#).await;
    assert_eq!(core.next().await.0, of_service("stop", "main", false), "nothing came before it");
}

#[tokio::test]
async fn image_of_several_services_names_none_of_them() {
    let device = Device::new();
    let (mut core, frontend) = linked(&device).await;
    let services = vec![service("main", 7), service("twin", 7)];
    let app = AppDescription { app_id: 2167, services, ..AppDescription::default() };
    core.shared.described.lock().unwrap().insert(2167, app);
    for verb in ["start-service", "stop-service", "restart-service"] {
        let path = format!("/v2/applications/2167/{verb}");
        let refused = frontend.post_json(&path, r#"{"imageId":7}"#).await;
        assert_eq!(refused.status, 400, "{refused:?}");
    }
    frontend.post_json("/v2/applications/2167/stop-service", r#"{"serviceName":"twin","imageId":7}"#).await;
    assert_eq!(core.next().await.0, of_service("stop", "twin", false), "nothing came before it");
}

#[tokio::test]
async fn app_in_the_path_is_restarted_and_purged() {
    let device = Device::new();
    let (mut core, frontend) = linked(&device).await;
    for (path, body, call) in [
        ("restart", "", Call::Restart { app_id: 2167, force: false }),
        ("restart", r#"{"force":true}"#, Call::Restart { app_id: 2167, force: true }),
        ("purge", "", Call::Purge { app_id: 2167, force: false }),
        ("purge", r#"{"force":true}"#, Call::Purge { app_id: 2167, force: true }),
    ] {
        let sent = (!body.is_empty()).then_some(body.as_bytes());
        let path = format!("/v2/applications/2167/{path}");
        assert_eq!(frontend.call("POST", &path, &[JSON], sent).await.seen(), OK, "{path} {body}");
        assert_eq!(core.next().await.0, call, "{path} {body}");
    }
}

#[tokio::test]
async fn refusals_of_core_answer_in_plain_text() {
    let device = Device::new();
    let (core, frontend) = linked(&device).await;
    let lock = "/data/resin-updates.lock";
    core.script(|script| script.failure = Some((ErrorReason::UpdatesLocked, lock, "x")));
    for verb in ["restart", "purge", "start-service", "stop-service", "restart-service"] {
        let path = format!("/v2/applications/2167/{verb}");
        let response = frontend.post_json(&path, r#"{"serviceName":"main"}"#).await;
        assert_eq!(response.seen(), (423, TEXT, "Updates are locked: /data/resin-updates.lock"), "{path}");
    }
    core.kill();
    for verb in ["restart", "purge", "stop-service"] {
        let path = format!("/v2/applications/2167/{verb}");
        let response = frontend.post_json(&path, r#"{"serviceName":"main"}"#).await;
        assert_eq!(response.status, 503, "{path}");
    }
    assert_eq!(frontend.get("/v2/state/status").await.status, 503);
}

#[tokio::test]
async fn state_is_what_core_knows_at_the_moment() {
    let device = Device::new();
    let (core, frontend) = linked(&device).await;
    let main = ServiceState {
        name: "main".into(),
        container_id: "5f4c".into(),
        container_state: "running".into(),
        image_id: 7,
        service_id: 3,
        ..ServiceState::default()
    };
    let app = AppState { app_id: 2167, commit: "c0ffee".into(), services: vec![main], ..AppState::default() };
    core.shared.apps.send_replace(AppsState { apps: vec![app], engine_available: true });
    let response = frontend.get("/v2/state/status").await;
    let body = r#"{"status":"success","appState":"applied","overallDownloadProgress":null,"containers":[{"status":"Running","serviceName":"main","appId":2167,"imageId":7,"serviceId":3,"containerId":"5f4c"}],"release":"c0ffee"}"#;
    assert_eq!(response.seen(), (200, APPLICATION_JSON, body));
}

#[tokio::test]
async fn state_of_an_app_shows_its_services_by_image() {
    let device = Device::new();
    let (core, frontend) = linked(&device).await;
    let there = |name: &str, image_id, state: &str| ServiceDescription {
        container_id: "5f4c".into(),
        container_state: state.into(),
        ..service(name, image_id)
    };
    let services = vec![there("main", 7, "running"), there("db", 8, "exited"), service("absent", 9)];
    let app = AppDescription {
        app_id: 2167,
        commit: "c0ffee".into(),
        release_id: 3,
        services,
        ..AppDescription::default()
    };
    core.shared.described.lock().unwrap().insert(2167, app);
    let body = concat!(
        r#"{"commit":"c0ffee","local":{"2167":{"services":{"#,
        r#""7":{"status":"Running","releaseId":3,"download_progress":null},"#,
        r#""8":{"status":"Stopped","releaseId":3,"download_progress":null}}}}}"#
    );
    assert_eq!(frontend.get("/v2/applications/2167/state").await.seen(), (200, APPLICATION_JSON, body));
    assert_eq!(frontend.get("/v2/applications/9/state").await.seen(), (404, TEXT, "App not found"));
    assert_eq!(frontend.get("/v2/applications/x/state").await.seen(), (400, TEXT, "Invalid app id"));
}
