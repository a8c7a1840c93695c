//! What only shows when the services of a document are seen together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{document::Document, reader::Reader};
use crate::v1;

/// The network that is there without being declared.
const DEFAULT_NETWORK: &str = "default";

/// Volumes and networks are declared, dependencies exist and form no circle, host ports are used once.
pub(super) fn across_services(reader: &mut Reader, document: &Document) {
    let services: BTreeMap<&str, &v1::Service> =
        document.services.iter().map(|(name, service)| (name.as_str(), service)).collect();
    for (name, service) in &services {
        for mount in service.volumes.iter().filter(|mount| !document.volumes.contains_key(&mount.volume)) {
            let message = format!("uses the volume {:?}, which is not declared under volumes", mount.volume);
            reader.note(&format!("services.{name}.volumes"), message);
        }
        let declared = |network: &str| network == DEFAULT_NETWORK || document.networks.contains_key(network);
        let mut undeclared: Vec<&String> = service.networks.keys().filter(|n| !declared(n)).collect();
        undeclared.sort();
        for network in undeclared {
            let message = format!("names {network:?}, which is not declared under networks");
            reader.note(&format!("services.{name}.networks"), message);
        }
        let is_optional =
            |other: &String| service.dependency_conditions.get(other).is_some_and(|asked| asked.optional);
        let absent = |other: &&String| !services.contains_key(other.as_str()) && !is_optional(other);
        for other in service.depends_on.iter().filter(absent) {
            let message = format!("names {other:?}, which is no service of this file");
            reader.note(&format!("services.{name}.depends_on"), message);
        }
    }
    if let Some(name) = circle(&services) {
        let message = "leads back to the service itself: dependencies must not form a circle";
        reader.note(&format!("services.{name}.depends_on"), message);
    }
    host_ports(reader, &services);
}

/// Removes services whose dependencies are all removed, until none is left (no circle) or none can
/// be removed; then follows dependencies until a service comes back.
fn circle<'a>(services: &BTreeMap<&'a str, &'a v1::Service>) -> Option<&'a str> {
    let mut waiting: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut wanted_by: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, service) in services {
        let known =
            service.depends_on.iter().map(String::as_str).filter(|other| services.contains_key(other));
        let wants: BTreeSet<&str> = known.collect();
        for other in &wants {
            wanted_by.entry(other).or_default().push(name);
        }
        waiting.insert(name, wants);
    }
    let mut free: Vec<&str> =
        waiting.iter().filter(|(_, wants)| wants.is_empty()).map(|(name, _)| *name).collect();
    while let Some(done) = free.pop() {
        waiting.remove(done);
        for name in wanted_by.get(done).into_iter().flatten() {
            if let Some(wants) = waiting.get_mut(name) {
                wants.remove(done);
                if wants.is_empty() {
                    free.push(name);
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    let mut at = *waiting.keys().next()?;
    while seen.insert(at) {
        at = waiting.get(at).and_then(|wants| wants.first()).copied()?;
    }
    Some(at)
}

fn host_ports(reader: &mut Reader, services: &BTreeMap<&str, &v1::Service>) {
    let mut taken: HashMap<(u32, &str), Vec<(&str, &str)>> = HashMap::new();
    for (name, service) in services {
        for port in service.ports.iter().filter(|port| port.host_port != 0) {
            let users = taken.entry((port.host_port, &port.protocol)).or_default();
            if let Some((_, other)) = users.iter().find(|(address, _)| overlap(address, &port.host_address)) {
                let (number, protocol) = (port.host_port, &port.protocol);
                let message =
                    format!("publishes host port {number}/{protocol}, which {other} publishes already");
                reader.note(&format!("services.{name}.ports"), message);
            } else {
                users.push((&port.host_address, name));
            }
        }
    }
}

fn overlap(one: &str, other: &str) -> bool {
    let covers = |all: &str, one: &str| match all {
        "" => true,
        "0.0.0.0" => !one.contains(':'),
        "::" => one.contains(':'),
        _ => all == one,
    };
    covers(one, other) || covers(other, one)
}
