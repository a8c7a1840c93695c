//! The planner: a pure function from desired and observed state to ordered steps.
//!
//! It is asked again after each plan has been carried out, or broken off, until it has nothing to say. A
//! crash is just a plan that was broken off.

use std::collections::{BTreeMap, BTreeSet};

use supervisor_proto::ids::ServiceName;

use super::{
    dependency::{Condition, Lack, Wait, lack},
    network::Endpoint,
    observed::{Container, ContainerId, ContainerState, Observed},
    record::{AppRecord, AppliedBy, PurgePhase},
    replacement::Replacement,
    step::Step,
    volume::is_of_data_elsewhere,
    wanted::{Wanted, WantedService},
};

/// What to do next for one app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In this order.
    pub steps: Vec<Step>,
    /// Services that cannot be made yet, because they want an API key and none is known.
    pub waiting_for_api: Vec<ServiceName>,
    /// Services that do not start yet, because of another one.
    pub waits: Vec<Wait>,
    /// Containers that have a main process.
    pub active: BTreeSet<ContainerId>,
}

impl Plan {
    /// Whether a step takes something away from a running app.
    pub fn is_disruptive(&self) -> bool {
        self.steps.iter().any(|step| step.is_disruptive(&self.active))
    }

    /// Whether the app's update locks have to be held for one of the steps: it takes something away, or brings a
    /// hand-over on its way. A new container that took the lock for itself would keep the old one beside it.
    pub fn needs_locks(&self, step: &Step) -> bool {
        let brings_up = matches!(
            step,
            Step::RenameContainer { .. }
                | Step::CreateContainer { .. }
                | Step::ConnectNetwork { .. }
                | Step::StartContainer { .. }
                | Step::AwaitHandover { .. }
        );
        let awaited = self.steps.iter().filter(|step| matches!(step, Step::AwaitHandover { .. }));
        let mut awaited = awaited.filter_map(Step::service);
        step.is_disruptive(&self.active) || brings_up && awaited.any(|name| step.service() == Some(name))
    }
}

/// Plans the way from `observed` to what `record` wants, rendered as `wanted`.
pub fn plan(record: &AppRecord, wanted: &Wanted, observed: &Observed) -> Plan {
    let active = observed.containers.iter().filter(|c| c.state.is_active()).map(|c| c.id.clone()).collect();
    if record.removed {
        return Plan { steps: removal(wanted, observed), active, ..Plan::default() };
    }
    let draft = Draft::new(record, wanted, observed);
    let waits = draft.waits();
    let steps = draft.steps(&waits);
    Plan { steps, waiting_for_api: draft.waiting(), waits: waits.into_values().collect(), active }
}

/// Images that the plan will ask about: of services that should run and have no container that could stay.
pub fn images_in_question(record: &AppRecord, wanted: &Wanted, observed: &Observed) -> BTreeSet<String> {
    let draft = Draft::new(record, wanted, observed);
    let open = wanted.services.iter().filter(|(name, s)| s.run && !draft.kept.contains_key(name));
    let leaving = record.leaving_images.iter().cloned();
    open.map(|(_, service)| service.spec.image.clone()).chain(leaving).collect()
}

fn removal(wanted: &Wanted, observed: &Observed) -> Vec<Step> {
    let mut steps = dependents_first(wanted, observed.containers.iter().map(remove).collect());
    let networks = observed.known_networks.own.keys();
    steps.extend(networks.map(|network| Step::RemoveNetwork { network: network.clone() }));
    steps.push(Step::ForgetApp);
    steps
}

fn remove(container: &Container) -> Step {
    Step::RemoveContainer { id: container.id.clone(), service: container.service.clone() }
}

/// Sorts what takes containers away: dependents before what they depend on, unknown services first.
fn dependents_first(wanted: &Wanted, mut steps: Vec<Step>) -> Vec<Step> {
    let rank = |step: &Step| match step {
        Step::RemoveContainer { service, .. } | Step::StopContainer { service, .. } => {
            service.as_ref().and_then(|name| wanted.order.iter().position(|n| n == name))
        }
        _ => None,
    };
    steps.sort_by_key(|step| std::cmp::Reverse(rank(step).unwrap_or(usize::MAX)));
    steps
}

struct Draft<'a> {
    record: &'a AppRecord,
    wanted: &'a Wanted,
    observed: &'a Observed,
    /// The container that stands for each service as it should be.
    kept: BTreeMap<&'a ServiceName, &'a Container>,
    /// The app's networks that have to go before containers are made: what they were made from has changed.
    stale: BTreeSet<&'a str>,
    /// What makes way otherwise than between the pulls and the new containers.
    replacement: Replacement<'a>,
}

impl<'a> Draft<'a> {
    fn new(record: &'a AppRecord, wanted: &'a Wanted, observed: &'a Observed) -> Self {
        let mut kept: BTreeMap<&ServiceName, &Container> = BTreeMap::new();
        let stale = stale_networks(record, wanted, observed);
        // While a purge has not emptied the data, no container may stay.
        if record.purge != Some(PurgePhase::Requested) {
            for container in &observed.containers {
                let Some((name, service)) =
                    container.service.as_ref().and_then(|name| wanted.services.get_key_value(name))
                else {
                    continue;
                };
                let is_better = kept.get(name).is_none_or(|other| liveness(other) < liveness(container));
                let leaves = container.networks.iter().any(|network| stale.contains(network.as_str()));
                if is_better && !leaves && stands_for(record, container, service) {
                    kept.insert(name, container);
                }
            }
        }
        let replacement = Replacement::new(record, wanted, observed, &kept, &stale);
        Self { record, wanted, observed, kept, stale, replacement }
    }

    fn is_kept(&self, container: &Container) -> bool {
        self.kept.values().any(|kept| kept.id == container.id)
    }

    fn waiting(&self) -> Vec<ServiceName> {
        let services = self.wanted.services.iter();
        services
            .filter(|(name, s)| must_wait(s) && !self.kept.contains_key(name))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Services that have to be started and must not be yet.
    fn waits(&self) -> BTreeMap<&'a ServiceName, Wait> {
        let mut waits = BTreeMap::new();
        for name in &self.wanted.order {
            let Some(service) = self.wanted.services.get(name) else { continue };
            let starts = self.kept.get(name).is_none_or(|c| needs_start(c, service));
            if service.run
                && starts
                && let Some(wait) = self.wait(name, service, &waits)
            {
                waits.insert(name, wait);
            }
        }
        waits
    }

    /// A service that was stopped on purpose is not waited for.
    fn wait(
        &self,
        name: &ServiceName,
        service: &WantedService,
        others: &BTreeMap<&ServiceName, Wait>,
    ) -> Option<Wait> {
        let running = service.waits_for.iter().filter_map(|(other, dependency)| {
            Some((other, dependency, self.wanted.services.get(other).filter(|s| s.run)?))
        });
        for (other, dependency, wanted) in running {
            let lack = match self.kept.get(other).filter(|c| !needs_start(c, wanted)) {
                Some(container) => lack(dependency.condition, container),
                None => match dependency.condition {
                    Condition::Started => others.contains_key(other).then_some(Lack::Start),
                    Condition::Healthy => Some(Lack::Health),
                    Condition::Completed => Some(Lack::End),
                },
            };
            if let Some(lack) = lack.filter(|lack| !(dependency.optional && lack.is_failure())) {
                return Some(Wait { service: name.clone(), dependency: other.clone(), lack });
            }
        }
        None
    }

    fn steps(&self, waits: &BTreeMap<&ServiceName, Wait>) -> Vec<Step> {
        if self.needs_supervisor_network() {
            // Nothing is taken away yet: without the gateway no container is told from what it should be.
            let mut steps = self.pulls(|name| !self.replacement.goes_early(name));
            steps.push(Step::CreateSupervisorNetwork);
            return steps;
        }
        let changed_volumes = self.changed_volumes();
        let goes_early = |step: &Step| step.service().is_some_and(|name| self.replacement.goes_early(name));
        let (early, late): (Vec<_>, Vec<_>) = self.removals().chain(self.stops()).partition(goes_early);
        let early = dependents_first(self.wanted, early).into_iter().chain(self.replacement.image_removals());
        let mut steps: Vec<Step> = early.collect();
        let pulls = self.pulls(|_| true);
        if steps.is_empty() {
            steps.extend(pulls.into_iter().chain(changed_volumes));
        } else {
            steps.splice(0..0, changed_volumes);
            steps.extend(pulls);
        }
        steps.extend(dependents_first(self.wanted, late));
        steps.extend(self.network_removals());
        steps.extend(self.purge());
        steps.extend(self.foundations());
        steps.extend(self.wanted.order.iter().flat_map(|name| self.bring_up(name, waits)));
        steps.extend(self.replacement.handovers(waits));
        if self.record.needs_closing() && self.waiting().is_empty() {
            steps.push(Step::CloseIntents);
        }
        steps
    }

    /// Services whose container has to be made now.
    fn missing(&self) -> impl Iterator<Item = (&ServiceName, &WantedService)> {
        let services = self.wanted.services.iter();
        services.filter(|(name, s)| s.run && !must_wait(s) && !self.kept.contains_key(name))
    }

    fn pulls(&self, of: impl Fn(&ServiceName) -> bool) -> Vec<Step> {
        let missing = self.missing().filter(|(name, _)| of(name));
        let images: BTreeSet<&String> = missing.map(|(_, s)| &s.spec.image).collect();
        let absent = images.into_iter().filter(|image| !self.observed.images.contains(*image));
        absent.map(|image| Step::PullImage { image: image.clone() }).collect()
    }

    /// Only what makes or starts a container asks for its networks; a stopped app needs none.
    fn needs_supervisor_network(&self) -> bool {
        let here = |network: &String| self.observed.networks.contains(network);
        self.running().filter_map(|s| s.spec.extra_network.as_ref()).any(|network| !here(network))
    }

    /// Services that have a container to run after this plan.
    fn running(&self) -> impl Iterator<Item = &WantedService> {
        let services = self.wanted.services.iter();
        services.filter(|(name, s)| s.run && (!must_wait(s) || self.kept.contains_key(name))).map(|(_, s)| s)
    }

    fn removals(&self) -> impl Iterator<Item = Step> {
        self.observed.containers.iter().filter(|c| !self.is_left(c)).map(remove)
    }

    /// Whether a container is there when the new ones are made.
    fn is_left(&self, container: &Container) -> bool {
        self.is_kept(container)
            || self.replacement.hands_over(container)
            || outlasts_waiting(self.record, self.wanted, container)
    }

    fn stops(&self) -> impl Iterator<Item = Step> {
        let unwanted = |name: &ServiceName| self.wanted.services.get(name).is_some_and(|s| !s.run);
        let kept = self.kept.iter().filter(move |(name, c)| unwanted(name) && c.state.is_active());
        kept.map(|(name, c)| Step::StopContainer { id: c.id.clone(), service: Some((*name).clone()) })
    }

    /// A volume whose data the engine keeps goes and comes back empty; data of somebody else's stays theirs, also
    /// where the target no longer says that it is.
    fn is_to_be_purged(&self, name: &str) -> bool {
        let purging = self.record.purge == Some(PurgePhase::Requested);
        let (wanted, made) = (self.wanted.volumes.get(name), self.observed.volumes.get(name));
        purging
            && wanted.zip(made).is_some_and(|(wanted, made)| {
                !is_of_data_elsewhere(made) && wanted.options.is_kept_by_engine()
            })
    }

    /// Volumes that are there with other options. Their data is never given up for that: the step is refused,
    /// before anything is taken away.
    fn changed_volumes(&self) -> Vec<Step> {
        let changed = self.wanted.volumes.iter().filter(|(name, wanted)| {
            let made = self.observed.volumes.get(*name);
            made.is_some_and(|made| made != wanted.fingerprint()) && !self.is_to_be_purged(name)
        });
        changed.map(|(volume, _)| Step::CreateVolume { volume: volume.clone() }).collect()
    }

    /// Networks that have to be made anew, and those that nothing wants any more.
    fn network_removals(&self) -> Vec<Step> {
        let is_unused = |network: &str| {
            let mut left = self.observed.containers.iter().filter(|c| self.is_left(c));
            !left.any(|c| c.networks.contains(network))
        };
        let own = self.observed.known_networks.own.keys();
        own.filter(|name| {
            let unwanted = !self.wanted.networks.contains_key(*name) && is_unused(name);
            unwanted || self.stale.contains(name.as_str())
        })
        .map(|name| Step::RemoveNetwork { network: name.clone() })
        .collect()
    }

    fn purge(&self) -> Vec<Step> {
        if self.record.purge != Some(PurgePhase::Requested) {
            return Vec::new();
        }
        let volumes = self.wanted.volumes.keys().filter(|name| self.is_to_be_purged(name));
        let mut steps = vec![Step::EmptyData];
        steps.extend(volumes.map(|volume| Step::RemoveVolume { volume: volume.clone() }));
        steps.push(Step::RecordEmptied);
        steps
    }

    /// The app's networks and volumes, where a container is about to need them.
    fn foundations(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let needed: BTreeSet<String> = self.running().flat_map(|s| s.spec.named_networks()).collect();
        let own = &self.observed.known_networks.own;
        for network in needed.into_iter().filter(|network| self.wanted.networks.contains_key(network)) {
            if !own.contains_key(&network) || self.stale.contains(network.as_str()) {
                steps.push(Step::CreateNetwork { network });
            }
        }
        let here = |name: &String| self.observed.volumes.contains_key(name);
        let absent = self.wanted.volumes.keys().filter(|name| !here(name) || self.is_to_be_purged(name));
        steps.extend(absent.map(|volume| Step::CreateVolume { volume: volume.clone() }));
        steps
    }

    fn bring_up(&self, name: &ServiceName, waits: &BTreeMap<&ServiceName, Wait>) -> Vec<Step> {
        let Some(service) = self.wanted.services.get(name) else { return Vec::new() };
        if !service.run || (must_wait(service) && !self.kept.contains_key(name)) {
            return Vec::new();
        }
        let kept = self.kept.get(name);
        let id = kept.map(|c| c.id.clone());
        let differs = kept.is_some_and(|container| !service.is_made_as(&container.config_hash));
        if differs && self.record.applied_by == AppliedBy::Frontend {
            // The policy is asked about what is wanted, which is not what this one was made from.
            return Vec::new();
        }
        let service_name = name.clone();
        let mut steps = Vec::new();
        if kept.is_none() {
            steps.extend(self.replacement.rename(name, service));
            steps.push(Step::CreateContainer { service: service_name.clone() });
        }
        for Endpoint { network, .. } in service.spec.connections() {
            if !kept.is_some_and(|c| c.networks.contains(&network)) {
                steps.push(Step::ConnectNetwork { service: service_name.clone(), id: id.clone(), network });
            }
        }
        if !waits.contains_key(name) && kept.is_none_or(|c| needs_start(c, service)) {
            steps.push(Step::StartContainer { service: service_name, id });
        }
        steps
    }
}

/// A service that cannot be made yet: its old container is better than none.
pub(super) fn must_wait(service: &WantedService) -> bool {
    service.waits_for_api && service.run
}

/// Whether a container stays although it is not as wanted, because its service has to wait.
fn outlasts_waiting(record: &AppRecord, wanted: &Wanted, container: &Container) -> bool {
    let purging = record.purge == Some(PurgePhase::Requested);
    !purging && container.service.as_ref().and_then(|n| wanted.services.get(n)).is_some_and(must_wait)
}

/// Own networks that were made from something else than is wanted now, and that can be made anew: a
/// container that has to wait keeps its network.
fn stale_networks<'a>(record: &AppRecord, wanted: &Wanted, observed: &'a Observed) -> BTreeSet<&'a str> {
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

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
