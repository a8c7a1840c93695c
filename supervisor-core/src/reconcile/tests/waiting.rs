//! Updates that are downloaded now and carried out later.

use std::time::Duration;

use super::*;
use crate::{
    domain::{
        intent::Action,
        target::{Service, Target},
    },
    error::CoreError,
};

const HOUR: Duration = Duration::from_hours(1);

/// A release that is to be carried out at this time.
fn release(image: &str, apply: &str) -> Target {
    let mut service = Service { image: image.to_owned(), ..service() };
    service.labels.insert("io.supervisor.update.apply".to_owned(), apply.to_owned());
    target_of(APP, vec![("main", service)])
}

/// A device that runs the first release and has been told the second.
async fn told(apply_at: &str) -> World {
    let world = World::new();
    world.act(APP, apply(release("demo:1", apply_at))).await.unwrap();
    world.act(APP, apply(release("far:2", apply_at))).await.unwrap();
    world.shows(APP, |status| status.update_downloaded).await;
    world
}

fn images(device: &FakeDevice) -> Vec<String> {
    device.state().containers.iter().map(|c| c.image.clone()).collect()
}

fn reboot(world: World) -> World {
    let device = world.device;
    drop(world.reconciler);
    device.state().boot_id = "boot-2".to_owned();
    World::boot(&device)
}

#[tokio::test(start_paused = true)]
async fn first_release_of_an_app_waits_for_nothing() {
    let world = World::new();
    world.act(APP, apply(release("demo:1", "on-call"))).await.unwrap();
    assert_eq!(images(&world.device), ["demo:1"]);
    assert_eq!(world.status(APP).apply_waits_for, "");
}

#[tokio::test(start_paused = true)]
async fn update_that_waits_is_downloaded_and_shown_and_the_old_release_runs_on() {
    let world = told("reboot").await;
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    assert!(world.device.state().images.contains("far:2"));
    let status = world.status(APP);
    assert!(status.update_pending && status.update_downloaded && !status.update_failed);
    assert!(!status.apply_waits_for.is_empty());
    tokio::time::sleep(48 * HOUR).await;
    world.reconciler.nudge_all(true, false);
    tokio::time::sleep(HOUR).await;
    assert_eq!(images(&world.device), ["demo:1"], "neither time nor force carries it out");
}

#[tokio::test(start_paused = true)]
async fn update_that_waits_for_a_reboot_survives_a_new_start_of_core_and_is_carried_out_by_a_boot() {
    let world = told("reboot").await;
    drop(world.reconciler);
    let again = World::boot(&world.device);
    again.shows(APP, |status| !status.apply_waits_for.is_empty() && status.update_downloaded).await;
    assert!(!again.status(APP).waiting_commit.is_empty());
    assert_eq!(images(&again.device), ["demo:1"]);
    let rebooted = reboot(again);
    rebooted.shows(APP, |status| !status.services.is_empty() && !status.update_pending).await;
    assert_eq!(rebooted.status(APP).waiting_commit, "");
    assert_eq!(images(&rebooted.device), ["far:2"]);
    assert_eq!(rebooted.status(APP).apply_waits_for, "");
    assert_eq!(rebooted.device.record(APP).waiting, None);
}

#[tokio::test(start_paused = true)]
async fn call_carries_out_what_waits_whatever_it_waits_for() {
    for apply_at in ["reboot", "on-call", "02:00-04:00"] {
        let world = told(apply_at).await;
        world.reconciler.apply_waiting();
        world.shows(APP, |status| !status.update_pending).await;
        assert_eq!(images(&world.device), ["far:2"], "{apply_at}");
    }
}

#[tokio::test(start_paused = true)]
async fn call_with_nothing_that_waits_carries_out_nothing_later() {
    let world = World::new();
    world.act(APP, apply(release("demo:1", "on-call"))).await.unwrap();
    let looked = world.device.count("containers");
    world.reconciler.apply_waiting();
    world.device.reached("containers", looked + 1).await;
    world.act(APP, apply(release("far:2", "on-call"))).await.unwrap();
    world.shows(APP, |status| status.update_downloaded).await;
    assert_eq!(images(&world.device), ["demo:1"]);
}

#[tokio::test(start_paused = true)]
async fn call_in_the_middle_of_the_download_is_kept_over_a_crash() {
    let world = World::new();
    world.act(APP, apply(release("demo:1", "on-call"))).await.unwrap();
    world.device.fault_on("pulled far:2", Fault::Refused);
    world.act(APP, apply(release("far:2", "on-call"))).await.unwrap();
    world.device.reached("pulled far:2", 1).await;
    world.reconciler.apply_waiting();
    world.device.reached("pulled far:2", 2).await;
    assert!(world.device.record(APP).waiting.unwrap().called);
    drop(world.reconciler);
    world.device.heal();
    let again = World::boot(&world.device);
    again.shows(APP, |status| !status.services.is_empty() && !status.update_pending).await;
    assert_eq!(images(&again.device), ["far:2"]);
}

#[tokio::test(start_paused = true)]
async fn call_that_cannot_be_stored_is_not_forgotten() {
    let world = told("on-call").await;
    world.device.fault_on("save app", Fault::Absent);
    world.reconciler.apply_waiting();
    world.shows(APP, |status| status.update_failed).await;
    world.device.heal();
    world.shows(APP, |status| !status.update_pending).await;
    assert_eq!(images(&world.device), ["far:2"]);
}

#[tokio::test(start_paused = true)]
async fn window_opens_without_anything_that_polls() {
    let world = told("02:00-04:00").await;
    let calls = world.device.calls().len();
    tokio::time::sleep(HOUR + HOUR / 2).await;
    assert_eq!(world.device.calls().len(), calls, "nothing is asked before the window opens");
    assert_eq!(images(&world.device), ["demo:1"]);
    tokio::time::sleep(HOUR).await;
    assert_eq!(images(&world.device), ["far:2"]);
}

#[tokio::test(start_paused = true)]
async fn window_counts_as_closed_until_the_clock_is_set() {
    let world = World::new();
    world.device.state().clock_is_wrong = true;
    world.act(APP, apply(release("demo:1", "00:00-23:00"))).await.unwrap();
    world.act(APP, apply(release("far:2", "00:00-23:00"))).await.unwrap();
    tokio::time::sleep(HOUR).await;
    assert_eq!(images(&world.device), ["demo:1"]);
    let now = world.reconciler.context().clock.now_s();
    world.device.set_clock(now);
    world.shows(APP, |status| !status.update_pending).await;
    assert_eq!(images(&world.device), ["far:2"]);
}

#[tokio::test(start_paused = true)]
async fn cancel_aborts_the_download_and_what_waits_is_kept() {
    let world = World::new();
    world.act(APP, apply(release("demo:1", "on-call"))).await.unwrap();
    world.device.state().pull_steps = vec![10, 40];
    world.device.fault_on("pull 40", Fault::Paused);
    world.act(APP, apply(release("far:2", "on-call"))).await.unwrap();
    world.device.reached("pull 40", 1).await;
    assert!(!world.status(APP).update_downloaded);
    world.reconciler.nudge_all(false, true);
    world.shows(APP, |status| status.update_failed).await;
    world.device.heal();
    world.device.exit("c1");
    world.reconciler.nudge(app(APP));
    tokio::time::sleep(HOUR).await;
    assert_eq!(world.device.running(APP).len(), 1, "what happens to the app is looked after");
    assert!(!world.device.state().images.contains("far:2"), "it is not begun anew by itself");
    assert!(world.device.record(APP).waiting.is_some());
    world.reconciler.apply_waiting();
    world.shows(APP, |status| !status.update_pending).await;
    assert_eq!(images(&world.device), ["far:2"]);
}

#[tokio::test(start_paused = true)]
async fn restart_and_stop_are_about_the_release_that_runs() {
    let world = told("on-call").await;
    world.act(APP, restart()).await.unwrap();
    assert_eq!((images(&world.device), world.device.running(APP)[0].1), (vec!["demo:1".to_owned()], 2));
    assert!(world.status(APP).update_downloaded && !world.status(APP).apply_waits_for.is_empty());
    world.act(APP, Action::Stop(Vec::new())).await.unwrap();
    world.reconciler.apply_waiting();
    world.shows(APP, |status| !status.update_pending).await;
    assert_eq!(world.device.running(APP), [], "it was stopped on purpose");
}

#[tokio::test(start_paused = true)]
async fn target_that_runs_already_or_is_for_now_takes_the_place_of_what_waits() {
    let world = told("on-call").await;
    world.act(APP, apply(release("demo:1", "on-call"))).await.unwrap();
    assert_eq!(world.device.record(APP).waiting, None);
    assert_eq!((world.status(APP).apply_waits_for, world.status(APP).update_pending), (String::new(), false));
    let world = told("on-call").await;
    world.act(APP, apply(release("far:3", "now"))).await.unwrap();
    assert_eq!(images(&world.device), ["far:3"]);
}

#[tokio::test(start_paused = true)]
async fn update_that_waits_is_carried_out_although_the_release_before_cannot_be() {
    let world = World::new();
    world.act(APP, apply(release("demo:1", "on-call"))).await.unwrap();
    world.device.fault_on("pulled broken:1", Fault::Refused);
    assert!(world.act(APP, apply(release("broken:1", "now"))).await.is_err());
    let waiting = world.act(APP, apply(release("far:2", "on-call"))).await;
    assert!(waiting.is_err(), "the release before is still not there");
    world.reconciler.apply_waiting();
    world.shows(APP, |status| !status.update_pending).await;
    assert_eq!(images(&world.device), ["far:2"]);
}

#[tokio::test(start_paused = true)]
async fn update_of_a_locked_app_waits_for_its_time_and_then_for_the_lock() {
    let world = told("on-call").await;
    world.device.lock(APP);
    world.reconciler.apply_waiting();
    world.shows(APP, |status| status.update_failed && status.apply_waits_for.is_empty()).await;
    assert_eq!(images(&world.device), ["demo:1"]);
    world.reconciler.nudge_all(true, false);
    world.shows(APP, |status| !status.update_pending).await;
    assert_eq!(images(&world.device), ["far:2"]);
}

#[tokio::test(start_paused = true)]
async fn update_of_the_owners_that_waits_is_the_last_word_on_the_clouds_app() {
    let world = World::with_frontends_app(release("demo:1", "now")).await;
    world.act(APP, apply(release("demo:2", "on-call"))).await.unwrap();
    for action in
        [by_frontend(release("demo:3", "now")), by_frontend(release("demo:1", "now")), Action::Withdraw]
    {
        let refused = world.act(APP, action).await;
        assert!(matches!(refused, Err(CoreError::OwnersApp(_))), "{refused:?}");
    }
    world.reconciler.apply_waiting();
    world.shows(APP, |status| !status.update_pending).await;
    assert_eq!(images(&world.device), ["demo:2"]);
}

#[tokio::test(start_paused = true)]
async fn update_of_the_clouds_that_waits_gives_way_to_the_clouds_next_word() {
    let world = World::with_frontends_app(release("demo:1", "now")).await;
    world.act(APP, by_frontend(release("demo:2", "on-call"))).await.unwrap();
    world.act(APP, by_frontend(release("demo:3", "now"))).await.unwrap();
    assert_eq!(images(&world.device), ["demo:3"]);
}
