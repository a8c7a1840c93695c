//! A store that was lost, and containers of others.

use std::sync::Arc;

use super::*;
use crate::{
    domain::{
        intent::Action,
        labels,
        observed::ContainerState,
        record::{AppRecord, AppliedBy},
        target::Target,
    },
    error::CoreError,
    reconcile::engine_watch,
};

/// A new life on the device, whose store is empty, until it knows the app.
async fn after_the_loss(device: &Arc<FakeDevice>) -> World {
    device.state().records.clear();
    let world = World::boot(device);
    tokio::spawn(engine_watch::follow(Arc::clone(&world.reconciler)));
    world.shows(APP, |status| !status.services.is_empty()).await;
    world
}

#[tokio::test(start_paused = true)]
async fn app_of_a_lost_store_is_adopted_from_its_labels_and_runs_on() {
    let first = World::with_app(APP).await;
    first.act(APP, restart()).await.unwrap();
    drop(first.reconciler);
    let world = after_the_loss(&first.device).await;
    let record = world.device.record(APP);
    assert_eq!((record.target, record.services[&name("main")].generation), (target(APP), 2));
    world.act(APP, Action::Start(Vec::new())).await.unwrap();
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
    world.act(APP, restart()).await.unwrap();
    assert_eq!(world.device.running(APP), [("c3".to_owned(), 3)]);
}

#[tokio::test(start_paused = true)]
async fn app_that_was_stopped_before_the_loss_stays_stopped() {
    let first = World::with_app(APP).await;
    first.act(APP, Action::Stop(Vec::new())).await.unwrap();
    drop(first.reconciler);
    let world = after_the_loss(&first.device).await;
    world.act(APP, restart()).await.unwrap();
    assert!(world.device.running(APP).is_empty());
    world.act(APP, Action::Start(Vec::new())).await.unwrap();
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn lock_of_an_adopted_app_is_respected_and_can_be_overridden() {
    let first = World::with_app(APP).await;
    first.device.lock(APP);
    drop(first.reconciler);
    let world = after_the_loss(&first.device).await;
    let refused = world.act(APP, restart()).await;
    assert!(matches!(refused, Err(CoreError::Locked { .. })), "{refused:?}");
    world.force(APP, restart()).await.unwrap();
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
    assert_eq!(world.device.state().locks.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn container_of_another_installation_is_left_alone() {
    let first = World::with_app(APP).await;
    {
        let mut state = first.device.state();
        let mut foreign = state.containers[0].clone();
        foreign.seen.id.0 = "foreign".to_owned();
        foreign.volumes.clear();
        foreign.seen.name = "main_of_another".to_owned();
        foreign.seen.labels.insert(labels::INSTANCE.to_owned(), "instance-2".to_owned());
        state.containers.push(foreign);
    }
    drop(first.reconciler);
    let world = after_the_loss(&first.device).await;
    world.act(APP, Action::Purge).await.unwrap();
    world.act(APP, Action::Remove).await.unwrap();
    let state = world.device.state();
    let left: Vec<_> = state.containers.iter().map(|c| (c.seen.id.0.as_str(), &c.seen.state)).collect();
    assert_eq!(left, [("foreign", &ContainerState::Running)]);
    assert_eq!(INSTANCE, "instance-1");
}

#[tokio::test(start_paused = true)]
async fn adoption_that_cannot_be_stored_keeps_the_app_running_and_is_stored_later() {
    let first = World::with_app(APP).await;
    drop(first.reconciler);
    first.device.state().records.clear();
    first.device.fault_on("save app", Fault::Absent);
    let world = World::boot(&first.device);
    tokio::spawn(engine_watch::follow(Arc::clone(&world.reconciler)));
    world.shows(APP, |status| !status.services.is_empty()).await;
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    let saves = world.device.count("save app");
    world.device.heal();
    world.reconciler.nudge_all(false, false);
    world.device.reached("save app", saves + 1).await;
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn damaged_record_is_put_right_by_the_containers_and_nothing_that_runs_is_replaced() {
    let first = World::with_app(APP).await;
    let old = first.device.record(APP);
    first.act(APP, restart()).await.unwrap();
    drop(first.reconciler);
    first.device.state().records.clear();
    let world = World::boot_damaged(&first.device, vec![old]);
    let early = world.act(APP, restart()).await;
    assert!(matches!(early, Err(CoreError::StillInProgress { .. })), "{early:?}");
    tokio::spawn(engine_watch::follow(Arc::clone(&world.reconciler)));
    world.shows(APP, |status| !status.services.is_empty()).await;
    world.act(APP, Action::Start(Vec::new())).await.unwrap();
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
    assert_eq!(world.device.record(APP).services[&name("main")].generation, 2);
}

#[tokio::test(start_paused = true)]
async fn damaged_record_without_containers_is_believed() {
    let first = World::with_app(APP).await;
    let old = first.device.record(APP);
    drop(first.reconciler);
    first.device.state().records.clear();
    first.device.state().containers.clear();
    let world = World::boot_damaged(&first.device, vec![old]);
    tokio::spawn(engine_watch::follow(Arc::clone(&world.reconciler)));
    world.shows(APP, |status| status.services.values().all(|s| s.container_state == "running")).await;
    assert_eq!(world.device.running(APP).len(), 1);
}

/// A new life that cannot store what the owner says before the engine is there.
async fn first_apply_not_stored(device: &Arc<FakeDevice>, damaged: Vec<AppRecord>) -> World {
    device.state().records.clear();
    device.fault_on("save app", Fault::Absent);
    let world = World::boot_damaged(device, damaged);
    let refused = world.act(APP, apply(target(APP))).await;
    assert!(matches!(refused, Err(CoreError::Store(_))), "{refused:?}");
    device.heal();
    world
}

fn frontends(target: Target) -> Action {
    Action::Apply(Box::new(target), AppliedBy::Frontend)
}

#[tokio::test(start_paused = true)]
async fn app_whose_first_apply_could_not_be_stored_is_adopted_and_stays_the_owners() {
    let first = World::with_app(APP).await;
    first.act(APP, restart()).await.unwrap();
    drop(first.reconciler);
    let world = first_apply_not_stored(&first.device, Vec::new()).await;
    let early = world.act(APP, frontends(target(APP))).await;
    assert!(matches!(early, Err(CoreError::StillInProgress { .. })), "{early:?}");
    tokio::spawn(engine_watch::follow(Arc::clone(&world.reconciler)));
    world.shows(APP, |status| !status.services.is_empty()).await;
    let claimed = world.act(APP, frontends(target(APP))).await;
    assert!(matches!(claimed, Err(CoreError::OwnersApp(_))), "{claimed:?}");
    assert_eq!(world.device.record(APP).applied_by, AppliedBy::Admin);
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
}

#[tokio::test(start_paused = true)]
async fn damaged_record_is_kept_though_a_first_apply_could_not_be_stored() {
    let first = World::with_app(APP).await;
    let old = first.device.record(APP);
    drop(first.reconciler);
    first.device.state().containers.clear();
    let world = first_apply_not_stored(&first.device, vec![old.clone()]).await;
    let early = world.act(APP, restart()).await;
    assert!(matches!(early, Err(CoreError::StillInProgress { .. })), "{early:?}");
    tokio::spawn(engine_watch::follow(Arc::clone(&world.reconciler)));
    world.shows(APP, |status| status.services.values().any(|s| s.container_state == "running")).await;
    assert_eq!(world.device.record(APP), old);
}

#[tokio::test(start_paused = true)]
async fn app_that_was_removed_is_not_adopted_from_what_was_seen_before() {
    let first = World::with_app(APP).await;
    let old = first.device.record(APP);
    first.act(APP, Action::Remove).await.unwrap();
    first.reconciler.adopt(old);
    let missing = first.act(APP, restart()).await;
    assert!(matches!(missing, Err(CoreError::AppNotFound(_))), "{missing:?}");
    assert!(first.device.state().records.is_empty());
}
