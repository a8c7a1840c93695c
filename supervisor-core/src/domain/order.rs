//! The order in which an app's services start.

use std::collections::{BTreeMap, BTreeSet};

use supervisor_proto::ids::ServiceName;

use super::target::Service;

/// Services that wait for each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("services depend on each other in a circle: {}", names(.0))]
pub struct Cycle(pub Vec<ServiceName>);

fn names(services: &[ServiceName]) -> String {
    services.iter().map(ServiceName::as_str).collect::<Vec<_>>().join(", ")
}

/// Service names, each after those it depends on, else by name. Dependencies on absent services are ignored.
pub fn start_order(services: &BTreeMap<ServiceName, Service>) -> Result<Vec<ServiceName>, Cycle> {
    let mut placed: BTreeSet<&ServiceName> = BTreeSet::new();
    let mut order = Vec::with_capacity(services.len());
    while order.len() < services.len() {
        let ready: Vec<&ServiceName> = services
            .iter()
            .filter(|(name, service)| {
                !placed.contains(name)
                    && service.depends_on.iter().all(|d| placed.contains(d) || !services.contains_key(d))
            })
            .map(|(name, _)| name)
            .collect();
        if ready.is_empty() {
            return Err(cycle(services, &placed));
        }
        order.extend(ready.iter().map(|name| (*name).clone()));
        placed.extend(ready);
    }
    Ok(order)
}

/// Of the services that cannot be placed, those that are not merely waiting for a circle.
fn cycle(services: &BTreeMap<ServiceName, Service>, placed: &BTreeSet<&ServiceName>) -> Cycle {
    let mut stuck: BTreeSet<&ServiceName> = services.keys().filter(|name| !placed.contains(name)).collect();
    loop {
        let needed: BTreeSet<&ServiceName> =
            stuck.iter().filter_map(|name| services.get(*name)).flat_map(|s| &s.depends_on).collect();
        let before = stuck.len();
        stuck.retain(|name| needed.contains(name));
        if stuck.len() == before {
            return Cycle(stuck.into_iter().cloned().collect());
        }
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
