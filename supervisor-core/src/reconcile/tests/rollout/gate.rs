//! Which releases are on trial, and from when on.

use super::*;
use crate::domain::rollout::GATE;

#[tokio::test(start_paused = true)]
async fn owners_app_is_on_trial_only_where_its_label_asks_for_it() {
    for (label, restored) in [(None, false), (Some("1"), true)] {
        let world = World::new();
        behave(&world, "old", Behaviour::Healthy);
        behave(&world, "new", Behaviour::Unhealthy);
        world.act(APP, apply(release(APP, "old"))).await.unwrap();
        assert_eq!(world.status(APP).running_commit, "old");
        let new = release(APP, "new");
        let new = if let Some(value) = label { labelled(new, GATE, value) } else { new };
        world.act(APP, apply(new)).await.unwrap();
        tokio::time::sleep(LONG_AFTER).await;
        assert_eq!(is_at(&world, "old"), restored, "{label:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn clouds_app_whose_label_opts_out_is_taken_as_it_is() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Crashing);
    let new = labelled(release(APP, "new"), GATE, "0");
    world.act(APP, by_frontend(new)).await.unwrap();
    tokio::time::sleep(LONG_AFTER).await;
    assert_eq!(commits(&world), ("new".to_owned(), "new".to_owned(), None));
}

#[tokio::test(start_paused = true)]
async fn update_that_locks_hold_off_is_not_on_trial_before_it_begins() {
    let world = with_old().await;
    world.device.lock(APP);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap_err();
    tokio::time::sleep(LONG_AFTER).await;
    assert_eq!(commits(&world), ("new".to_owned(), "old".to_owned(), None));
    assert!(is_at(&world, "old"));
    world.device.unlock(APP);
    behave(&world, "new", Behaviour::Healthy);
    world.shows(APP, |status| status.running_commit == "new").await;
}
