//! Named cases of networks.
use super::{cases::described, *};
use crate::domain::{
    network::AppNetwork,
    record::AppliedBy,
    test_samples::{network, on_networks, on_subnet},
};

/// `db` and `web` meet on `back`; `web` and `other` are on the default network.
fn two_networks(back: AppNetwork) -> AppRecord {
    let mut record = record([
        ("db", on_networks(&["back"])),
        ("other", service()),
        ("web", on_networks(&["default", "back"])),
    ]);
    record.target.app.networks.insert(network("back"), back);
    record
}

fn settled() -> World {
    let mut world = World::new(two_networks(on_subnet("10.1.0.0/16")));
    world.settle(ROUNDS).unwrap();
    world
}

/// The target becomes what `record` says, with the intents as they are.
fn change(world: &mut World, record: &AppRecord) {
    act(world, &Action::Apply(Box::new(record.target.clone()), AppliedBy::Admin));
}

#[test]
fn plan_of_several_networks_makes_each_and_connects_before_the_start() {
    let mut world = World::new(two_networks(on_subnet("10.1.0.0/16")));
    world.run(9).unwrap();
    let steps = described(&world.plan());
    let web: Vec<&String> =
        steps.iter().filter(|step| step.contains("web") || step.contains("network 2")).collect();
    let expected = [
        "create network 2167_back",
        "create network 2167_default",
        "create the container of web",
        "connect web to 2167_default",
        "connect web to supervisor0",
        "start web",
    ];
    assert_eq!(web, expected.iter().collect::<Vec<_>>());
}

#[test]
fn plan_of_a_changed_network_makes_it_anew_with_exactly_its_containers() {
    let mut world = settled();
    let other = world.of_service(&name("other"))[0].id.clone();
    change(&mut world, &two_networks(on_subnet("10.2.0.0/16")));
    let steps = described(&world.plan());
    let removed = steps.iter().position(|step| step == "remove network 2167_back").unwrap();
    let made = steps.iter().position(|step| step == "create network 2167_back").unwrap();
    assert!(steps[..removed].iter().all(|step| step.starts_with("remove container")), "{steps:?}");
    assert!(removed < made);
    assert_eq!(steps.iter().filter(|step| step.starts_with("create the container")).count(), 2);
    world.settle(ROUNDS).unwrap();
    assert_eq!(world.of_service(&name("other"))[0].id, other);
}

#[test]
fn plan_removes_a_network_that_no_service_is_on_any_more() {
    let mut world = settled();
    change(&mut world, &record([("other", service())]));
    assert!(described(&world.plan()).contains(&"remove network 2167_back".to_owned()));
    world.settle(ROUNDS).unwrap();
    assert_eq!(world.networks.keys().collect::<Vec<_>>(), ["2167_default", SUPERVISOR_NETWORK]);
}

#[test]
fn plan_of_a_changed_network_waits_for_a_container_that_waits_for_the_key() {
    let mut world = settled();
    world.api = None;
    change(&mut world, &two_networks(on_subnet("10.2.0.0/16")));
    assert_eq!(world.plan().steps, []);
    learn_api(&mut world);
    world.settle(ROUNDS).unwrap();
    check_settled(&world).unwrap();
}

#[test]
fn plan_of_an_external_network_neither_makes_nor_removes_it() {
    let mut record = record([("web", on_networks(&["lan"]))]);
    record.target.app.networks.insert(network("lan"), AppNetwork::External(EXTERNAL_NETWORK.to_owned()));
    let mut world = World::new(record);
    world.settle(ROUNDS).unwrap();
    assert!(world.containers[0].networks.contains(EXTERNAL_NETWORK));
    act(&mut world, &Action::Remove);
    world.settle(ROUNDS).unwrap();
    assert!(world.foreign_networks.contains(EXTERNAL_NETWORK));
}
