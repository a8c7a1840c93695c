//! Named cases that random worlds found, or would find rarely.
use super::*;

/// A world in which `record` is carried out, with the API's key known.
fn settled(record: AppRecord) -> World {
    let mut world = World::new(record);
    world.settle(ROUNDS).unwrap();
    world
}

fn first_of(world: &mut World, service: &str) -> usize {
    let name = Some(name(service));
    world.containers.iter().position(|c| c.service == name).unwrap()
}

fn set_state(world: &mut World, service: &str, state: ContainerState) {
    let index = first_of(world, service);
    world.containers[index].state = state;
}

pub(super) fn described(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.to_string().replace("made-", "")).collect()
}

#[test]
fn plan_of_a_first_start_makes_all_that_the_service_needs() {
    let mut world = World::new(record([("web", service())]));
    assert_eq!(described(&world.run(9).unwrap()), ["pull image demo:1", "create the supervisor network"]);
    let second = [
        "create network 2167_default",
        "create volume 2167_store",
        "create the container of web",
        "connect web to supervisor0",
        "start web",
    ];
    assert_eq!(described(&world.run(9).unwrap()), second);
    assert_eq!(world.plan().steps, []);
}

#[test]
fn plan_of_a_kept_container_without_the_api_key_restores_its_networks() {
    let mut world = settled(record([("web", service())]));
    set_state(&mut world, "web", ContainerState::Exited);
    world.networks.clear();
    world.api = None;
    assert_eq!(world.settle(ROUNDS), Ok(2));
    assert_eq!(world.containers[0].state, ContainerState::Running);
}

#[test]
fn plan_of_two_fitting_containers_keeps_the_running_one() {
    for other in [ContainerState::Exited, ContainerState::Created, ContainerState::Restarting] {
        let mut world = settled(record([("web", service())]));
        let twin = Container {
            id: ContainerId("twin".to_owned()),
            name: "twin".to_owned(),
            state: other,
            ..world.containers[0].clone()
        };
        world.containers.insert(0, twin);
        let steps = world.run(9).unwrap().steps;
        let twin = ContainerId("twin".to_owned());
        assert_eq!(steps, [Step::RemoveContainer { id: twin, service: Some(name("web")) }]);
    }
}

#[test]
fn plan_that_stops_a_service_and_replaces_its_dependency_stops_first() {
    let mut world = settled(record([("db", service()), ("web", depending_on(&["db"]))]));
    act(&mut world, &Action::Stop(names(&["web"])));
    act(&mut world, &Action::Restart(names(&["db"])));
    let plan = world.plan();
    let taken: Vec<_> = taken_away(&plan).into_iter().filter_map(|(_, name)| name).collect();
    assert_eq!(taken, [&name("web"), &name("db")]);
}

#[test]
fn plan_of_a_restart_replaces_the_container_and_keeps_the_data() {
    let mut world = settled(record([("web", service())]));
    let (old, data) = (world.containers[0].id.clone(), world.data);
    act(&mut world, &Action::Restart(Vec::new()));
    assert_eq!(world.settle(ROUNDS), Ok(1));
    assert_ne!(world.containers[0].id, old);
    assert_eq!(world.data.new, data.new + 1);
}

#[test]
fn plan_of_a_purge_empties_the_data_once_and_only_after_the_containers() {
    let mut world = settled(record([("web", service())]));
    act(&mut world, &Action::Purge);
    let purge = described(&world.run(5).unwrap());
    let begin = ["remove container 1", "empty the data folder", "remove volume 2167_store"];
    assert_eq!(purge[..3], begin);
    assert_eq!(purge[3], "record that the data is gone");
    world.settle(ROUNDS).unwrap();
    assert_eq!((world.data.old, world.data.new), (0, 1));
}

#[test]
fn plan_of_a_purge_without_the_api_key_waits_with_the_intent_open() {
    let mut world = settled(record([("web", service())]));
    world.api = None;
    act(&mut world, &Action::Purge);
    world.settle(ROUNDS).unwrap();
    assert_eq!(world.plan().waiting_for_api, names(&["web"]));
    assert_eq!(world.record.as_ref().unwrap().purge, Some(PurgePhase::Emptied));
    learn_api(&mut world);
    world.settle(ROUNDS).unwrap();
    assert_eq!(world.record.as_ref().unwrap().purge, None);
}

#[test]
fn plan_of_a_removal_takes_dependents_first_and_keeps_the_data() {
    let mut world = settled(record([("db", service()), ("web", depending_on(&["db"]))]));
    act(&mut world, &Action::Remove);
    let steps = ["remove container 2", "remove container 1", "remove network 2167_default", "forget the app"];
    assert_eq!(described(&world.run(9).unwrap()), steps);
    assert_eq!(world.data.new, 2);
    assert!(world.volumes.contains_key("2167_store"));
}

#[test]
fn plan_of_an_exited_service_starts_it_unless_it_may_be_done() {
    use crate::domain::target::RestartPolicy::{Always, No, OnFailure, UnlessStopped};
    for (restart, starts) in [(Always, true), (UnlessStopped, true), (No, false), (OnFailure(3), false)] {
        let mut world = settled(record([("web", Service { restart, ..service() })]));
        set_state(&mut world, "web", ContainerState::Exited);
        let started = world.plan().steps.iter().any(|step| matches!(step, Step::StartContainer { .. }));
        assert_eq!(started, starts, "{restart:?}");
    }
}

#[test]
fn plan_of_a_dead_container_replaces_it() {
    for state in [ContainerState::Dead, ContainerState::Removing] {
        let mut world = settled(record([("web", service())]));
        set_state(&mut world, "web", state);
        world.settle(ROUNDS).unwrap();
        assert_eq!(world.containers.len(), 1);
        assert_eq!(world.containers[0].state, ContainerState::Running);
    }
}

#[test]
fn plan_of_a_stopped_app_asks_for_no_image_and_no_network() {
    let mut world = World::new(record([("web", service())]));
    act(&mut world, &Action::Stop(Vec::new()));
    assert_eq!(described(&world.plan()), ["create volume 2167_store"]);
}

/// A device with one container of the frontend's, made before its target changed and the API's key was lost.
fn with_older_container_of_the_frontends(state: ContainerState) -> World {
    let mut before = record([("web", service())]);
    before.applied_by = AppliedBy::Frontend;
    let mut world = settled(before);
    set_state(&mut world, "web", state);
    world.containers[0].networks.clear();
    world.api = None;
    let record = world.record.as_mut().unwrap();
    for service in record.target.services.values_mut() {
        service.image = "demo:2".to_owned();
    }
    world
}

#[test]
fn plan_without_the_api_key_starts_no_container_of_the_frontends_that_differs() {
    for state in [ContainerState::Exited, ContainerState::Created] {
        let world = with_older_container_of_the_frontends(state);
        let plan = world.plan();
        assert_eq!(described(&plan), [""; 0], "{plan:?}");
        assert_eq!(plan.waiting_for_api, names(&["web"]));
    }
}

#[test]
fn plan_without_the_api_key_connects_no_container_of_the_frontends_that_differs() {
    let mut world = with_older_container_of_the_frontends(ContainerState::Running);
    let touches = |step: &Step| {
        matches!(
            step,
            Step::ConnectNetwork { .. } | Step::StartContainer { .. } | Step::RemoveContainer { .. }
        )
    };
    for _ in 0..3 {
        let plan = world.run(9).unwrap();
        assert!(!plan.steps.iter().any(touches), "{plan:?}");
    }
}

#[test]
fn plan_of_a_stopped_app_of_the_frontends_keeps_its_container_without_the_api_key() {
    let mut world = with_older_container_of_the_frontends(ContainerState::Exited);
    act(&mut world, &Action::Stop(Vec::new()));
    assert_eq!(described(&world.plan()), [""; 0]);
}
