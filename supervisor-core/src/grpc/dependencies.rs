//! A target's dependencies from the wire, checked against its services.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use supervisor_proto::{
    ids::ServiceName,
    v1::{self, dependency_condition::State},
};

use super::target::invalid;
use crate::{
    domain::{
        dependency::{Condition, Dependency, said},
        target::{RestartPolicy, Service},
    },
    error::CoreError,
};

/// What a service asks of those that it depends on, where that is more than a start.
pub fn conditions(
    path: &str,
    names: &BTreeSet<ServiceName>,
    wire: HashMap<String, v1::DependencyCondition>,
) -> Result<BTreeMap<ServiceName, Dependency>, CoreError> {
    let mut all = BTreeMap::new();
    for (name, wire) in wire {
        let name = ServiceName::parse(&name)?;
        if !names.contains(&name) {
            return Err(invalid(format!("{path}.{name}"), "it has a condition and is no dependency"));
        }
        let condition = match wire.state() {
            State::Unspecified | State::Started => Condition::Started,
            State::Healthy => Condition::Healthy,
            State::Completed => Condition::Completed,
        };
        all.insert(name, Dependency { condition, optional: wire.optional, restart: wire.restart });
    }
    Ok(said(all))
}

/// Dependencies exist, and can come as far as they have to. `without_policy` are the services whose restart
/// policy is left open: one whose end others wait for is not started again.
pub fn settle(
    services: &mut BTreeMap<ServiceName, Service>,
    without_policy: &BTreeSet<ServiceName>,
) -> Result<(), CoreError> {
    let known: BTreeSet<ServiceName> = services.keys().cloned().collect();
    let mut jobs: BTreeMap<ServiceName, String> = BTreeMap::new();
    for (name, service) in services.iter_mut() {
        let path = format!("services.{name}.depends_on");
        let Service { depends_on, conditions, .. } = service;
        depends_on.retain(|other| {
            known.contains(other) || !conditions.get(other).is_some_and(|dependency| dependency.optional)
        });
        conditions.retain(|other, _| depends_on.contains(other));
        if let Some(absent) = depends_on.iter().find(|other| !known.contains(*other)) {
            return Err(invalid(path, format!("there is no service {absent}")));
        }
        let awaited = conditions.iter().filter(|(_, d)| d.condition == Condition::Completed);
        jobs.extend(awaited.map(|(other, _)| (other.clone(), path.clone())));
    }
    for (name, path) in jobs {
        let Some(service) = services.get_mut(&name) else { continue };
        if without_policy.contains(&name) {
            service.restart = RestartPolicy::No;
        } else if service.restart.keeps_running() {
            return Err(invalid(path, format!("{name} never ends: its restart has to be no or on-failure")));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "dependencies_tests.rs"]
mod tests;
