//! Images that core has pulled go when nothing wants them any more, and no others.

use std::collections::BTreeSet;

use super::*;
use crate::{
    domain::{
        intent::Action,
        target::{Service, Target},
    },
    reconcile::{
        clean_up::{clean_up, follow},
        engine_watch,
    },
};

fn of_image(id: u64, image: &str) -> Target {
    target_of(id, vec![("main", Service { image: image.to_owned(), ..service() })])
}

fn images(world: &World) -> BTreeSet<String> {
    world.device.state().images.clone()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn image_of_the_release_before_goes_once_the_new_one_runs() {
    let world = World::new();
    world.act(APP, apply(of_image(APP, "far:1"))).await.unwrap();
    clean_up(&world.reconciler).await.unwrap();
    assert_eq!(images(&world), set(&["demo:1", "far:1"]));
    world.act(APP, apply(of_image(APP, "far:2"))).await.unwrap();
    clean_up(&world.reconciler).await.unwrap();
    assert_eq!(images(&world), set(&["demo:1", "far:2"]));
    assert_eq!(world.device.state().noted_images, set(&["far:2"]));
}

#[tokio::test(start_paused = true)]
async fn image_that_was_there_before_core_wanted_it_stays() {
    let world = World::with_app(APP).await;
    world.act(APP, apply(of_image(APP, "far:1"))).await.unwrap();
    clean_up(&world.reconciler).await.unwrap();
    assert_eq!(images(&world), set(&["demo:1", "far:1"]));
}

#[tokio::test(start_paused = true)]
async fn image_that_another_app_shares_stays_until_that_one_lets_go() {
    let world = World::new();
    for id in [1, 2] {
        world.act(id, apply(of_image(id, "far:1"))).await.unwrap();
    }
    world.act(1, apply(of_image(1, "far:2"))).await.unwrap();
    clean_up(&world.reconciler).await.unwrap();
    assert_eq!(images(&world), set(&["demo:1", "far:1", "far:2"]));
    world.act(2, Action::Remove).await.unwrap();
    clean_up(&world.reconciler).await.unwrap();
    assert_eq!(images(&world), set(&["demo:1", "far:2"]));
}

#[tokio::test(start_paused = true)]
async fn tag_of_an_image_that_is_wanted_by_its_digest_stays() {
    let world = World::new();
    world.act(1, apply(of_image(1, "far:1"))).await.unwrap();
    world.device.state().same_images = vec![set(&["far:1", "far@sha256:01"])];
    world.act(1, apply(of_image(1, "far@sha256:01"))).await.unwrap();
    clean_up(&world.reconciler).await.unwrap();
    assert_eq!(images(&world), set(&["demo:1", "far:1", "far@sha256:01"]));
}

#[tokio::test(start_paused = true)]
async fn image_of_a_strangers_container_stays() {
    let world = World::new();
    world.act(1, apply(of_image(1, "far:1"))).await.unwrap();
    let stranger = {
        let mut state = world.device.state();
        let mut stranger = state.containers.first().cloned().unwrap();
        stranger.seen.id = crate::domain::observed::ContainerId("stranger".to_owned());
        (stranger.seen.app, stranger.seen.name) = (None, "stranger".to_owned());
        stranger.seen.labels.clear();
        state.containers.push(stranger.clone());
        stranger
    };
    world.act(1, apply(of_image(1, "far:2"))).await.unwrap();
    clean_up(&world.reconciler).await.unwrap();
    assert!(images(&world).contains("far:1"));
    world.device.state().containers.retain(|c| c.seen.id != stranger.seen.id);
    clean_up(&world.reconciler).await.unwrap();
    assert!(!images(&world).contains("far:1"));
}

#[tokio::test(start_paused = true)]
async fn image_whose_pull_was_interrupted_is_known_as_pulled_by_core() {
    let world = World::new();
    world.device.fault_on("pulled far:1", Fault::Refused);
    world.act(1, apply(of_image(1, "far:1"))).await.unwrap_err();
    assert_eq!(world.device.state().noted_images, set(&["far:1"]));
}

#[tokio::test(start_paused = true)]
async fn image_that_does_not_go_keeps_no_other() {
    let world = World::new();
    for image in ["far:1", "far:2", "far:3"] {
        world.act(1, apply(of_image(1, image))).await.unwrap();
    }
    world.device.fault_on("remove image far:1", Fault::Refused);
    clean_up(&world.reconciler).await.unwrap();
    assert_eq!(images(&world), set(&["demo:1", "far:1", "far:3"]));
    world.device.heal();
    clean_up(&world.reconciler).await.unwrap();
    assert_eq!(images(&world), set(&["demo:1", "far:3"]));
}

#[tokio::test(start_paused = true)]
async fn image_that_an_earlier_life_has_left_goes_at_the_start() {
    let world = World::new();
    world.act(1, apply(of_image(1, "far:1"))).await.unwrap();
    world.act(1, apply(of_image(1, "far:2"))).await.unwrap();
    let next = World::boot(&world.device);
    tokio::spawn(follow(std::sync::Arc::clone(&next.reconciler)));
    next.device.reached("remove image far:1", 1).await;
}

#[tokio::test(start_paused = true)]
async fn image_that_does_not_fit_has_unwanted_ones_removed() {
    let world = World::new();
    world.act(1, apply(of_image(1, "far:1"))).await.unwrap();
    world.device.fault_on("remove image far:1", Fault::Refused);
    tokio::spawn(follow(std::sync::Arc::clone(&world.reconciler)));
    world.act(1, apply(of_image(1, "far:2"))).await.unwrap();
    world.device.reached("remove image far:1", 1).await;
    world.device.heal();
    world.device.state().free_bytes = 0;
    world.act(1, apply(of_image(1, "far:3"))).await.unwrap_err();
    world.device.reached("remove image far:1", 2).await;
}

#[tokio::test(start_paused = true)]
async fn image_that_could_not_go_while_the_engine_was_away_goes_when_it_is_back() {
    let world = World::new();
    world.act(1, apply(of_image(1, "far:1"))).await.unwrap();
    world.act(1, apply(of_image(1, "far:2"))).await.unwrap();
    world.device.take_engine_away(true);
    let next = World::boot(&world.device);
    tokio::spawn(follow(std::sync::Arc::clone(&next.reconciler)));
    tokio::spawn(engine_watch::follow(std::sync::Arc::clone(&next.reconciler)));
    next.shows(1, |status| status.update_failed).await;
    next.device.take_engine_away(false);
    next.device.reached("remove image far:1", 1).await;
}
