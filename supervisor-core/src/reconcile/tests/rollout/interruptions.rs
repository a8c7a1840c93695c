//! What comes between during a trial: actions, the end of core, a store that fails.

use super::*;
use crate::domain::intent::Action;

#[tokio::test(start_paused = true)]
async fn restart_purge_and_stop_during_a_trial_are_done_and_outlast_it() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(50)).await;
    world.act(APP, restart()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert_eq!(commits(&world).0, "new", "new containers have their time");
    world.act(APP, Action::Purge).await.unwrap();
    assert_eq!(world.device.data(APP), ["c4"]);
    world.act(APP, Action::Stop(Vec::new())).await.unwrap();
    tokio::time::sleep(LONG_AFTER).await;
    assert_eq!(commits(&world).0, "new", "what is stopped shows nothing");
    world.act(APP, Action::Start(Vec::new())).await.unwrap();
    given_up(&world, "new").await;
    assert!(is_at(&world, "old"));
    let record = world.device.record(APP);
    assert_eq!((record.purge, record.services[&name("main")].run), (None, true));
    assert!(world.device.data(APP).contains(&"c4".to_owned()), "purged once");
}

#[tokio::test(start_paused = true)]
async fn app_that_is_removed_during_a_trial_is_gone() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    world.act(APP, Action::Withdraw).await.unwrap();
    tokio::time::sleep(LONG_AFTER).await;
    assert_eq!(world.device.containers_in_all(), 0);
    assert!(world.device.state().records.is_empty());
}

#[tokio::test(start_paused = true)]
async fn trial_goes_on_in_the_next_life_of_core() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    let World { device, reconciler, .. } = world;
    drop(reconciler);
    let next = World::boot(&device);
    given_up(&next, "new").await;
    assert!(is_at(&next, "old"));
}

#[tokio::test(start_paused = true)]
async fn end_of_a_trial_that_cannot_be_stored_is_tried_again() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    world.device.fault_on("save app", Fault::Absent);
    tokio::time::sleep(LONG_AFTER).await;
    assert!(is_at(&world, "new"));
    world.device.heal();
    given_up(&world, "new").await;
    assert!(is_at(&world, "old"));
}
