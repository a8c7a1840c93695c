//! Apps that want the API's key.

use super::*;
use crate::{
    domain::target::{NetworkMode, Service},
    error::CoreError,
};

fn wanting() -> crate::domain::target::Target {
    target_of(APP, vec![("main", api_service())])
}

fn key_of(world: &World, container: &str) -> Option<String> {
    let state = world.device.state();
    let found = state.containers.iter().find(|c| c.seen.id.0 == container)?;
    found.environment.get("BALENA_SUPERVISOR_API_KEY").cloned()
}

#[tokio::test(start_paused = true)]
async fn app_that_wants_an_unknown_key_waits_and_runs_when_it_is_told() {
    let world = World::new();
    let waiting = world.act(APP, apply(wanting())).await;
    assert!(matches!(waiting, Err(CoreError::StillInProgress { .. })), "{waiting:?}");
    assert_eq!(world.device.containers_in_all(), 0);
    world.api.send_replace(Some(api("first")));
    world.reconciler.nudge_all(false, false);
    world.device.reached("start c1", 1).await;
    assert_eq!(key_of(&world, "c1").as_deref(), Some("first"));
    assert!(world.device.state().networks.contains_key("supervisor0"));
}

#[tokio::test(start_paused = true)]
async fn service_without_the_key_runs_while_another_waits_for_it() {
    let world = World::new();
    let both = target_of(APP, vec![("main", api_service()), ("other", service())]);
    let waiting = world.act(APP, apply(both)).await;
    assert!(matches!(waiting, Err(CoreError::StillInProgress { .. })), "{waiting:?}");
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn key_that_changes_makes_a_new_container_and_the_same_key_none() {
    let world = World::new();
    world.api.send_replace(Some(api("first")));
    world.act(APP, apply(wanting())).await.unwrap();
    world.act(APP, apply(wanting())).await.unwrap();
    assert_eq!(world.device.state().created, 1);
    world.api.send_replace(Some(api("second")));
    world.reconciler.nudge_all(false, false);
    world.device.reached("start c2", 1).await;
    assert_eq!(key_of(&world, "c2").as_deref(), Some("second"));
    assert_eq!(world.device.containers_in_all(), 1);
}

#[tokio::test(start_paused = true)]
async fn container_of_an_earlier_life_is_kept_while_the_key_is_unknown() {
    let first = World::new();
    first.api.send_replace(Some(api("first")));
    first.act(APP, apply(wanting())).await.unwrap();
    drop(first.reconciler);
    let world = World::boot(&first.device);
    world.shows(APP, |status| status.services[&name("main")].container_state == "running").await;
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    assert_eq!(world.device.state().created, 1);
}

#[tokio::test(start_paused = true)]
async fn service_on_the_hosts_network_gets_the_key_without_the_supervisors_network() {
    let world = World::new();
    world.api.send_replace(Some(api("first")));
    let on_host = Service { network: NetworkMode::Host, ..api_service() };
    world.act(APP, apply(target_of(APP, vec![("main", on_host)]))).await.unwrap();
    assert_eq!(key_of(&world, "c1").as_deref(), Some("first"));
    assert!(world.device.state().networks.is_empty());
}
