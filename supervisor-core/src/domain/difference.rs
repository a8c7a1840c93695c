//! In which fields two containers to be made differ, in the words of a compose file. Names only: a value may
//! be a secret.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{container::ContainerSpec, environment::is_volatile, update_strategy::without_update_labels};

/// Fields whose entries are named one by one.
const BY_ENTRY: [&str; 3] = ["environment", "labels", "sysctls"];
/// Follow from other fields, or make no container a different one.
const DERIVED: [&str; 2] = ["name", "extra_network"];

/// A container and the service's own labels: those that the supervisor adds describe the release.
pub type Made<'a> = (&'a ContainerSpec, &'a BTreeMap<String, String>);

/// The fields that differ, sorted, for example `environment.PORT` and `image`.
pub fn differences(old: Made<'_>, new: Made<'_>) -> Vec<String> {
    let (old, new) = (fields(old), fields(new));
    let mut found = BTreeSet::new();
    for name in names(&old, &new) {
        let (one, other) = (old.get(name), new.get(name));
        if one == other || DERIVED.contains(&name.as_str()) {
            continue;
        }
        match (one, other) {
            (Some(Value::Object(one)), Some(Value::Object(other))) if BY_ENTRY.contains(&name.as_str()) => {
                let entries =
                    names(one, other).into_iter().filter(|entry| one.get(*entry) != other.get(*entry));
                found.extend(entries.map(|entry| format!("{name}.{entry}")));
            }
            (Some(Value::Object(_)), Some(Value::Object(_))) if name == "network" => {
                found.insert("networks".to_owned());
            }
            _ => {
                found.insert(word(name).to_owned());
            }
        }
    }
    found.iter().filter(|name| !is_twin(name, &found)).cloned().collect()
}

fn fields((spec, own_labels): Made<'_>) -> Map<String, Value> {
    let mut spec = spec.clone();
    spec.labels = without_update_labels(own_labels);
    spec.environment.retain(|name, _| !is_volatile(name));
    // Maps with text keys always serialise.
    let mut fields = object(serde_json::to_value(spec));
    for (group, value) in object(Ok(fields.remove("settings").unwrap_or_default())) {
        match value {
            Value::Object(entries) if group != "logging" => fields.extend(entries),
            other => {
                fields.insert(format!("settings.{group}"), other);
            }
        }
    }
    fields
}

fn object(value: serde_json::Result<Value>) -> Map<String, Value> {
    match value {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    }
}

fn names<'a>(one: &'a Map<String, Value>, other: &'a Map<String, Value>) -> BTreeSet<&'a String> {
    one.keys().chain(other.keys()).collect()
}

/// The supervisor sets `RESIN_X` and `BALENA_X` alike; one of the two says it.
fn is_twin(name: &str, all: &BTreeSet<String>) -> bool {
    name.strip_prefix("environment.RESIN")
        .is_some_and(|rest| all.contains(&format!("environment.BALENA{rest}")))
}

/// The compose file's word for a field.
fn word(field: &str) -> &str {
    match field {
        "binds" | "settings.binds" => "volumes",
        "network" => "network_mode",
        "endpoints" => "networks",
        "stop_grace_ms" => "stop_grace_period",
        "settings.logging" => "logging",
        "settings.tmpfs" => "tmpfs",
        "security_options" => "security_opt",
        "groups" => "group_add",
        "pid_mode" => "pid",
        "ipc_mode" => "ipc",
        "uts_mode" => "uts",
        "cgroup_mode" => "cgroup",
        "dns_servers" => "dns",
        "dns_options" => "dns_opt",
        "memory_bytes" => "mem_limit",
        "memory_reservation_bytes" => "mem_reservation",
        "memory_swap_bytes" => "memswap_limit",
        "memory_swappiness_percent" => "mem_swappiness",
        "nano_cpus" => "cpus",
        "cpu_quota_us" => "cpu_quota",
        "cpu_period_us" => "cpu_period",
        "shm_size_bytes" => "shm_size",
        "device_requests" => "deploy.resources.reservations.devices",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::test_samples::{record, rendered, service};

    fn spec(change: impl FnOnce(&mut ContainerSpec)) -> ContainerSpec {
        let wanted = rendered(&record([("web", service())]));
        let mut spec = wanted.services.into_values().next().unwrap().spec;
        change(&mut spec);
        spec
    }

    fn differ(change: impl FnOnce(&mut ContainerSpec)) -> Vec<String> {
        let none = BTreeMap::new();
        differences((&spec(|_| {}), &none), (&spec(change), &none))
    }

    #[test]
    fn same_container_differs_in_nothing() {
        assert!(differ(|_| {}).is_empty());
    }

    #[test]
    fn changed_fields_are_named_as_in_a_compose_file_without_values() {
        let found = differ(|spec| {
            spec.image = "demo:2".to_owned();
            spec.environment.insert("PORT".to_owned(), "secret".to_owned());
            spec.stop_grace_ms = 1;
            spec.binds.clear();
            spec.network = super::super::container::Network::Host;
        });
        assert_eq!(found, ["environment.PORT", "image", "network_mode", "stop_grace_period", "volumes"]);
    }

    #[test]
    fn settings_are_named_one_by_one_whatever_group_they_are_in() {
        let found = differ(|spec| {
            spec.settings.privileges.privileged = true;
            spec.settings.privileges.pid_mode = "host".to_owned();
            spec.settings.resources.memory_bytes = 1;
            spec.settings.naming.hostname = "h".to_owned();
            spec.settings.logging = Some(crate::domain::settings::Logging {
                driver: "none".to_owned(),
                options: BTreeMap::new(),
            });
        });
        assert_eq!(found, ["hostname", "logging", "mem_limit", "pid", "privileged"]);
    }

    #[test]
    fn name_release_labels_and_version_of_the_supervisor_are_no_difference() {
        let found = differ(|spec| {
            spec.name = "other".to_owned();
            spec.labels.insert("io.supervisor.generation".to_owned(), "2".to_owned());
            spec.environment.insert("RESIN_SUPERVISOR_VERSION".to_owned(), "9".to_owned());
        });
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn own_label_and_a_variable_of_both_families_are_named_once() {
        let old = (&spec(|_| {}), &BTreeMap::from([("a".to_owned(), "1".to_owned())]));
        let renamed = spec(|spec| {
            for family in ["RESIN", "BALENA"] {
                spec.environment.insert(format!("{family}_APP_NAME"), "new".to_owned());
            }
        });
        let found = differences(old, (&renamed, &BTreeMap::new()));
        assert_eq!(found, ["environment.BALENA_APP_NAME", "labels.a"]);
    }
}
