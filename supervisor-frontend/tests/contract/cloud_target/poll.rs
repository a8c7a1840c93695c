//! Questions for the target, and what is kept of the answers.

use fake_cloud::{Fault, Route};
use supervisor_frontend::cloud::status::Standing;

use super::stage::{KEY, Stage, UUID};

#[tokio::test]
async fn question_is_as_the_contract_has_it_and_the_next_one_carries_the_mark() {
    let mut stage = Stage::new();
    let commit = stage.release("registry/v2/aa");
    let client = stage.client();
    assert_eq!(stage.applied().await.1, commit);
    client.nudges.nudge(false);
    let marks = |stage: &Stage| {
        stage.cloud.look(|world| {
            let marks =
                world.requests(Route::State).map(|seen| seen.header("if-none-match").map(str::to_owned));
            marks.collect::<Vec<_>>()
        })
    };
    stage
        .cloud_saw(|world| {
            (world.requests(Route::State).filter(|s| s.status == 304).count() == 1).then_some(())
        })
        .await;
    let (first, second) = (marks(&stage)[0].clone(), marks(&stage)[1].clone());
    assert!(first.is_none() && second.is_some());
    let path = format!("/device/v3/{UUID}/state");
    let bearer = format!("Bearer {KEY}");
    stage.cloud.look(|world| {
        for seen in world.requests(Route::State) {
            assert_eq!((seen.path.as_str(), seen.query.as_str()), (path.as_str(), ""));
            assert_eq!(seen.header("authorization"), Some(bearer.as_str()));
            assert_eq!(seen.header("accept-encoding"), Some("gzip"));
            assert_eq!(seen.header("cache-control"), None, "it would defeat the mark");
        }
    });
}

#[tokio::test]
async fn questions_without_a_change_write_nothing() {
    let mut stage = Stage::new();
    stage.release("registry/v2/aa");
    let client = stage.client();
    stage.applied().await;
    let kept = stage.kept();
    assert!(kept.is_some());
    for questions in 2..5 {
        client.nudges.nudge(false);
        stage.cloud_saw(|world| (world.requests(Route::State).count() >= questions).then_some(())).await;
    }
    client.until(|status| status.standing == Standing::Connected).await;
    assert_eq!(stage.kept(), kept);
    assert_eq!(stage.core.calls_waiting(), 0, "core is told nothing either");
}

#[tokio::test]
async fn same_target_under_another_mark_writes_nothing() {
    let mut stage = Stage::new();
    stage.release("registry/v2/aa");
    let client = stage.client();
    stage.applied().await;
    let kept = stage.kept();
    let body = std::fs::read(stage.state_dir().join("target")).unwrap();
    let body = body.splitn(3, |byte| *byte == b'\n').nth(2).unwrap().to_vec();
    stage.cloud.fail(Route::State, [Fault::Body(body)]);
    client.nudges.nudge(false);
    stage.cloud_saw(|world| (world.requests(Route::State).count() >= 2).then_some(())).await;
    client.ask(|status| status.last_error.is_none()).await;
    stage.cloud_saw(|world| (world.requests(Route::State).count() >= 3).then_some(())).await;
    assert_eq!(stage.kept(), kept);
}

#[tokio::test]
async fn target_survives_a_restart_without_a_network() {
    let mut stage = Stage::new();
    let commit = stage.release("registry/v2/aa");
    stage.cloud.configure("RESIN_SUPERVISOR_VPN_CONTROL", Some("false"));
    let client = stage.client();
    stage.core.until(|call| matches!(call, crate::support::core::Call::Apply { .. })).await;
    client.stop().await;
    stage.cloud.pause();
    let client = stage.client();
    let applied = stage.core.until(|call| matches!(call, crate::support::core::Call::Apply { .. })).await.0;
    assert!(matches!(applied, crate::support::core::Call::Apply { commit: again, .. } if again == commit));
    assert!(!client.settings.borrow().vpn, "so do the settings");
}

#[tokio::test]
async fn kept_target_of_another_device_is_not_in_force() {
    let mut stage = Stage::new();
    stage.release("registry/v2/aa");
    let client = stage.client();
    stage.applied().await;
    client.stop().await;
    let client = stage.client_of("00000000000000000000000000000001", KEY);
    client.until(|status| status.standing == Standing::UnknownDevice).await;
    assert_eq!(stage.core.calls_waiting(), 0);
}

#[tokio::test]
async fn nudges_during_a_question_ask_once_more_after_it() {
    let mut stage = Stage::new();
    stage.release("registry/v2/aa");
    // It asks no more by itself.
    stage.cloud.configure("RESIN_SUPERVISOR_POLL_INTERVAL", Some("86400000"));
    stage.cloud.fail(Route::State, [Fault::Slow(std::time::Duration::from_millis(300))]);
    let client = stage.client();
    stage.cloud_saw(|world| world.requests(Route::State).next().map(drop)).await;
    for _ in 0..5 {
        client.nudges.nudge(false);
    }
    stage.applied().await;
    stage.cloud_saw(|world| (world.requests(Route::State).count() >= 2).then_some(())).await;
    client.until(|status| status.standing == Standing::Connected).await;
    assert_eq!(stage.questions(), 2);
}

#[tokio::test]
async fn wrong_variable_keeps_its_default_and_the_others_take_effect() {
    let mut stage = Stage::new();
    stage.release("registry/v2/aa");
    stage.cloud.configure("BALENA_SUPERVISOR_POLL_INTERVAL", Some("soon"));
    stage.cloud.configure("RESIN_SUPERVISOR_LOG_CONTROL", Some("false"));
    let client = stage.client();
    stage.applied().await;
    let settings = client.settings.borrow().clone();
    // What the fleet says under the older name still counts.
    assert_eq!(settings.poll_interval, std::time::Duration::from_mins(1));
    assert!(!settings.logs);
}
