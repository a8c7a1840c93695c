//! Downloads that somebody cancels: heard at any time, and until somebody asks.

use std::time::Duration;

use super::*;
use crate::{
    domain::target::{Service, Target},
    error::CoreError,
};

const HOUR: Duration = Duration::from_hours(1);

fn two_images() -> Target {
    let of = |image: &str| Service { image: image.to_owned(), ..service() };
    target_of(APP, vec![("a", of("far:1")), ("b", of("far:2"))])
}

fn of_image(image: &str) -> Target {
    target_of(APP, vec![("main", Service { image: image.to_owned(), ..service() })])
}

fn on_call(mut release: Target) -> Target {
    for service in release.services.values_mut() {
        service.labels.insert("io.supervisor.update.apply".to_owned(), "on-call".to_owned());
    }
    release
}

/// A device whose app runs `demo:1`, and whose update to `far:1` was cancelled in the middle of its pull.
async fn cancelled() -> World {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.fault_on("pulled far:1", Fault::Paused);
    let acting = world.begin(APP, apply(of_image("far:1")), false);
    world.device.reached("pulled far:1", 1).await;
    world.reconciler.nudge_all(false, true);
    let cancelled = acting.await.unwrap();
    assert!(matches!(cancelled, Err(CoreError::Cancelled)), "{cancelled:?}");
    world.device.heal();
    world
}

async fn runs(world: &World, image: &str) {
    world.shows(APP, |status| !status.update_pending).await;
    let images: Vec<String> = world.device.state().containers.iter().map(|c| c.image.clone()).collect();
    assert_eq!(images, [image]);
}

/// Cancels the download of `two_images`, which is under way with the disk's space as a gate: the first is here, and
/// the second is not begun.
async fn cancel_between_the_images(world: &World) {
    world.device.reached("disk space", 1).await;
    world.device.resume();
    world.device.reached("disk space", 2).await;
    world.reconciler.nudge_all(false, true);
    world.device.heal();
    world.device.resume();
}

async fn stays_between_the_images(world: &World) {
    tokio::time::sleep(HOUR).await;
    assert_eq!((world.device.count("pulled far:1"), world.device.count("pulled far:2")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn cancel_between_two_images_is_heard() {
    let world = World::new();
    world.device.fault_on("disk space", Fault::Paused);
    let acting = world.begin(APP, apply(two_images()), false);
    cancel_between_the_images(&world).await;
    let cancelled = acting.await.unwrap();
    assert!(matches!(cancelled, Err(CoreError::Cancelled)), "{cancelled:?}");
    stays_between_the_images(&world).await;
    world.reconciler.nudge_all(false, false);
    world.shows(APP, |status| !status.update_pending).await;
}

#[tokio::test(start_paused = true)]
async fn cancel_between_two_images_of_an_update_that_waits_is_heard() {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.fault_on("disk space", Fault::Paused);
    world.act(APP, apply(on_call(two_images()))).await.unwrap();
    cancel_between_the_images(&world).await;
    world.shows(APP, |status| status.update_failed).await;
    stays_between_the_images(&world).await;
    world.reconciler.nudge_all(false, false);
    world.shows(APP, |status| status.update_downloaded).await;
}

#[tokio::test(start_paused = true)]
async fn cancel_between_two_attempts_is_heard() {
    for waits in [false, true] {
        let world = World::new();
        world.act(APP, apply(of_image("demo:1"))).await.unwrap();
        world.device.fault_on("pulled far:1", Fault::Refused);
        let update = of_image("far:1");
        // One that waits has its answer before it is fetched.
        let _ = world.act(APP, apply(if waits { on_call(update) } else { update })).await;
        world.shows(APP, |status| status.update_failed).await;
        let refused = world.status(APP).last_error;
        world.reconciler.nudge_all(false, true);
        world.device.heal();
        tokio::time::sleep(HOUR).await;
        assert!(!world.device.state().images.contains("far:1"), "{waits}");
        let status = world.status(APP);
        assert!(status.update_failed && status.last_error != refused, "{waits}: {status:?}");
        world.reconciler.nudge_all(false, false);
        world.shows(APP, |status| status.update_downloaded || !status.update_pending).await;
    }
}

#[tokio::test(start_paused = true)]
async fn cancelled_download_is_begun_by_nothing_that_nobody_has_asked_for() {
    let world = cancelled().await;
    world.device.exit("c1");
    world.reconciler.nudge(app(APP));
    tokio::time::sleep(HOUR).await;
    world.reconciler.look_again();
    tokio::time::sleep(HOUR).await;
    assert_eq!(world.device.count("pulled far:1"), 1);
    let status = world.status(APP);
    assert!(status.update_pending && status.update_failed, "{status:?}");
    world.reconciler.nudge_all(false, false);
    runs(&world, "far:1").await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_download_is_begun_by_an_action_and_by_the_next_start_of_core() {
    let world = cancelled().await;
    world.act(APP, restart()).await.unwrap();
    runs(&world, "far:1").await;
    let world = cancelled().await;
    let device = std::sync::Arc::clone(&world.device);
    drop(world);
    let world = World::boot(&device);
    runs(&world, "far:1").await;
}

#[tokio::test(start_paused = true)]
async fn another_target_is_fetched_although_the_one_before_was_cancelled() {
    let world = cancelled().await;
    world.act(APP, apply(of_image("far:2"))).await.unwrap();
    runs(&world, "far:2").await;
    assert_eq!(world.device.count("pulled far:1"), 1);
}

#[tokio::test(start_paused = true)]
async fn cancel_overrules_who_has_asked_before_it() {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.fault_on("pulled far:1", Fault::Paused);
    let acting = world.begin(APP, apply(of_image("far:1")), false);
    world.device.reached("pulled far:1", 1).await;
    world.reconciler.nudge_all(false, false);
    world.reconciler.nudge_all(false, true);
    acting.await.unwrap().unwrap_err();
    world.device.heal();
    tokio::time::sleep(HOUR).await;
    assert_eq!(world.device.count("pulled far:1"), 1);
}

#[tokio::test(start_paused = true)]
async fn cancel_with_nothing_to_cancel_ends_no_later_download() {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.reconciler.nudge_all(false, true);
    // What the engine has lost is fetched again, though nobody asks.
    world.device.state().images.remove("demo:1");
    world.device.state().containers.clear();
    world.reconciler.nudge(app(APP));
    world.device.reached("pulled demo:1", 1).await;
    runs(&world, "demo:1").await;
}

#[tokio::test(start_paused = true)]
async fn update_whose_time_has_come_is_fetched_although_the_apps_own_was_cancelled() {
    let world = cancelled().await;
    world.device.fault_on("pulled far:1", Fault::Refused);
    world.device.fault_on("pulled far:2", Fault::Paused);
    let mut next = of_image("far:2");
    for service in next.services.values_mut() {
        service.labels.insert("io.supervisor.update.apply".to_owned(), "00:00-23:59".to_owned());
    }
    world.device.state().clock_is_wrong = true;
    let _ = world.act(APP, apply(next)).await;
    world.device.reached("pulled far:2", 1).await;
    world.reconciler.nudge_all(false, true);
    world.device.heal();
    tokio::time::sleep(HOUR).await;
    assert_eq!(world.device.count("pulled far:2"), 1);
    let now = world.reconciler.context().clock.now_s();
    world.device.set_clock(now);
    runs(&world, "far:2").await;
}

#[tokio::test(start_paused = true)]
async fn cancel_before_it_is_known_what_is_missing_is_heard() {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.fault_on("containers", Fault::Absent);
    let before = world.device.count("containers");
    let acting = world.begin(APP, apply(of_image("far:1")), false);
    world.device.reached("containers", before + 1).await;
    world.reconciler.nudge_all(false, true);
    world.device.heal();
    acting.await.unwrap().unwrap_err();
    tokio::time::sleep(HOUR).await;
    assert_eq!(world.device.count("pulled far:1"), 0);
    world.reconciler.nudge_all(false, false);
    runs(&world, "far:1").await;
}

#[tokio::test(start_paused = true)]
async fn request_right_after_a_cancel_begins_the_download_of_an_update_that_waits() {
    // Which of both the worker turns to first is left to chance.
    for _ in 0..20 {
        let world = World::new();
        world.act(APP, apply(of_image("demo:1"))).await.unwrap();
        world.device.fault_on("pulled far:1", Fault::Paused);
        world.act(APP, apply(on_call(of_image("far:1")))).await.unwrap();
        world.device.reached("pulled far:1", 1).await;
        world.device.heal();
        world.reconciler.nudge_all(false, true);
        world.reconciler.nudge_all(false, false);
        world.shows(APP, |status| status.update_downloaded).await;
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_overrules_a_call_before_it() {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.fault_on("pulled far:1", Fault::Paused);
    world.act(APP, apply(on_call(of_image("far:1")))).await.unwrap();
    world.device.reached("pulled far:1", 1).await;
    world.device.heal();
    world.reconciler.apply_waiting();
    world.reconciler.nudge_all(false, true);
    world.shows(APP, |status| status.update_failed).await;
    tokio::time::sleep(HOUR).await;
    assert_eq!(world.device.count("pulled far:1"), 1);
    let status = world.status(APP);
    assert!(!status.update_downloaded && !status.apply_waits_for.is_empty(), "{status:?}");
}

#[tokio::test(start_paused = true)]
async fn request_after_a_cancel_counts_while_a_caller_waits_for_the_engine() {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.fault_on("containers", Fault::Absent);
    let before = world.device.count("containers");
    let acting = world.begin(APP, apply(of_image("far:1")), false);
    world.device.reached("containers", before + 1).await;
    world.reconciler.nudge_all(false, true);
    world.reconciler.nudge_all(false, false);
    world.device.heal();
    acting.await.unwrap().unwrap();
    runs(&world, "far:1").await;
}
