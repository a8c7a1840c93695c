//! Which containers stand for their services as they should be, and which have to make way. A part of the planner.

use std::collections::{BTreeMap, BTreeSet};

use supervisor_proto::ids::ServiceName;

use super::{
    observed::{Container, ContainerState, Observed},
    record::{AppRecord, AppliedBy, PurgePhase},
    wanted::{Wanted, WantedService},
};

/// The container that stands for each service as it should be; none that is on one of the `stale` networks.
pub(super) fn standing<'a>(
    record: &AppRecord,
    wanted: &'a Wanted,
    observed: &'a Observed,
    stale: &BTreeSet<&str>,
) -> BTreeMap<&'a ServiceName, &'a Container> {
    let mut standing: BTreeMap<&ServiceName, &Container> = BTreeMap::new();
    // While a purge has not emptied the data, no container may stay.
    if record.purge == Some(PurgePhase::Requested) {
        return standing;
    }
    for container in &observed.containers {
        let Some((name, service)) =
            container.service.as_ref().and_then(|name| wanted.services.get_key_value(name))
        else {
            continue;
        };
        let is_better = standing.get(name).is_none_or(|other| liveness(other) < liveness(container));
        let leaves = container.networks.iter().any(|network| stale.contains(network.as_str()));
        if is_better && !leaves && stands_for(record, container, service) {
            standing.insert(name, container);
        }
    }
    standing
}

fn stands_for(record: &AppRecord, container: &Container, service: &WantedService) -> bool {
    // Without the key, what a container was made from cannot be compared; it is left as it is. Nor can it be
    // judged: one of the frontend's that does not run is not started before it is known to be the one that
    // the policy is asked about.
    let is_at_rest = container.state.is_active() || !service.run;
    let left = service.waits_for_api && (record.applied_by == AppliedBy::Admin || is_at_rest);
    let same = left || service.is_made_as(&container.config_hash);
    is_usable(&container.state) && same && container.generation == service.generation
}

/// Of containers that stand for the same service, the one that does its work stays.
fn liveness(container: &Container) -> u8 {
    if container.state == ContainerState::Running { 2 } else { u8::from(container.state.is_active()) }
}

/// Whether a container in this state can ever do its work.
pub(super) const fn is_usable(state: &ContainerState) -> bool {
    match state {
        ContainerState::Removing | ContainerState::Dead => false,
        ContainerState::Created
        | ContainerState::Running
        | ContainerState::Restarting
        | ContainerState::Paused
        | ContainerState::Exited
        | ContainerState::Other(_) => true,
    }
}

/// Whether a container that stands for its service has to be started to do its work.
pub(super) fn needs_start(container: &Container, service: &WantedService) -> bool {
    match container.state {
        ContainerState::Created => true,
        ContainerState::Exited => service.spec.restart.keeps_running(),
        ContainerState::Running
        | ContainerState::Restarting
        | ContainerState::Paused
        | ContainerState::Removing
        | ContainerState::Dead
        | ContainerState::Other(_) => false,
    }
}

/// A service that cannot be made yet: its old container is better than none.
pub(super) fn must_wait(service: &WantedService) -> bool {
    service.waits_for_api && service.run
}

/// Whether a container stays although it is not as wanted, because its service has to wait.
pub(super) fn outlasts_waiting(record: &AppRecord, wanted: &Wanted, container: &Container) -> bool {
    let purging = record.purge == Some(PurgePhase::Requested);
    !purging && container.service.as_ref().and_then(|n| wanted.services.get(n)).is_some_and(must_wait)
}

/// Own networks that were made from something else than is wanted now, and that can be made anew: a
/// container that has to wait keeps its network.
pub(super) fn stale_networks<'a>(
    record: &AppRecord,
    wanted: &Wanted,
    observed: &'a Observed,
) -> BTreeSet<&'a str> {
    let stays = |c: &&Container| outlasts_waiting(record, wanted, c);
    let in_use = |name: &String| observed.containers.iter().filter(stays).any(|c| c.networks.contains(name));
    let own = observed.known_networks.own.iter();
    own.filter(|(name, made_from)| {
        wanted.networks.get(*name).is_some_and(|options| options.fingerprint() != **made_from)
    })
    .filter(|(name, _)| !in_use(name))
    .map(|(name, _)| name.as_str())
    .collect()
}
