//! Services that wait for each other: answers, status, and what ends the waiting.

use std::sync::Arc;

use super::*;
use crate::{
    domain::{
        dependency::{Condition, Dependency},
        intent::Action,
        target::{RestartPolicy, Service, Target},
    },
    error::CoreError,
    reconcile::engine_watch,
};

/// `web` waits for `job` to end well.
fn server() -> Target {
    let job = Service { restart: RestartPolicy::No, ..service() };
    let completed = Dependency { condition: Condition::Completed, ..Dependency::default() };
    let web = Service {
        depends_on: [name("job")].into(),
        conditions: [(name("job"), completed)].into(),
        ..service()
    };
    target_of(APP, vec![("job", job), ("web", web)])
}

/// The container of a service.
fn container(world: &World, service: &str) -> String {
    let state = world.device.state();
    let found = state.containers.iter().find(|c| c.seen.service == Some(name(service)));
    found.map(|c| c.seen.id.0.clone()).unwrap_or_default()
}

/// A life that hears the engine's events.
fn listening() -> World {
    let world = World::new();
    tokio::spawn(engine_watch::follow(Arc::clone(&world.reconciler)));
    world
}

fn waits(world: &World) -> Vec<String> {
    world.status(APP).waiting_for
}

#[tokio::test(start_paused = true)]
async fn caller_waits_until_the_job_has_ended_and_the_server_runs() {
    let world = listening();
    let applied = world.begin(APP, apply(server()), false);
    world.shows(APP, |status| !status.waiting_for.is_empty()).await;
    assert_eq!(waits(&world), ["web waits for job to end"]);
    assert!(world.status(APP).update_pending);
    assert!(!applied.is_finished());
    world.device.exit_with(&container(&world, "job"), 0);
    applied.await.unwrap().unwrap();
    let status = world.status(APP);
    assert_eq!((status.update_pending, status.waiting_for.len()), (false, 0));
    assert_eq!(world.device.count("start"), 2);
}

#[tokio::test(start_paused = true)]
async fn failed_job_is_told_and_shown_and_nothing_is_tried_again() {
    let world = listening();
    let applied = world.begin(APP, apply(server()), false);
    world.shows(APP, |status| !status.waiting_for.is_empty()).await;
    world.device.exit_with(&container(&world, "job"), 3);
    let answer = applied.await.unwrap();
    assert!(matches!(answer, Err(CoreError::DependencyFailed { wait }) if wait.dependency == name("job")));
    let status = world.status(APP);
    assert!(status.update_failed && status.update_pending);
    assert!(status.last_error.contains("exit code 3"), "{}", status.last_error);
    let calls = world.device.calls().len();
    tokio::time::sleep(std::time::Duration::from_hours(1)).await;
    assert_eq!(world.device.calls().len(), calls);
}

#[tokio::test(start_paused = true)]
async fn caller_whose_patience_ends_is_told_what_is_waited_for_and_the_work_goes_on() {
    let world = listening();
    let answer = world.act(APP, apply(server())).await;
    assert!(matches!(answer, Err(CoreError::StillInProgress { waiting_for }) if waiting_for.contains("job")));
    world.device.exit_with(&container(&world, "job"), 0);
    world.shows(APP, |status| !status.update_pending).await;
}

#[tokio::test(start_paused = true)]
async fn action_that_comes_while_another_waits_is_carried_out_and_ends_the_waiting() {
    let world = listening();
    let applied = world.begin(APP, apply(server()), false);
    world.shows(APP, |status| !status.waiting_for.is_empty()).await;
    world.act(APP, Action::Stop(vec![name("web")])).await.unwrap();
    applied.await.unwrap().unwrap();
    assert!(waits(&world).is_empty());
}

#[tokio::test(start_paused = true)]
async fn app_that_is_removed_while_a_caller_waits_is_gone_to_it() {
    let world = listening();
    let applied = world.begin(APP, apply(server()), false);
    world.shows(APP, |status| !status.waiting_for.is_empty()).await;
    world.act(APP, Action::Remove).await.unwrap();
    assert!(matches!(applied.await.unwrap(), Err(CoreError::AppNotFound(_))));
}

#[tokio::test(start_paused = true)]
async fn job_that_has_ended_is_not_run_again_by_a_new_life_of_core() {
    let world = World::new();
    let following = tokio::spawn(engine_watch::follow(Arc::clone(&world.reconciler)));
    let applied = world.begin(APP, apply(server()), false);
    world.shows(APP, |status| !status.waiting_for.is_empty()).await;
    world.device.exit_with(&container(&world, "job"), 0);
    applied.await.unwrap().unwrap();
    following.abort();
    let next = World::boot(&world.device);
    next.act(APP, Action::Restart(vec![name("web")])).await.unwrap();
    assert_eq!(world.device.count("create job"), 1);
    assert_eq!(world.device.count("create web"), 2);
}
