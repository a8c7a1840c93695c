//! Networks on the engine: made with our labels, somebody else's left alone.

use std::collections::BTreeMap;

use supervisor_proto::ids::NetworkName;

use super::super::fakes::*;
use crate::{
    domain::{
        intent::Action,
        labels,
        network::{AppNetwork, Attachment, NetworkOptions},
        target::{Service, Target},
    },
    error::CoreError,
};

fn network(text: &str) -> NetworkName {
    NetworkName::parse(text).unwrap()
}

/// An app whose one service is on `back`.
fn on_back(back: AppNetwork) -> Target {
    let networks = BTreeMap::from([(network("back"), Attachment::default())]);
    let mut target = target_of(APP, vec![("main", Service { networks, ..service() })]);
    target.app.networks.insert(network("back"), back);
    target
}

fn internal() -> AppNetwork {
    AppNetwork::Own(Box::new(NetworkOptions { internal: true, ..NetworkOptions::default() }))
}

#[tokio::test(start_paused = true)]
async fn network_bears_our_labels_and_what_it_was_made_from() {
    let world = World::new();
    world.act(APP, apply(on_back(internal()))).await.unwrap();
    let made = world.device.state().networks["2167_back"].clone();
    assert_eq!(made[labels::APP_ID], "2167");
    assert_eq!(made[labels::INSTANCE], INSTANCE);
    assert!(!made[labels::NETWORK_HASH].is_empty());
}

#[tokio::test(start_paused = true)]
async fn changed_network_is_made_anew_and_a_dropped_one_goes() {
    let world = World::new();
    world.act(APP, apply(on_back(internal()))).await.unwrap();
    world.act(APP, apply(on_back(AppNetwork::default()))).await.unwrap();
    assert_eq!(world.device.state().networks["2167_back"].get(labels::NETWORK_HASH), None);
    assert_eq!(world.device.running(APP).len(), 1);
    world.act(APP, apply(target(APP))).await.unwrap();
    assert!(!world.device.state().networks.contains_key("2167_back"));
}

#[tokio::test(start_paused = true)]
async fn external_network_that_is_not_there_is_named_and_nothing_is_made_in_its_place() {
    let world = World::new();
    let answer = world.act(APP, apply(on_back(AppNetwork::External("lan".to_owned())))).await;
    assert!(matches!(answer, Err(CoreError::NoSuchNetwork { network }) if network == "lan"));
    assert!(world.device.state().networks.is_empty());
    world.device.state().networks.insert("lan".to_owned(), BTreeMap::new());
    world.shows(APP, |status| !status.update_failed).await;
    world.act(APP, Action::Remove).await.unwrap();
    assert!(world.device.state().networks.contains_key("lan"));
}

#[tokio::test(start_paused = true)]
async fn network_that_somebody_else_is_on_is_named_when_it_has_to_go_and_left_by_an_app_that_goes() {
    let world = World::new();
    world.act(APP, apply(on_back(internal()))).await.unwrap();
    let mut stranger = world.device.state().containers[0].clone();
    stranger.seen.id.0 = "stranger".to_owned();
    stranger.seen.name = "stranger".to_owned();
    stranger.seen.labels.clear();
    stranger.seen.app = None;
    world.device.state().containers.push(stranger);
    let answer = world.act(APP, apply(target(APP))).await;
    assert!(matches!(answer, Err(CoreError::NetworkInUse { network }) if network == "2167_back"));
    world.act(APP, Action::Remove).await.unwrap();
    assert!(world.device.state().networks.contains_key("2167_back"));
}

#[tokio::test(start_paused = true)]
async fn network_of_another_installation_s_app_of_the_same_id_is_left_alone() {
    let world = World::new();
    let theirs = labels::ownership("another", app(APP));
    world.device.state().networks.insert("2167_default".to_owned(), theirs.clone());
    world.act(APP, apply(target(APP))).await.unwrap();
    assert_eq!(world.device.state().networks.len(), 2);
    world.act(APP, Action::Remove).await.unwrap();
    assert_eq!(world.device.state().networks, BTreeMap::from([("2167_default".to_owned(), theirs)]));
}
