//! The planner: a pure function from desired and observed state to ordered steps.
//!
//! It is asked again after each plan has been carried out, or broken off, until it has nothing to say. A
//! crash is just a plan that was broken off.

mod foundations;
mod waits;

use std::collections::{BTreeMap, BTreeSet};

use supervisor_proto::ids::ServiceName;

use super::{
    dependency::Wait,
    network::Endpoint,
    observed::{Container, ContainerId, Observed},
    record::{AppRecord, AppliedBy},
    replacement::Replacement,
    standing::{must_wait, needs_start, outlasts_waiting, stale_networks, standing},
    step::Step,
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
        let stale = stale_networks(record, wanted, observed);
        let kept = standing(record, wanted, observed, &stale);
        let replacement = Replacement::new(record, wanted, observed, &kept, &stale);
        Self { record, wanted, observed, kept, stale, replacement }
    }

    fn is_kept(&self, container: &Container) -> bool {
        self.kept.values().any(|kept| kept.id == container.id)
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

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
