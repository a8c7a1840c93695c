//! Every answer of the contract, to the byte.

use crate::{
    support::{
        core::{Call, FakeCore, Script},
        frontend::{Device, FORM, JSON},
    },
    tables::{APP, GO, REFUSALS, SUCCESSES, TEXT},
};

#[tokio::test]
async fn routes_with_a_willing_core_answer_their_success() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let frontend = device.frontend().await;
    core.linked().await;
    for (method, path, body, answer, call) in SUCCESSES {
        let sent = (!body.is_empty()).then_some(body.as_bytes());
        let response = frontend.call(method, path, &[JSON], sent).await;
        assert_eq!(response.seen(), answer, "{method} {path} {body}");
        if let Some(call) = call {
            let (seen, request_id) = core.next().await;
            assert_eq!(seen, call, "{method} {path} {body}");
            assert!(request_id.is_some_and(|id| !id.is_empty()));
        }
    }
}

#[tokio::test]
async fn restart_by_form_restarts_and_never_forces() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let frontend = device.frontend().await;
    core.linked().await;
    let response = frontend.call("POST", "/v1/restart", &[FORM], Some(b"appId=2167&force=true")).await;
    assert_eq!(response.seen(), (200, TEXT, "OK"));
    assert_eq!(core.next().await.0, Call::Restart { app_id: 2167, force: false });
}

#[tokio::test]
async fn refusals_of_core_answer_by_their_reason_in_the_routes_format() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let frontend = device.frontend().await;
    core.linked().await;
    for (path, reason, subject, message, answer) in REFUSALS {
        core.script(|script| script.failure = Some((reason, subject, message)));
        assert_eq!(frontend.post_json(path, APP).await.seen(), answer, "{path} {reason:?}");
    }
}

#[tokio::test]
async fn privileged_routes_without_core_answer_503_in_their_format() {
    let device = Device::new();
    let frontend = device.frontend().await;
    let text = (503, TEXT, "Supervisor core is not available");
    let go = (503, GO, r#"{"Data":"Error","Error":"Supervisor core is not available"}"#);
    for (path, expected) in [
        ("/v1/restart", text),
        ("/v1/tcp-ping", text),
        ("/v1/spawn-tty", text),
        ("/v1/despawn-tty", text),
        ("/v1/reboot", go),
        ("/v1/shutdown", go),
        ("/v1/purge", go),
    ] {
        assert_eq!(frontend.post_json(path, APP).await.seen(), expected, "{path}");
    }
    for (method, path, status) in [
        ("GET", "/ping", 200),
        ("POST", "/v1/blink", 200),
        ("POST", "/v1/update", 204),
        ("POST", "/v1/regenerate-api-key", 200),
        ("GET", "/v1/device", 200),
    ] {
        assert_eq!(frontend.call(method, path, &[], None).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn privileged_routes_with_a_core_of_another_contract_answer_503() {
    let device = Device::new();
    let script = Script { contract_version: 99, ..Script::default() };
    let _core = FakeCore::start_with(&device.socket(), script);
    let frontend = device.frontend().await;
    let expected = (503, TEXT, "Supervisor core is of another release");
    assert_eq!(frontend.post_json("/v1/restart", APP).await.seen(), expected);
    assert_eq!(frontend.get("/ping").await.status, 200);
}

#[tokio::test]
async fn core_that_dies_during_a_call_gives_an_unknown_outcome() {
    for (path, body) in [
        (
            "/v1/reboot",
            r#"{"Data":"Error","Error":"Outcome unknown: supervisor core did not finish its answer"}"#,
        ),
        (
            "/v1/purge",
            r#"{"Data":"Error","Error":"Outcome unknown: supervisor core did not finish its answer"}"#,
        ),
        ("/v1/restart", "Outcome unknown: supervisor core did not finish its answer"),
    ] {
        let device = Device::new();
        let mut core = FakeCore::start_with(&device.socket(), Script { hangs: true, ..Script::default() });
        let frontend = device.frontend().await;
        core.linked().await;
        let (response, ()) = tokio::join!(frontend.post_json(path, APP), async {
            core.next().await;
            core.kill();
        });
        assert_eq!((response.status, response.body.as_str()), (503, body), "{path}");
    }
}
