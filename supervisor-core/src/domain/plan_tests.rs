use proptest::prelude::*;

use super::*;
use crate::domain::{
    environment::ApiAccess,
    intent::{self, Action},
    observed::ContainerState,
    record::PurgePhase,
    target::Service,
    test_samples::{EXTERNAL_NETWORK, api, depending_on, name, names, networks_of, record, service},
    test_scenario::{BEFORE, world},
    test_world::World,
    update_strategy::UpdateStrategy,
    wanted::SUPERVISOR_NETWORK,
};

/// One plan that ends with the supervisor's network, one that does the rest, and one for everything that a
/// service may wait for; more would be a loop.
const ROUNDS: usize = 12;

/// `PROPTEST_CASES` asks for more or fewer than the usual 256; a costly test takes a part of them.
fn config(part: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.div_ceil(part), failure_persistence: None, ..usual }
}

fn settle(world: &mut World) -> Result<(), TestCaseError> {
    world.settle(ROUNDS).map_err(TestCaseError::fail)?;
    check_settled(world)
}

fn check_settled(world: &World) -> Result<(), TestCaseError> {
    let (Some(record), Some(wanted)) = (&world.record, world.wanted()) else {
        prop_assert!(world.containers.is_empty(), "containers of a removed app: {:#?}", world.containers);
        prop_assert!(!world.networks.keys().any(|network| network != SUPERVISOR_NETWORK));
        return Ok(());
    };
    for container in &world.containers {
        let known = container.service.as_ref().is_some_and(|name| wanted.services.contains_key(name));
        prop_assert!(known, "of no service: {container:#?}");
    }
    check_networks(world, &wanted)?;
    let waits = world.plan().waits;
    for (name, service) in &wanted.services {
        if service.run && service.waits_for_api {
            continue;
        }
        if waits.iter().any(|wait| wait.service == *name) {
            let all = world.of_service(name);
            let (old, new): (Vec<&Container>, Vec<_>) =
                all.iter().partition(|c| !service.is_made_as(&c.config_hash));
            let hands_over = matches!(service.strategy, UpdateStrategy::HandOver { .. });
            prop_assert!(old.len() <= usize::from(hands_over), "{waits:?} {all:#?}");
            prop_assert!(new.len() == 1 && !new[0].state.is_active(), "{waits:?} {all:#?}");
            continue;
        }
        check_service(service, &world.of_service(name))?;
    }
    let is_waiting = !world.plan().waiting_for_api.is_empty();
    prop_assert!(is_waiting || !record.needs_closing(), "left open: {record:#?}");
    prop_assert!(record.purge != Some(PurgePhase::Requested));
    Ok(())
}

/// Nothing of ours is there that nobody wants, and what is there is made as it should be, unless a container
/// that has to wait is on it.
fn check_networks(world: &World, wanted: &Wanted) -> Result<(), TestCaseError> {
    let waits = |c: &&Container| c.service.as_ref().is_some_and(|name| wanted.services[name].waits_for_api);
    for (name, made_from) in world.networks.iter().filter(|(name, _)| *name != SUPERVISOR_NETWORK) {
        let as_wanted = wanted.networks.get(name).is_some_and(|options| options.fingerprint() == *made_from);
        let in_use = world.containers.iter().filter(waits).any(|c| c.networks.contains(name));
        prop_assert!(as_wanted || in_use, "{name} of {made_from:?}: {:#?}", world.containers);
    }
    prop_assert!(world.foreign_networks.contains(EXTERNAL_NETWORK));
    Ok(())
}

fn check_service(wanted: &WantedService, containers: &[&Container]) -> Result<(), TestCaseError> {
    if !wanted.run {
        prop_assert!(containers.len() <= 1 && !containers.iter().any(|c| c.state.is_active()));
        return Ok(());
    }
    let [container] = containers else {
        return Err(TestCaseError::fail(format!("not one container: {containers:#?}")));
    };
    prop_assert_eq!(&container.config_hash, &wanted.config_hash);
    prop_assert_eq!(container.generation, wanted.generation);
    let may_be_done = container.state == ContainerState::Exited && !wanted.spec.restart.keeps_running();
    prop_assert!(container.state.is_active() || may_be_done, "{container:#?}");
    prop_assert!(networks_of(&wanted.spec).is_subset(&container.networks), "{container:#?}");
    Ok(())
}

/// The record, before the API's key is learnt or a second action comes.
fn check_data(initial: &World, world: &World) -> Result<(), TestCaseError> {
    let record = initial.record.as_ref().unwrap();
    let purged = record.purge == Some(PurgePhase::Requested) && !record.removed;
    let old = if purged { 0 } else { BEFORE.old };
    prop_assert_eq!(world.data.old, old);
    for name in initial.volumes.keys() {
        prop_assert_eq!(world.volumes.get(name).map(|content| content.old), Some(old));
    }
    for content in world.external.values() {
        prop_assert_eq!(content.old, BEFORE.old);
    }
    Ok(())
}

fn taken_away(plan: &Plan) -> Vec<(&ContainerId, Option<&ServiceName>)> {
    let taken = plan.steps.iter().filter_map(taken_by);
    taken.collect()
}

/// The same, but for containers that go when their successor has taken over.
fn taken_away_at_once(plan: &Plan) -> Vec<(&ContainerId, Option<&ServiceName>)> {
    let begin = plan.steps.iter().position(|step| matches!(step, Step::AwaitHandover { .. }));
    plan.steps.iter().take(begin.unwrap_or(usize::MAX)).filter_map(taken_by).collect()
}

fn taken_by(step: &Step) -> Option<(&ContainerId, Option<&ServiceName>)> {
    match step {
        Step::StopContainer { id, service } | Step::RemoveContainer { id, service } => {
            Some((id, service.as_ref()))
        }
        _ => None,
    }
}

/// The same world without an intent that takes every container away.
fn spared(mut world: World) -> World {
    if let Some(record) = &mut world.record {
        record.removed = false;
        record.purge = record.purge.filter(|phase| *phase != PurgePhase::Requested);
    }
    world
}

fn learn_api(world: &mut World) {
    let known: ApiAccess = api();
    world.api = Some(known);
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        Just(Action::Purge),
        Just(Action::Restart(Vec::new())),
        Just(Action::Stop(Vec::new())),
        Just(Action::Start(Vec::new())),
        Just(Action::Remove),
        Just(Action::Withdraw),
    ]
}

/// What an action does to the store; what was new before a purge is old to it.
fn act(world: &mut World, action: &Action) {
    let Some(record) = &world.record else { return };
    world.record = Some(intent::edit(record, action).unwrap());
    if *action == Action::Purge {
        for content in world.volumes.values_mut().chain([&mut world.data]) {
            content.old += content.new;
            content.new = 0;
        }
    }
}

proptest! {
    #![proptest_config(config(1))]

    #[test]
    fn plan_of_any_state_carried_out_ends_in_the_wanted_state(initial in world()) {
        let mut world = initial.clone();
        settle(&mut world)?;
        check_data(&initial, &world)?;
        let after = world.plan();
        prop_assert_eq!(&after.steps, &Vec::new());
        prop_assert_eq!(after, world.plan());
        learn_api(&mut world);
        settle(&mut world)?;
        check_data(&initial, &world)?;
    }

    #[test]
    fn plan_broken_off_repeatedly_ends_in_the_wanted_state(
        initial in world(),
        limits in prop::collection::vec(0..16_usize, 1..6),
        learns_at in 0..8_usize,
    ) {
        let mut world = initial.clone();
        for (round, limit) in limits.into_iter().enumerate() {
            if round == learns_at {
                learn_api(&mut world);
            }
            world.run(limit).map_err(TestCaseError::fail)?;
        }
        settle(&mut world)?;
        check_data(&initial, &world)?;
    }

    #[test]
    fn plan_after_an_action_in_the_middle_of_another_ends_in_the_wanted_state(
        initial in world(),
        actions in prop::collection::vec((0..16_usize, action()), 1..5),
    ) {
        let mut world = initial;
        for (limit, action) in actions {
            world.run(limit).map_err(TestCaseError::fail)?;
            act(&mut world, &action);
        }
        settle(&mut world)?;
        learn_api(&mut world);
        settle(&mut world)?;
    }

    #[test]
    fn plan_without_a_stored_purge_destroys_nothing(initial in world()) {
        let record = initial.record.as_ref().unwrap();
        let destroys = |step: &Step| matches!(step, Step::EmptyData | Step::RemoveVolume { .. });
        let may = record.purge == Some(PurgePhase::Requested) && !record.removed;
        prop_assert!(may || !initial.plan().steps.iter().any(destroys));
        for step in initial.plan().steps {
            if let Step::RemoveVolume { volume } = step {
                prop_assert!(!initial.external.contains_key(&volume), "{volume} is external");
            }
        }
    }

    #[test]
    fn plan_of_a_running_container_as_wanted_leaves_it_alone(initial in world()) {
        let initial = spared(initial);
        let plan = initial.plan();
        let taken = taken_away(&plan);
        let wanted = initial.wanted().unwrap();
        let is_stale = |network: &String| {
            let options = wanted.networks.get(network);
            options.is_some_and(|o| initial.networks.get(network).is_some_and(|made| *made != o.fingerprint()))
        };
        for (name, service) in wanted.services.iter().filter(|(_, service)| service.run) {
            let mut fitting = initial.of_service(name);
            fitting.retain(|c| c.state == ContainerState::Running
                && c.config_hash == service.config_hash && c.generation == service.generation
                && !c.networks.iter().any(is_stale));
            let stays = |c: &&Container| !taken.iter().any(|(id, _)| **id == c.id);
            prop_assert!(fitting.is_empty() || fitting.iter().any(stays), "{plan:#?}");
        }
    }

    #[test]
    fn plan_without_the_api_key_leaves_an_old_running_container(initial in world()) {
        let mut world = spared(initial);
        world.api = None;
        let wanted = world.wanted().unwrap();
        let plan = world.plan();
        for (id, name) in taken_away(&plan) {
            let container = world.containers.iter().find(|c| c.id == *id).unwrap();
            let waits = name.and_then(|n| wanted.services.get(n)).is_some_and(|s| s.run && s.waits_for_api);
            prop_assert!(!waits || !container.state.is_active(), "{plan:#?}");
        }
    }

    #[test]
    fn plan_of_dependent_services_keeps_their_order(initial in world()) {
        let plan = initial.plan();
        let target = &initial.record.as_ref().unwrap().target;
        let taken: Vec<_> = taken_away_at_once(&plan).into_iter().filter_map(|(_, name)| name).collect();
        let started: Vec<_> = plan.steps.iter().filter_map(|step| match step {
            Step::StartContainer { service, .. } => Some(service),
            _ => None,
        }).collect();
        for (name, service) in &target.services {
            let dependencies = service.depends_on.iter().filter(|d| target.services.contains_key(d));
            for dependency in dependencies {
                let first = |all: &[&ServiceName], who| all.iter().position(|n| *n == who);
                let last = |all: &[&ServiceName], who| all.iter().rposition(|n| *n == who);
                if let (Some(one), Some(other)) = (last(&started, dependency), first(&started, name)) {
                    prop_assert!(one < other, "{name} starts before {dependency}: {plan:#?}");
                }
                if let (Some(one), Some(other)) = (last(&taken, name), first(&taken, dependency)) {
                    prop_assert!(one < other, "{name} goes after {dependency}: {plan:#?}");
                }
            }
        }
    }

    #[test]
    fn plan_is_disruptive_exactly_when_something_active_goes_or_data_is_destroyed(initial in world()) {
        let plan = initial.plan();
        let active = |id: &ContainerId| initial.containers.iter().any(|c| c.id == *id && c.state.is_active());
        let destroys = plan.steps.iter().any(|s| matches!(s, Step::EmptyData | Step::RemoveVolume { .. }));
        let takes = taken_away(&plan).iter().any(|(id, _)| active(id));
        prop_assert_eq!(plan.is_disruptive(), destroys || takes);
    }
}

proptest! {
    #![proptest_config(config(6))]

    #[test]
    fn plan_broken_off_after_any_single_step_ends_in_the_wanted_state(initial in world()) {
        for limit in 0..=initial.plan().steps.len() {
            let mut world = initial.clone();
            world.run(limit).map_err(TestCaseError::fail)?;
            let next = world.plan().steps.len();
            for second in [0, 1, next / 2, next.saturating_sub(1)] {
                let mut world = world.clone();
                world.run(second).map_err(TestCaseError::fail)?;
                settle(&mut world)?;
                check_data(&initial, &world)?;
            }
        }
    }
}

#[path = "plan_case_tests.rs"]
mod cases;

#[path = "plan_network_tests.rs"]
mod networks;

#[path = "plan_dependency_tests.rs"]
mod dependencies;

#[path = "plan_strategy_tests.rs"]
mod strategies;
