//! A release that ends every life of core before its trial is over.

use super::*;
use crate::domain::intent::Action;

/// A device on which release `old` has passed.
async fn with_old() -> World {
    let world = World::new();
    world.reconciler.adoption_done(std::collections::BTreeSet::new());
    world.device.state().behaviours.insert("demo:old".to_owned(), Behaviour::Healthy);
    world.act(APP, by_frontend(release(APP, "old"))).await.unwrap();
    world.shows(APP, |status| status.running_commit == "old").await;
    world
}

/// The next life, once it has looked at its containers.
async fn again(world: World) -> World {
    let World { device, reconciler, .. } = world;
    drop(reconciler);
    let next = World::boot(&device);
    next.shows(APP, |status| !status.services.is_empty()).await;
    next
}

#[tokio::test(start_paused = true)]
async fn release_during_whose_trial_core_starts_three_times_is_taken_back() {
    let mut world = with_old().await;
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    for _ in 0..2 {
        world = again(world).await;
        assert_eq!(world.status(APP).commit, "new");
    }
    world = again(world).await;
    world.shows(APP, |status| status.failed.is_some() && !status.update_pending).await;
    assert_eq!(world.status(APP).commit, "old");
    assert!(world.status(APP).failed.unwrap().reason.contains("started 3 times"));
    let images: Vec<_> = world.device.state().containers.iter().map(|c| c.image.clone()).collect();
    assert_eq!(images, ["demo:old"]);
    let saved = world.device.count("save app");
    assert_eq!(again(world).await.device.count("save app"), saved, "without a trial nothing is written");
}

#[tokio::test(start_paused = true)]
async fn starts_before_a_trial_begins_or_while_it_is_held_open_do_not_count() {
    let mut world = with_old().await;
    world.device.lock(APP);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap_err();
    for _ in 0..4 {
        world = again(world).await;
    }
    assert_eq!(world.status(APP).commit, "new", "nothing of it is there yet");
    world.device.unlock(APP);
    world.reconciler.nudge_all(false, false);
    world.device.reached("create main", 2).await;
    world.shows(APP, |status| !status.update_pending).await;
    world.act(APP, Action::Stop(Vec::new())).await.unwrap();
    for _ in 0..4 {
        world = again(world).await;
    }
    assert_eq!(world.status(APP).commit, "new", "it was stopped by hand");
}

#[tokio::test(start_paused = true)]
async fn first_release_is_not_counted_as_there_is_none_to_go_back_to() {
    let mut world = World::new();
    world.reconciler.adoption_done(std::collections::BTreeSet::new());
    world.act(APP, by_frontend(release(APP, "old"))).await.unwrap();
    let saved = world.device.count("save app");
    for _ in 0..4 {
        world = again(world).await;
    }
    assert_eq!((world.status(APP).commit.as_str(), world.device.count("save app")), ("old", saved));
}
