//! The apps' update locks.

use super::*;
use crate::{
    domain::{intent::Action, target::Target},
    error::CoreError,
    ports::engine::EngineError,
};

fn other_commit() -> Target {
    let mut changed = target(APP);
    changed.services.get_mut(&name("main")).unwrap().environment.insert("A".to_owned(), "2".to_owned());
    changed
}

fn is_locked(result: &Result<(), CoreError>) -> bool {
    matches!(result, Err(CoreError::Locked { lock }) if lock == DATA_LOCK)
}

#[tokio::test(start_paused = true)]
async fn action_on_a_locked_app_is_refused_and_nothing_is_changed() {
    let world = World::with_app(APP).await;
    world.device.lock(APP);
    let record = world.device.record(APP);
    for action in [restart(), Action::Purge, Action::Stop(Vec::new()), Action::Remove] {
        let before = world.device.calls().len();
        let refused = world.act(APP, action).await;
        assert!(is_locked(&refused), "{refused:?}");
        let calls = world.device.calls().split_off(before);
        assert!(calls.iter().all(|call| call.contains("locks") || call == "check data"), "{calls:?}");
        assert_eq!(world.device.record(APP), record);
    }
    assert_eq!((world.device.our_locks(), world.device.state().locks.len()), (0, 1));
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn force_overrides_the_lock_and_leaves_the_apps_own_lock() {
    let world = World::with_app(APP).await;
    world.device.lock(APP);
    world.force(APP, restart()).await.unwrap();
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
    assert_eq!(world.device.state().locks.len(), 1);
    assert!(!world.device.record(APP).override_locks);
    let refused = world.act(APP, restart()).await;
    assert!(is_locked(&refused), "the override ended with its action: {refused:?}");
}

#[tokio::test(start_paused = true)]
async fn force_that_met_a_failure_still_overrides_after_a_new_start() {
    let world = World::with_app(APP).await;
    world.device.lock(APP);
    world.device.fault_on("stop", Fault::Refused);
    let failed = world.force(APP, restart()).await;
    assert!(matches!(failed, Err(CoreError::Engine(EngineError::Refused { .. }))), "{failed:?}");
    assert!(world.device.record(APP).override_locks);
    drop(world.reconciler);
    world.device.heal();
    let reborn = World::boot(&world.device);
    reborn.shows(APP, |status| status.services[&name("main")].container_id == "c2").await;
    reborn.device.reached("start c2", 1).await;
    assert_eq!(reborn.device.running(APP), [("c2".to_owned(), 2)]);
}

#[tokio::test(start_paused = true)]
async fn our_locks_are_held_during_the_work_and_gone_before_the_answer() {
    let world = World::with_app(APP).await;
    world.device.fault_on("create", Fault::Paused);
    let acting = world.begin(APP, restart(), false);
    world.device.reached("create main", 2).await;
    assert_eq!(world.device.our_locks(), 2);
    world.device.heal();
    world.device.resume();
    acting.await.unwrap().unwrap();
    assert_eq!(world.device.our_locks(), 0);
}

#[tokio::test(start_paused = true)]
async fn our_locks_are_gone_before_the_answer_after_a_failure_of_any_step() {
    for step in ["stop", "remove", "create main", "start", "empty", "save", "remove volume"] {
        let world = World::with_app(APP).await;
        world.device.fault_on(step, Fault::Refused);
        let failed = world.act(APP, Action::Purge).await;
        assert!(failed.is_err(), "{step}");
        assert_eq!(world.device.our_locks(), 0, "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn apply_on_a_locked_app_is_kept_shown_and_reached_by_a_forced_update() {
    let world = World::with_app(APP).await;
    world.device.lock(APP);
    let waiting = world.act(APP, apply(other_commit())).await;
    assert!(is_locked(&waiting), "{waiting:?}");
    assert_eq!(world.device.record(APP).target, other_commit());
    let status = world.status(APP);
    assert!(status.update_pending && status.update_failed && !status.last_error.is_empty());
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    world.reconciler.nudge_all(false, false);
    world.device.reached("take locks", 2).await;
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    world.reconciler.nudge_all(true, false);
    world.shows(APP, |status| !status.update_failed && !status.update_pending).await;
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 1)]);
    assert_eq!(world.device.state().locks.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn apply_on_a_locked_app_is_carried_out_by_itself_once_the_app_unlocks() {
    let world = World::with_app(APP).await;
    world.device.lock(APP);
    assert!(is_locked(&world.act(APP, apply(other_commit())).await));
    world.device.unlock(APP);
    world.shows(APP, |status| !status.update_failed && !status.update_pending).await;
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 1)]);
    assert_eq!(world.device.our_locks(), 0);
}

#[tokio::test(start_paused = true)]
async fn lock_of_a_service_that_the_new_target_drops_is_respected() {
    let world = World::new();
    let both = target_of(APP, vec![("db", service()), ("main", service())]);
    world.act(APP, apply(both)).await.unwrap();
    let lock = "/tmp/balena/updates.lock of db".to_owned();
    world.device.state().locks.insert((app(APP), lock.clone()), "app".to_owned());
    let waiting = world.act(APP, apply(target_of(APP, vec![("main", service())]))).await;
    assert!(matches!(&waiting, Err(CoreError::Locked { lock: told }) if *told == lock), "{waiting:?}");
    assert_eq!(world.device.running(APP).len(), 2);
    world.device.state().locks.clear();
    world.shows(APP, |status| !status.update_failed).await;
    assert_eq!((world.device.running(APP).len(), world.device.state().locks.len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn force_of_an_action_that_was_not_accepted_overrides_nothing_later() {
    let world = World::with_app(APP).await;
    world.device.lock(APP);
    assert!(is_locked(&world.act(APP, apply(other_commit())).await));
    world.device.fault_on("save app", Fault::Absent);
    let refused = world.force(APP, Action::Start(Vec::new())).await;
    assert!(matches!(refused, Err(CoreError::Store(_))), "{refused:?}");
    world.device.heal();
    let tries = world.device.count("take locks");
    world.reconciler.nudge_all(false, false);
    world.device.reached("take locks", tries + 1).await;
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn forced_update_of_an_app_with_nothing_to_do_overrides_nothing_later() {
    let world = World::with_app(APP).await;
    let looked = world.device.count("containers");
    world.reconciler.nudge_all(true, false);
    world.device.reached("containers", looked + 1).await;
    world.device.lock(APP);
    let refused = world.act(APP, apply(other_commit())).await;
    assert!(is_locked(&refused), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn forced_cancel_with_nothing_to_cancel_overrides_nothing_later() {
    let world = World::with_app(APP).await;
    world.reconciler.nudge_all(true, true);
    world.device.lock(APP);
    let refused = world.act(APP, apply(other_commit())).await;
    assert!(is_locked(&refused), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn hold_of_every_apps_locks_is_all_or_none_and_ends_with_its_holder() {
    let world = World::with_app(1).await;
    world.act(2, apply(target(2))).await.unwrap();
    world.device.lock(2);
    let deadline = std::time::Duration::from_secs(8);
    let refused = world.reconciler.hold_locks(deadline).await;
    assert!(matches!(refused, Err(CoreError::Locked { .. })), "{refused:?}");
    world.act(1, restart()).await.unwrap();
    assert_eq!(world.device.our_locks(), 0);
    world.device.unlock(2);
    let hold = world.reconciler.hold_locks(deadline).await.unwrap();
    assert_eq!(world.device.our_locks(), 4);
    let waiting = world.begin(1, restart(), false);
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    drop(hold);
    waiting.await.unwrap().unwrap();
    world.act(2, restart()).await.unwrap();
    assert_eq!(world.device.our_locks(), 0);
}

#[tokio::test(start_paused = true)]
async fn hold_while_an_app_is_busy_counts_as_locked_after_the_deadline() {
    let world = World::with_app(APP).await;
    world.device.fault_on("stop", Fault::Paused);
    let acting = world.begin(APP, restart(), false);
    world.device.reached("stop", 1).await;
    let refused = world.reconciler.hold_locks(std::time::Duration::from_secs(8)).await;
    assert!(matches!(refused, Err(CoreError::Locked { .. })), "{refused:?}");
    world.device.heal();
    world.device.resume();
    acting.await.unwrap().unwrap();
    world.act(APP, restart()).await.unwrap();
    assert_eq!(world.device.our_locks(), 0);
}
