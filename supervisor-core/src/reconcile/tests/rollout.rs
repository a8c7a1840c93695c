//! Releases on trial: kept when they run as they should, taken back when they do not.

mod gate;
mod interruptions;
mod not_tried_again;
mod obstacles;
mod way_back;

use std::time::Duration;

use super::*;
use crate::{
    domain::{
        event::What,
        rollout::TIMEOUT,
        target::{RestartPolicy, Service, Target},
    },
    reconcile::status::AppStatus,
};

/// More than any trial here takes.
const LONG_AFTER: Duration = Duration::from_hours(2);

fn behave(world: &World, commit: &str, behaviour: Behaviour) {
    world.device.state().behaviours.insert(format!("demo:{commit}"), behaviour);
}

/// A life in which release `old` has passed its trial.
async fn with_old() -> World {
    with(release(APP, "old")).await
}

async fn with(target: Target) -> World {
    let world = World::new();
    world.reconciler.adoption_done(std::collections::BTreeSet::new());
    behave(&world, "old", Behaviour::Healthy);
    world.act(APP, by_frontend(target)).await.unwrap();
    world.shows(APP, |status| status.running_commit == "old").await;
    world
}

fn labelled(mut target: Target, label: &str, value: &str) -> Target {
    let labels = &mut target.services.get_mut(&name("main")).unwrap().labels;
    labels.insert(label.to_owned(), value.to_owned());
    target
}

/// Commit of the target, of the last good release, and of the one that was given up.
fn commits(world: &World) -> (String, String, Option<String>) {
    let AppStatus { commit, running_commit, failed, .. } = world.status(APP);
    (commit, running_commit, failed.map(|failed| failed.commit))
}

fn is_at(world: &World, commit: &str) -> bool {
    let status = world.status(APP);
    let running: Vec<_> = status.services.values().filter(|s| s.container_state == "running").collect();
    !running.is_empty() && running.iter().all(|s| s.container_image == format!("demo:{commit}"))
}

async fn given_up(world: &World, commit: &str) {
    world.shows(APP, |status| status.failed.as_ref().is_some_and(|f| f.commit == commit)).await;
    world.shows(APP, |status| !status.update_pending).await;
}

#[tokio::test(start_paused = true)]
async fn release_that_becomes_healthy_passes_and_the_one_before_is_forgotten() {
    let world = with_old().await;
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    assert_eq!(commits(&world), ("new".to_owned(), "old".to_owned(), None));
    assert!(world.device.record(APP).rollout.previous().is_some());
    tokio::time::sleep(Duration::from_secs(45)).await;
    world.device.say_health("demo:new", "healthy");
    world.shows(APP, |status| status.running_commit == "new").await;
    assert!(world.device.record(APP).rollout.trial.is_none());
    assert!(is_at(&world, "new"));
}

#[tokio::test(start_paused = true)]
async fn release_that_stays_unhealthy_is_taken_back_whole_and_told_once() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    let mut follower = world.reconciler.context().events.follow();
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    given_up(&world, "new").await;
    assert_eq!(commits(&world), ("old".to_owned(), "old".to_owned(), Some("new".to_owned())));
    assert!(is_at(&world, "old"));
    let failed = world.status(APP).failed.unwrap();
    assert_eq!(failed.restored_commit, "old");
    assert!(failed.reason.contains("main is not healthy after 60 s"), "{}", failed.reason);
    tokio::time::sleep(LONG_AFTER).await;
    let mut told = 0;
    while let Ok(event) = follower.try_recv() {
        told += usize::from(matches!(event.what, What::ReleaseFailed { .. }));
    }
    assert_eq!(told, 1);
    assert_eq!(world.device.data(APP), ["c1", "c2", "c3"], "nothing of the data is lost");
}

#[tokio::test(start_paused = true)]
async fn release_that_crashes_again_and_again_is_taken_back() {
    let world = with(unchecked_release(APP, "old")).await;
    behave(&world, "new", Behaviour::Crashing);
    world.act(APP, by_frontend(unchecked_release(APP, "new"))).await.unwrap();
    given_up(&world, "new").await;
    assert!(is_at(&world, "old"));
    assert!(world.status(APP).failed.unwrap().reason.contains("started again 5 times"));
}

#[tokio::test(start_paused = true)]
async fn release_without_a_health_check_passes_when_it_has_run_a_while() {
    let world = with(unchecked_release(APP, "old")).await;
    let began = tokio::time::Instant::now();
    world.act(APP, by_frontend(unchecked_release(APP, "new"))).await.unwrap();
    world.shows(APP, |status| status.running_commit == "new").await;
    assert!(began.elapsed() >= Duration::from_secs(10) && began.elapsed() < Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn release_whose_time_is_longer_by_its_label_is_given_that_time() {
    let world = with_old().await;
    let slow = labelled(release(APP, "new"), TIMEOUT, "10m");
    world.act(APP, by_frontend(slow)).await.unwrap();
    tokio::time::sleep(Duration::from_mins(9)).await;
    assert_eq!(commits(&world).0, "new");
    world.device.say_health("demo:new", "healthy");
    world.shows(APP, |status| status.running_commit == "new").await;
}

#[tokio::test(start_paused = true)]
async fn trial_goes_on_while_an_update_that_waits_cannot_be_fetched() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    world.device.fault_on("pulled demo:newer", Fault::Refused);
    let mut newer = release(APP, "newer");
    let labels = &mut newer.services.get_mut(&name("main")).unwrap().labels;
    labels.insert("io.supervisor.update.apply".to_owned(), "on-call".to_owned());
    world.act(APP, by_frontend(newer)).await.unwrap();
    world.shows(APP, |status| status.failed.as_ref().is_some_and(|f| f.commit == "new")).await;
    assert_eq!(world.status(APP).commit, "old");
}

fn with_job(commit: &str) -> Target {
    let mut target = release(APP, commit);
    let job =
        Service { image: format!("job:{commit}"), image_id: 2, restart: RestartPolicy::No, ..service() };
    target.services.insert(name("job"), job);
    target
}

#[tokio::test(start_paused = true)]
async fn job_of_a_release_has_to_end_well() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Healthy);
    behave(&world, "newer", Behaviour::Healthy);
    world.device.state().behaviours.insert("job:new".to_owned(), Behaviour::Ending(0));
    world.device.state().behaviours.insert("job:newer".to_owned(), Behaviour::Ending(3));
    world.act(APP, by_frontend(with_job("new"))).await.unwrap();
    world.shows(APP, |status| status.running_commit == "new").await;
    world.act(APP, by_frontend(with_job("newer"))).await.unwrap_err();
    given_up(&world, "newer").await;
    assert!(world.status(APP).failed.unwrap().reason.contains("exit code 3"));
}
