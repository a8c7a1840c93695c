//! A cloud that refuses, fails, or says what makes no sense: the last good target stays in force.

use std::time::Duration;

use fake_cloud::{Fault, Route};
use serde_json::json;
use supervisor_frontend::cloud::status::{CloudStatus, Standing};

use super::stage::{Stage, UUID, app};

fn has_failed(status: &CloudStatus) -> bool {
    status.last_error.is_some()
}

#[tokio::test]
async fn answer_of_no_use_changes_nothing_and_the_next_good_one_does() {
    let html = b"<html>captive portal</html>".to_vec();
    let no_apps = json!({ UUID: { "name": "x", "config": {} } }).to_string().into_bytes();
    let wrong = json!({ UUID: { "name": 7, "config": [], "apps": "none" } }).to_string().into_bytes();
    for (fault, standing) in [
        (Fault::Status(401, None), Standing::Unauthorised),
        (Fault::Status(413, None), Standing::Unreachable),
        (Fault::Status(429, Some(10)), Standing::Unreachable),
        (Fault::Status(500, None), Standing::Unreachable),
        (Fault::Status(302, None), Standing::Unreachable),
        (Fault::Status(204, None), Standing::Unreachable),
        (Fault::Truncated, Standing::Unreachable),
        (Fault::Closed, Standing::Unreachable),
        (Fault::NotModified, Standing::UnknownDevice),
        (Fault::Body(Vec::new()), Standing::Unreachable),
        (Fault::Body(b"{}".to_vec()), Standing::Unreachable),
        (Fault::Body(html), Standing::Unreachable),
        (Fault::Body(no_apps), Standing::Unreachable),
        (Fault::Body(wrong), Standing::Unreachable),
        (Fault::Body(vec![b'['; 100_000]), Standing::Unreachable),
        (Fault::Body(vec![b' '; (1 << 20) + 1]), Standing::Unreachable),
        (Fault::GzipBomb(64 << 20), Standing::Unreachable),
    ] {
        let (mut stage, client) = Stage::settled().await;
        let kept = stage.kept();
        stage.cloud.fail(Route::State, [fault.clone()]);
        let commit = stage.release("registry/v2/bb");
        let status = client.ask(has_failed).await;
        assert_eq!(status.standing, standing, "{fault:?}");
        assert_eq!(stage.kept(), kept, "{fault:?}");
        assert_eq!(stage.core.calls_waiting(), 0, "{fault:?}");
        client.nudges.nudge(false);
        assert_eq!(stage.applied().await.1, commit, "{fault:?}");
        client.until(|status| status.standing == Standing::Connected && status.last_error.is_none()).await;
    }
}

#[tokio::test]
async fn deleted_device_runs_on_and_says_so() {
    let (stage, client) = Stage::settled().await;
    stage.cloud.delete_device(UUID);
    let status = client.ask(has_failed).await;
    assert_eq!(status.standing, Standing::UnknownDevice);
    assert!(status.answered_at.is_some(), "when it was last known stays known");
    assert_eq!(stage.core.calls_waiting(), 0);
}

#[tokio::test]
async fn device_that_was_never_known_is_not_taken_for_unchanged() {
    let stage = Stage::new();
    stage.cloud.delete_device(UUID);
    let client = stage.client();
    assert_eq!(client.until(has_failed).await.standing, Standing::UnknownDevice);
    assert_eq!(stage.kept(), None);
}

#[tokio::test]
async fn clock_of_the_server_that_is_years_off_makes_no_difference() {
    for seconds in [-1_000_000_000, 1_000_000_000] {
        let mut stage = Stage::new();
        stage.cloud.set_clock_ahead(seconds);
        let commit = stage.release("registry/v2/aa");
        let client = stage.client();
        assert_eq!(stage.applied().await.1, commit);
        client.ask(|status| status.last_error.is_none()).await;
    }
}

#[tokio::test]
async fn answer_that_never_comes_is_given_up_and_asked_for_again() {
    let (mut stage, client) = Stage::settled().await;
    stage.cloud.fail_always(Route::State, Some(Fault::Silent));
    let commit = stage.release("registry/v2/bb");
    let mut board = client.board.follow();
    tokio::time::pause();
    let asked = tokio::time::Instant::now();
    client.nudges.nudge(false);
    board.wait_for(has_failed).await.unwrap();
    assert!(asked.elapsed() <= Duration::from_mins(3));
    tokio::time::resume();
    stage.cloud.fail_always(Route::State, None);
    client.nudges.nudge(false);
    assert_eq!(stage.applied().await.1, commit);
}

#[tokio::test]
async fn cloud_that_is_away_for_a_day_is_asked_now_and_then_and_found_again() {
    let (mut stage, client) = Stage::settled().await;
    stage.cloud.pause();
    let mut failures = client.board.follow();
    tokio::time::pause();
    let end = tokio::time::Instant::now() + Duration::from_hours(24);
    client.nudges.nudge(false);
    let mut count = 0;
    while tokio::time::timeout_at(end, failures.changed()).await.is_ok() {
        count += 1;
    }
    tokio::time::resume();
    // The fleet's interval is a minute here: at most one and a half thousand, and never a hot loop.
    assert!((700..4000).contains(&count), "{count}");
    stage.cloud.resume().unwrap();
    let commit = stage.release("registry/v2/bb");
    client.nudges.nudge(false);
    assert_eq!(stage.applied().await.1, commit);
}

#[tokio::test]
async fn app_that_is_refused_by_name_is_shown_and_the_others_go_on() {
    let mut stage = Stage::new();
    let commit = stage.release("registry/v2/aa");
    let mut bad = app(41, "registry/v2/cc");
    bad["releases"]["0ther"]["services"]["main"]["composition"] = json!({ "restart": 7 });
    stage.cloud.add_app("bad", bad);
    let client = stage.client();
    assert_eq!(stage.applied().await.1, commit);
    let status = client.until(|status| !status.refused.is_empty()).await;
    assert!(status.refused["bad"].contains("services.main.restart"), "{status:?}");
    let status = client.until(|status| !status.refused_releases.is_empty()).await;
    assert_eq!(status.refused_releases["bad"], "0ther", "the report tells the cloud of it");
    assert_eq!(status.standing, Standing::Connected);
    stage.cloud.remove_app("bad");
    client.ask(|status| status.refused.is_empty() && status.refused_releases.is_empty()).await;
}
