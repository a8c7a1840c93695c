//! What each action does when nothing is in its way, and what it answers when it cannot be done.

use super::*;
use crate::{
    domain::{
        intent::Action,
        target::{RestartPolicy, Service},
    },
    error::CoreError,
    ports::{engine::EngineError, host_files::HostFilesError},
};

#[tokio::test(start_paused = true)]
async fn apply_of_a_new_app_runs_it_and_stores_it() {
    let world = World::with_app(APP).await;
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    assert_eq!(world.device.record(APP).target, target(APP));
    assert!(world.device.state().networks.contains_key("2167_default"));
    assert!(world.device.state().volumes.contains_key("2167_store"));
}

#[tokio::test(start_paused = true)]
async fn apply_of_the_same_target_keeps_the_container() {
    let world = World::with_app(APP).await;
    world.act(APP, apply(target(APP))).await.unwrap();
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn apply_of_another_target_replaces_what_differs() {
    let world = World::new();
    let two = |image: &str| {
        let changed = Service { image: image.to_owned(), ..service() };
        target_of(APP, vec![("kept", service()), ("changed", changed)])
    };
    world.device.state().images.insert("demo:2".to_owned());
    world.act(APP, apply(two("demo:1"))).await.unwrap();
    let before = world.device.running(APP);
    world.act(APP, apply(two("demo:2"))).await.unwrap();
    let after = world.device.running(APP);
    assert_eq!(after.iter().filter(|c| before.contains(c)).count(), 1);
    assert_eq!(after.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn restart_makes_a_new_container_and_keeps_the_data() {
    let world = World::with_app(APP).await;
    world.act(APP, restart()).await.unwrap();
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
    assert_eq!(world.device.data(APP), ["c1", "c2"]);
    assert_eq!(world.device.containers_in_all(), 1);
}

#[tokio::test(start_paused = true)]
async fn restart_of_one_service_leaves_the_others() {
    let world = World::new();
    let both = target_of(APP, vec![("a", service()), ("b", service())]);
    world.act(APP, apply(both)).await.unwrap();
    world.act(APP, Action::Restart(vec![name("b")])).await.unwrap();
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1), ("c3".to_owned(), 2)]);
}

#[tokio::test(start_paused = true)]
async fn restart_stops_dependents_first_and_starts_them_last() {
    let world = World::new();
    let front = Service { depends_on: [name("back")].into(), ..service() };
    let both = target_of(APP, vec![("a-front", front), ("back", service())]);
    world.act(APP, apply(both)).await.unwrap();
    let before = world.device.calls().len();
    world.act(APP, restart()).await.unwrap();
    let calls = world.device.calls().split_off(before);
    let order: Vec<&str> = calls
        .iter()
        .map(String::as_str)
        .filter(|call| call.starts_with("remove c") || call.starts_with("start c"))
        .collect();
    // `back` was made first (c1), and again (c3).
    assert_eq!(order, ["remove c2", "remove c1", "start c3", "start c4"]);
}

#[tokio::test(start_paused = true)]
async fn purge_empties_data_and_volumes_and_runs_the_app_again() {
    let world = World::with_app(APP).await;
    world.act(APP, Action::Purge).await.unwrap();
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
    assert_eq!(world.device.data(APP), ["c2"]);
    assert_eq!(world.device.state().volumes["2167_store"].content, ["c2".to_owned()].into());
    assert_eq!(world.device.record(APP).purge, None);
}

#[tokio::test(start_paused = true)]
async fn purge_of_a_stopped_app_empties_it_and_leaves_it_stopped() {
    let world = World::with_app(APP).await;
    world.act(APP, Action::Stop(Vec::new())).await.unwrap();
    world.act(APP, Action::Purge).await.unwrap();
    assert!(world.device.running(APP).is_empty());
    assert!(world.device.data(APP).is_empty());
    assert_eq!(world.device.record(APP).purge, None);
}

#[tokio::test(start_paused = true)]
async fn stopped_app_stays_stopped_over_restart_and_engine_and_starts_again_when_told() {
    let world = World::with_app(APP).await;
    world.act(APP, Action::Stop(Vec::new())).await.unwrap();
    world.act(APP, restart()).await.unwrap();
    world.device.restart_engine();
    assert!(world.device.running(APP).is_empty());
    let reborn = World::boot(&world.device);
    reborn.act(APP, restart()).await.unwrap();
    assert!(world.device.running(APP).is_empty());
    reborn.act(APP, Action::Start(Vec::new())).await.unwrap();
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    world.device.restart_engine();
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn one_shot_service_that_has_exited_is_not_started_again() {
    let world = World::new();
    let once = Service { restart: RestartPolicy::No, ..service() };
    world.act(APP, apply(target_of(APP, vec![("job", once)]))).await.unwrap();
    world.device.exit("c1");
    world.act(APP, Action::Start(Vec::new())).await.unwrap();
    world.act(APP, Action::Start(vec![name("job")])).await.unwrap();
    assert_eq!(world.device.count("start c"), 1);
    world.act(APP, restart()).await.unwrap();
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
}

#[tokio::test(start_paused = true)]
async fn remove_takes_containers_and_network_and_leaves_data_and_volumes() {
    let world = World::with_app(APP).await;
    world.act(APP, Action::Remove).await.unwrap();
    assert_eq!(world.device.containers_in_all(), 0);
    assert_eq!(world.device.data(APP), ["c1"]);
    assert!(world.device.state().volumes.contains_key("2167_store"));
    assert!(!world.device.state().networks.contains_key("2167_default"));
    assert!(world.device.state().records.is_empty());
    let gone = world.act(APP, restart()).await;
    assert!(matches!(gone, Err(CoreError::AppNotFound(id)) if id == app(APP)), "{gone:?}");
    world.act(APP, apply(target(APP))).await.unwrap();
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn action_on_an_unknown_app_is_refused_and_does_nothing() {
    let world = World::new();
    for action in [restart(), Action::Purge, Action::Stop(Vec::new()), Action::Remove] {
        let refused = world.act(9, action).await;
        assert!(matches!(refused, Err(CoreError::AppNotFound(id)) if id == app(9)), "{refused:?}");
    }
    assert!(world.device.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn action_on_an_unknown_service_is_refused_and_changes_nothing() {
    let world = World::with_app(APP).await;
    let (record, before) = (world.device.record(APP), world.device.calls().len());
    for action in [Action::Restart, Action::Start, Action::Stop] {
        let refused = world.act(APP, action(vec![name("main"), name("ghost")])).await;
        let told =
            matches!(&refused, Err(CoreError::ServiceNotFound { service, .. }) if *service == name("ghost"));
        assert!(told, "{refused:?}");
    }
    assert_eq!((world.device.record(APP), world.device.calls().len()), (record, before));
}

#[tokio::test(start_paused = true)]
async fn store_that_is_full_refuses_the_action_and_leaves_the_engine_alone() {
    let world = World::with_app(APP).await;
    let record = world.device.record(APP);
    world.device.fault_on("save app", Fault::Absent);
    for action in [restart(), Action::Purge, apply(target_of(APP, vec![])), Action::Remove] {
        let before = world.device.calls().len();
        let refused = world.act(APP, action).await;
        assert!(matches!(refused, Err(CoreError::Store(_))), "{refused:?}");
        let calls = world.device.calls().split_off(before);
        assert!(
            calls.iter().all(|c| c.contains("locks") || c == "save app" || c == "check data"),
            "{calls:?}"
        );
        assert_eq!(world.device.our_locks(), 0);
    }
    assert_eq!(world.device.record(APP), record);
    world.device.heal();
    world.act(APP, restart()).await.unwrap();
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
}

#[tokio::test(start_paused = true)]
async fn first_apply_on_a_full_store_is_refused_and_can_be_repeated() {
    let world = World::new();
    world.device.fault_on("save app", Fault::Absent);
    assert!(matches!(world.act(APP, apply(target(APP))).await, Err(CoreError::Store(_))));
    let unknown = world.act(APP, restart()).await;
    assert!(matches!(unknown, Err(CoreError::AppNotFound(_))), "{unknown:?}");
    assert_eq!(world.device.containers_in_all(), 0);
    world.device.heal();
    world.act(APP, apply(target(APP))).await.unwrap();
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn engine_that_refuses_a_step_is_answered_and_tried_again() {
    let world = World::new();
    world.device.fault_on("create demo", Fault::Refused);
    world.device.fault_on("create main", Fault::Refused);
    let refused = world.act(APP, apply(target(APP))).await;
    assert!(matches!(refused, Err(CoreError::Engine(EngineError::Refused { .. }))), "{refused:?}");
    assert!(world.status(APP).update_failed);
    world.device.heal();
    world.shows(APP, |status| !status.update_failed).await;
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn purge_of_data_with_a_mount_point_is_refused_while_the_app_runs_on() {
    let world = World::with_app(APP).await;
    world.device.state().mounted.insert(app(APP), "/resin-data/mnt".to_owned());
    let record = world.device.record(APP);
    let refused = world.act(APP, Action::Purge).await;
    assert!(matches!(refused, Err(CoreError::Files(HostFilesError::MountPoint { .. }))), "{refused:?}");
    assert_eq!(world.device.record(APP), record);
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    assert_eq!(world.device.our_locks(), 0);
}

#[tokio::test(start_paused = true)]
async fn purge_that_meets_a_mount_point_later_is_given_up_and_the_app_runs_again_with_its_data() {
    let world = World::with_app(APP).await;
    world.device.fault_on("save app", Fault::Paused);
    let saves = world.device.count("save app");
    let acting = world.begin(APP, Action::Purge, false);
    world.device.reached("save app", saves + 1).await;
    world.device.state().mounted.insert(app(APP), "/resin-data/mnt".to_owned());
    world.device.heal();
    world.device.resume();
    let refused = acting.await.unwrap();
    assert!(matches!(refused, Err(CoreError::PurgeGivenUp { .. })), "{refused:?}");
    assert_eq!(world.device.record(APP).purge, None);
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
    assert!(world.device.data(APP).contains(&"c1".to_owned()));
}
