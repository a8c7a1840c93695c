//! Images of an update that waits are fetched beside everything else: nobody waits for a slow network.

use std::time::Duration;

use super::*;
use crate::{
    domain::{
        event::What,
        step::Step,
        target::{Service, Target},
    },
    error::CoreError,
    reconcile::status::Activity,
};

/// A release that waits for a call.
fn on_call(mut release: Target) -> Target {
    for service in release.services.values_mut() {
        service.labels.insert("io.supervisor.update.apply".to_owned(), "on-call".to_owned());
    }
    release
}

fn of_image(image: &str) -> Target {
    on_call(target_of(APP, vec![("main", Service { image: image.to_owned(), ..service() })]))
}

/// A device that runs `demo:1` and fetches `far:2`, which does not come to an end.
async fn fetching() -> World {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.state().pull_steps = vec![40];
    world.device.fault_on("pulled far:2", Fault::Paused);
    world.act(APP, apply(of_image("far:2"))).await.unwrap();
    world.device.reached("pulled far:2", 1).await;
    world
}

fn images(world: &World) -> Vec<String> {
    world.device.state().containers.iter().map(|c| c.image.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn caller_is_answered_before_the_download_ends_and_its_progress_is_shown() {
    let world = fetching().await;
    let status = world.status(APP);
    assert_eq!(status.shown_activity(), Activity::Downloading(40));
    assert!(status.update_pending && !status.update_downloaded && !status.apply_waits_for.is_empty());
    world.device.resume();
    world.shows(APP, |status| status.update_downloaded).await;
    assert_eq!(world.status(APP).shown_activity(), Activity::Idle);
}

#[tokio::test(start_paused = true)]
async fn action_on_the_app_is_carried_out_while_the_download_goes_on() {
    let world = fetching().await;
    world.act(APP, restart()).await.unwrap();
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
    assert_eq!(world.status(APP).shown_activity(), Activity::Downloading(40), "it goes on");
    assert_eq!(world.device.count("pulled far:2"), 1, "and is not begun anew");
}

#[tokio::test(start_paused = true)]
async fn locks_for_a_reboot_are_to_be_had_while_the_download_goes_on() {
    let world = fetching().await;
    let held = world.reconciler.hold_locks(Duration::from_secs(1)).await;
    assert!(held.is_ok(), "{held:?}");
}

/// A release of the cloud's on trial, while the one after it is being fetched.
async fn on_trial(behaviour: Behaviour) -> World {
    let world = World::new();
    world.reconciler.adoption_done(std::collections::BTreeSet::new());
    world.device.state().behaviours.insert("demo:old".to_owned(), Behaviour::Healthy);
    world.act(APP, by_frontend(release(APP, "old"))).await.unwrap();
    world.shows(APP, |status| status.running_commit == "old").await;
    world.device.state().behaviours.insert("demo:new".to_owned(), behaviour);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    let mut next = release(APP, "next");
    next.services.values_mut().for_each(|service| "far:2".clone_into(&mut service.image));
    world.device.fault_on("pulled far:2", Fault::Paused);
    world.act(APP, by_frontend(on_call(next))).await.unwrap();
    world.device.reached("pulled far:2", 1).await;
    world
}

#[tokio::test(start_paused = true)]
async fn release_on_trial_is_given_up_while_the_next_one_is_being_fetched() {
    let world = on_trial(Behaviour::Unhealthy).await;
    world.shows(APP, |status| status.failed.as_ref().is_some_and(|failed| failed.commit == "new")).await;
    world.shows(APP, |status| status.running_commit == "old").await;
    assert_eq!(images(&world), ["demo:old"]);
    assert!(world.device.record(APP).waiting.is_some());
    assert_eq!(world.device.count("pulled far:2"), 1);
}

#[tokio::test(start_paused = true)]
async fn release_on_trial_passes_while_the_next_one_is_being_fetched() {
    let world = on_trial(Behaviour::Healthy).await;
    world.shows(APP, |status| status.running_commit == "new").await;
    assert!(world.device.record(APP).rollout.trial.is_none());
}

#[tokio::test(start_paused = true)]
async fn newer_update_ends_the_download_of_the_one_before() {
    let world = fetching().await;
    world.act(APP, apply(of_image("far:3"))).await.unwrap();
    world.shows(APP, |status| status.update_downloaded).await;
    world.device.resume();
    tokio::time::sleep(Duration::from_hours(1)).await;
    let state = world.device.state();
    assert!(state.images.contains("far:3") && !state.images.contains("far:2"));
}

#[tokio::test(start_paused = true)]
async fn download_of_an_app_that_is_removed_ends() {
    let world = fetching().await;
    world.act(APP, crate::domain::intent::Action::Remove).await.unwrap();
    world.device.resume();
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert!(!world.device.state().images.contains("far:2"));
}

#[tokio::test(start_paused = true)]
async fn download_that_fails_is_shown_and_tried_again_ever_more_seldom() {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.fault_on("pulled far:2", Fault::Refused);
    world.act(APP, apply(of_image("far:2"))).await.unwrap();
    world.shows(APP, |status| status.update_failed).await;
    world.act(APP, restart()).await.unwrap();
    assert!(world.status(APP).update_failed, "what the app itself does well does not hide it");
    tokio::time::sleep(Duration::from_mins(10)).await;
    let attempts = world.device.count("pulled far:2");
    assert!((15..40).contains(&attempts), "{attempts}");
    world.device.heal();
    world.shows(APP, |status| status.update_downloaded && !status.update_failed).await;
    assert_eq!(world.status(APP).last_error, "");
}

#[tokio::test(start_paused = true)]
async fn download_that_the_engine_loses_again_and_again_is_no_hot_loop() {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.fault_on("has image far:2", Fault::Paused);
    let _acting = world.begin(APP, apply(of_image("far:2")), false);
    // It says that the image has come, and then that it is not there.
    let losing = async {
        for look in 1..2000 {
            world.device.reached("has image far:2", look).await;
            world.device.state().images.remove("far:2");
            world.device.resume();
        }
    };
    let ended = tokio::time::timeout(Duration::from_mins(5), losing).await;
    assert!(ended.is_err(), "it was looked for two thousand times in five minutes");
    assert!((5..30).contains(&world.device.count("pulled far:2")));
}

/// A device on which the download of `far:2` has failed once, and would not fail again.
async fn failed() -> World {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.fault_on("pulled far:2", Fault::Refused);
    world.act(APP, apply(of_image("far:2"))).await.unwrap();
    world.shows(APP, |status| status.update_failed).await;
    world.device.heal();
    world
}

#[tokio::test(start_paused = true)]
async fn download_that_failed_is_tried_again_in_its_time_although_an_action_is_refused() {
    let world = failed().await;
    world.device.lock(APP);
    let refused = world.act(APP, restart()).await;
    assert!(matches!(refused, Err(CoreError::Locked { .. })), "{refused:?}");
    world.shows(APP, |status| status.update_downloaded).await;
}

#[tokio::test(start_paused = true)]
async fn download_that_failed_is_tried_again_in_its_time_although_a_reboot_comes_to_nothing() {
    let world = failed().await;
    drop(world.reconciler.hold_locks(Duration::from_secs(1)).await.unwrap());
    world.shows(APP, |status| status.update_downloaded).await;
}

#[tokio::test(start_paused = true)]
async fn download_whose_rest_is_over_in_a_cycle_that_is_cancelled_begins_when_somebody_asks() {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.fault_on("pulled", Fault::Refused);
    let mut now = of_image("far:1");
    now.services.values_mut().for_each(|service| drop(service.labels.remove("io.supervisor.update.apply")));
    world.act(APP, apply(now)).await.unwrap_err();
    world.act(APP, apply(of_image("far:2"))).await.unwrap_err();
    world.device.reached("pulled far:2", 1).await;
    world.device.heal();
    world.device.fault_on("pulled far", Fault::Paused);
    let before = world.device.count("pulled far:1");
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.device.reached("pulled far:1", before + 1).await;
    world.reconciler.nudge_all(false, true);
    world.shows(APP, |status| status.activity == Activity::Idle).await;
    world.device.heal();
    tokio::time::sleep(Duration::from_hours(1)).await;
    world.reconciler.nudge(app(APP));
    tokio::time::sleep(Duration::from_hours(1)).await;
    world.reconciler.look_again();
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(world.device.count("pulled far:2"), 1, "nobody has asked for it");
    world.reconciler.nudge_all(false, false);
    world.shows(APP, |status| status.update_downloaded).await;
}

#[tokio::test(start_paused = true)]
async fn download_that_failed_is_tried_at_once_when_the_device_has_changed() {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.fault_on("pulled far:2", Fault::Refused);
    world.act(APP, apply(of_image("far:2"))).await.unwrap();
    world.device.reached("pulled far:2", 12).await;
    world.shows(APP, |status| status.update_failed).await;
    let failed_at = tokio::time::Instant::now();
    world.device.heal();
    world.reconciler.look_again();
    world.shows(APP, |status| status.update_downloaded).await;
    assert!(failed_at.elapsed() < Duration::from_secs(1), "in the device's time");
}

#[tokio::test(start_paused = true)]
async fn cancelled_download_waits_while_the_clock_is_not_set_and_begins_when_its_window_opens() {
    let world = World::new();
    world.act(APP, apply(of_image("demo:1"))).await.unwrap();
    world.device.state().clock_is_wrong = true;
    world.device.fault_on("pulled far:2", Fault::Paused);
    let mut update = of_image("far:2");
    for service in update.services.values_mut() {
        service.labels.insert("io.supervisor.update.apply".to_owned(), "00:00-23:59".to_owned());
    }
    world.act(APP, apply(update)).await.unwrap();
    world.device.reached("pulled far:2", 1).await;
    world.reconciler.nudge_all(false, true);
    world.shows(APP, |status| status.update_failed).await;
    world.device.heal();
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(world.device.count("pulled far:2"), 1, "its time has not come");
    let now = world.reconciler.context().clock.now_s();
    world.device.set_clock(now);
    world.device.reached("pulled far:2", 2).await;
}

#[tokio::test(start_paused = true)]
async fn download_that_ends_while_the_app_is_looked_after_is_told_to_its_end() {
    let world = fetching().await;
    let mut follower = world.reconciler.context().events.follow();
    world.device.state().images.insert("far:2".to_owned());
    let looked = world.device.count("has image far:2");
    world.reconciler.nudge(app(APP));
    world.device.reached("has image far:2", looked + 2).await;
    world.device.resume();
    world.shows(APP, |status| status.update_downloaded).await;
    let mut ended = 0;
    while let Ok(event) = follower.try_recv() {
        let step = Step::PullImage { image: "far:2".to_owned() };
        ended += usize::from(matches!(event.what, What::StepEnded { step: of, .. } if of == step));
    }
    assert_eq!(ended, 1);
}
