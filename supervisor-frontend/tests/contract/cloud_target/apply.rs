//! What core is told of a target.

use serde_json::json;
use supervisor_frontend::cloud::status::Standing;
use supervisor_proto::v1::{AppState, Applier, AppsState, ErrorReason};

use super::stage::{Client, FLEET, Stage, app};
use crate::support::core::Call;

/// A device that runs the fleet's release, and another app.
async fn with_another_app() -> (Stage, Client) {
    let mut stage = Stage::new();
    stage.cloud.add_app("07e4", app(41, "registry/v2/cc"));
    stage.release("registry/v2/aa");
    let client = stage.client();
    stage.applied().await;
    stage.applied().await;
    (stage, client)
}

/// The frontend's next life finds the other app running, and no longer in the target.
async fn other_app_is_removed_in_the_next_life(stage: &mut Stage) {
    stage.cloud.remove_app("07e4");
    let client = stage.client();
    runs(stage, &[(41, "07e4", Applier::Frontend)]);
    client.nudges.nudge(false);
    let removed = stage.core.until(|call| matches!(call, Call::Remove { .. })).await.0;
    assert_eq!(removed, Call::Remove { app_id: 41, force: false });
}

fn runs(stage: &Stage, apps: &[(u64, &str, Applier)]) {
    let apps = apps.iter().map(|(app_id, uuid, by)| AppState {
        app_id: *app_id,
        app_uuid: (*uuid).to_owned(),
        applied_by: (*by).into(),
        ..AppState::default()
    });
    stage.states.keep(AppsState { apps: apps.collect(), engine_available: true });
}

#[tokio::test]
async fn change_of_one_app_is_told_of_that_app_only() {
    let mut stage = Stage::new();
    stage.cloud.add_app("07e4", app(41, "registry/v2/cc"));
    let first = stage.release("registry/v2/aa");
    let client = stage.client();
    let mut both = [stage.applied().await, stage.applied().await];
    both.sort();
    assert_eq!(both, [(41, "0ther".to_owned(), false), (FLEET, first, false)]);
    let second = stage.release("registry/v2/bb");
    client.nudges.nudge(false);
    assert_eq!(stage.applied().await, (FLEET, second, false));
    assert_eq!(stage.core.calls_waiting(), 0);
}

#[tokio::test]
async fn core_that_comes_back_is_told_everything_again() {
    let (mut stage, _client) = Stage::settled().await;
    stage.sessions.send_modify(|sessions| *sessions += 1);
    assert_eq!(stage.applied().await.0, FLEET);
    assert_eq!(stage.core.calls_waiting(), 0);
}

#[tokio::test]
async fn core_that_is_not_there_yet_is_told_when_it_comes() {
    let mut stage = Stage::new();
    stage.sessions.send_replace(0);
    let commit = stage.release("registry/v2/aa");
    let client = stage.client();
    client.until(|status| status.standing == Standing::Connected).await;
    assert_eq!(stage.core.calls_waiting(), 0);
    stage.sessions.send_replace(1);
    assert_eq!(stage.applied().await.1, commit);
}

#[tokio::test]
async fn target_that_the_owner_does_not_allow_shows_and_is_not_repeated() {
    let mut stage = Stage::new();
    let why = "services.main.privileged is not granted";
    stage.core.script(|script| script.failure = Some((ErrorReason::PolicyRefused, "privileged", why)));
    stage.release("registry/v2/aa");
    let client = stage.client();
    stage.applied().await;
    let status = client.until(|status| !status.refused.is_empty()).await;
    assert_eq!(status.refused.values().collect::<Vec<_>>(), [why]);
    assert_eq!(status.standing, Standing::Connected);
    runs(&stage, &[]);
    client.ask(|_| true).await;
    stage.cloud_saw(|world| (world.requests(fake_cloud::Route::State).count() >= 2).then_some(())).await;
    assert_eq!(stage.core.calls_waiting(), 0);
    stage.core.script(|script| script.failure = None);
    let second = stage.release("registry/v2/bb");
    client.nudges.nudge(false);
    assert_eq!(stage.applied().await.1, second);
    client.until(|status| status.refused.is_empty()).await;
}

#[tokio::test]
async fn failure_that_may_pass_is_tried_again() {
    let mut stage = Stage::new();
    stage.core.script(|script| script.failure = Some((ErrorReason::StoreUnavailable, "", "full")));
    let commit = stage.release("registry/v2/aa");
    let client = stage.client();
    // The second attempt shows it; core still fails meanwhile.
    assert_eq!(stage.applied().await.1, commit);
    assert_eq!(stage.applied().await.1, commit);
    assert!(client.board.read().refused.is_empty());
}

#[tokio::test]
async fn forced_nudge_and_lock_override_apply_over_locks() {
    let (mut stage, client) = Stage::settled().await;
    let second = stage.release("registry/v2/bb");
    client.nudges.nudge(true);
    assert_eq!(stage.applied().await, (FLEET, second.clone(), true));
    stage.sessions.send_modify(|sessions| *sessions += 1);
    assert_eq!(stage.applied().await, (FLEET, second.clone(), false), "force was for once");
    stage.cloud.configure("RESIN_SUPERVISOR_OVERRIDE_LOCK", Some("1"));
    client.nudges.nudge(false);
    assert_eq!(stage.applied().await, (FLEET, second, true));
}

#[tokio::test]
async fn app_that_left_the_target_is_removed_and_those_of_others_stay() {
    let (mut stage, client) = with_another_app().await;
    let fleet = stage.cloud.fleet_uuid();
    let (cloud, owner) = (Applier::Frontend, Applier::Admin);
    // In this order core would be asked to remove them.
    runs(&stage, &[(FLEET, fleet, cloud), (43, "07e4", owner), (41, "07e4", cloud)]);
    stage.cloud.remove_app("07e4");
    client.nudges.nudge(false);
    let removed = stage.core.next().await.0;
    assert_eq!(removed, Call::Remove { app_id: 41, force: false });
}

#[tokio::test]
async fn app_that_left_the_target_while_the_frontend_was_down_is_removed() {
    let (mut stage, client) = with_another_app().await;
    client.stop().await;
    other_app_is_removed_in_the_next_life(&mut stage).await;
}

#[tokio::test]
async fn app_of_a_target_that_was_followed_by_one_that_could_not_be_kept_is_removed() {
    let (mut stage, client) = with_another_app().await;
    let obstacle = stage.state_dir().join("target.new");
    std::fs::create_dir_all(obstacle.join("in-the-way")).unwrap();
    stage.release("registry/v2/bb");
    client.nudges.nudge(false);
    stage.applied().await;
    client.stop().await;
    assert_eq!(stage.kept(), None, "an older target does not come back");
    std::fs::remove_dir_all(obstacle).unwrap();
    other_app_is_removed_in_the_next_life(&mut stage).await;
}

/// Removes the kept target, or damages it.
fn lose(stage: &Stage, is_torn: bool) {
    let kept = stage.state_dir().join("target");
    if is_torn {
        let whole = std::fs::read(&kept).unwrap();
        std::fs::write(kept, &whole[..whole.len() / 2]).unwrap();
    } else {
        std::fs::remove_dir_all(stage.state_dir()).unwrap();
    }
}

#[tokio::test]
async fn app_that_left_the_target_before_all_of_it_was_lost_is_removed_and_the_owners_stay() {
    let (cloud, owner) = (Applier::Frontend, Applier::Admin);
    for is_torn in [false, true] {
        let (mut stage, client) = Stage::settled().await;
        client.stop().await;
        lose(&stage, is_torn);
        stage.cloud.pause();
        let client = stage.client();
        let fleet = stage.cloud.fleet_uuid();
        // In this order core would be asked to remove them.
        runs(&stage, &[(FLEET, fleet, cloud), (43, "", owner), (44, "07e5", owner), (41, "07e4", cloud)]);
        client.until(|status| status.last_error.is_some()).await;
        assert_eq!(stage.core.calls_waiting(), 0, "nothing goes before the cloud has spoken");
        stage.cloud.resume().unwrap();
        client.nudges.nudge(false);
        let removed = stage.core.until(|call| matches!(call, Call::Remove { .. })).await.0;
        assert_eq!(removed, Call::Remove { app_id: 41, force: false });
    }
}

#[tokio::test]
async fn app_of_a_lost_target_is_removed_although_a_restart_came_before_core() {
    let (mut stage, client) = Stage::settled().await;
    client.stop().await;
    lose(&stage, false);
    stage.sessions.send_replace(0);
    let client = stage.client();
    client.until(|status| status.standing == Standing::Connected).await;
    client.stop().await;
    stage.cloud.pause();
    let _client = stage.client();
    runs(&stage, &[(41, "07e4", Applier::Frontend)]);
    stage.sessions.send_replace(1);
    let removed = stage.core.until(|call| matches!(call, Call::Remove { .. })).await.0;
    assert_eq!(removed, Call::Remove { app_id: 41, force: false });
}

#[tokio::test]
async fn app_of_the_fleet_before_is_removed_once_the_new_one_has_spoken() {
    let (mut stage, client) = with_another_app().await;
    client.stop().await;
    stage.cloud.remove_app("07e4");
    stage.cloud.add_device("00000000000000000000000000000001", "0ther");
    stage.cloud.pause();
    let client = stage.client_of("00000000000000000000000000000001", "0ther");
    let (cloud, owner) = (Applier::Frontend, Applier::Admin);
    // In this order core would be asked to remove them.
    runs(&stage, &[(43, "07e4", owner), (44, "07e5", owner), (41, "07e4", cloud)]);
    client.until(|status| status.last_error.is_some()).await;
    assert_eq!(stage.core.calls_waiting(), 0, "nothing goes before the new one has spoken");
    stage.cloud.resume().unwrap();
    client.nudges.nudge(false);
    assert_eq!(stage.applied().await.0, FLEET);
    let removed = stage.core.next().await.0;
    assert_eq!(removed, Call::Remove { app_id: 41, force: false });
}

/// Has something stand where the target is kept that cannot be read, until the returned is called.
fn obstruct(stage: &Stage) -> impl FnOnce() + use<> {
    let folder = stage.state_dir();
    std::fs::rename(folder.join("target"), folder.join("away")).unwrap();
    std::fs::create_dir(folder.join("target")).unwrap();
    move || {
        let obstacle = ["target", "target.outdated"].map(|name| folder.join(name));
        let obstacle = obstacle.into_iter().find(|path| path.is_dir()).expect("it stays as it is");
        std::fs::remove_dir(&obstacle).unwrap();
        std::fs::rename(folder.join("away"), obstacle).unwrap();
    }
}

#[tokio::test]
async fn app_that_left_is_not_removed_before_the_disk_can_tell_whom_earlier_targets_named() {
    let (mut stage, client) = with_another_app().await;
    client.stop().await;
    let clear = obstruct(&stage);
    stage.cloud.remove_app("07e4");
    let client = stage.client();
    runs(&stage, &[(44, "07e5", Applier::Admin), (41, "07e4", Applier::Frontend)]);
    assert_eq!(stage.applied().await.0, FLEET);
    let second = stage.release("registry/v2/bb");
    client.nudges.nudge(false);
    assert_eq!(stage.applied().await.1, second, "and no removal came before");
    clear();
    client.nudges.nudge(false);
    let removed = stage.core.next().await.0;
    assert_eq!(removed, Call::Remove { app_id: 41, force: false });
    client.stop().await;
    stage.cloud.pause();
    let _client = stage.client();
    assert_eq!(stage.applied().await.1, second, "from then on it is kept again");
}

#[tokio::test]
async fn force_of_an_update_is_not_used_again_for_a_removal_found_later() {
    let (mut stage, client) = with_another_app().await;
    client.stop().await;
    let clear = obstruct(&stage);
    stage.cloud.remove_app("07e4");
    let client = stage.client();
    assert_eq!(stage.applied().await.0, FLEET);
    let second = stage.release("registry/v2/bb");
    client.nudges.nudge(true);
    assert_eq!(stage.applied().await, (FLEET, second, true));
    runs(&stage, &[(41, "07e4", Applier::Frontend)]);
    clear();
    client.nudges.nudge(false);
    let removed = stage.core.next().await.0;
    assert_eq!(removed, Call::Remove { app_id: 41, force: false });
}

#[tokio::test]
async fn older_target_that_could_not_be_read_does_not_come_back() {
    let (mut stage, client) = Stage::settled().await;
    client.stop().await;
    let clear = obstruct(&stage);
    let second = stage.release("registry/v2/bb");
    let client = stage.client();
    assert_eq!(stage.applied().await.1, second);
    client.stop().await;
    clear();
    stage.cloud.pause();
    let client = stage.client();
    client.until(|status| status.last_error.is_some()).await;
    assert_eq!(stage.core.calls_waiting(), 0);
}

#[tokio::test]
async fn update_strategy_of_the_device_is_for_services_without_their_own() {
    let mut stage = Stage::new();
    stage.cloud.configure("BALENA_SUPERVISOR_UPDATE_STRATEGY", Some("kill-then-download"));
    let own = json!({ "image": "registry/v2/bb", "labels": { "io.balena.update.strategy": "hand-over" } });
    stage.cloud.release(json!({ "services": { "main": { "image": "registry/v2/aa" }, "own": own } }));
    let _client = stage.client();
    stage.applied().await;
    let applied = stage.core.shared.applied.lock().unwrap()[0].clone();
    let strategy = |service: &str| applied.services[service].labels["io.balena.update.strategy"].clone();
    assert_eq!((strategy("main").as_str(), strategy("own").as_str()), ("kill-then-download", "hand-over"));
}
