//! Networks: those a container is on, and those that core would make.

use serde_json::{Map, Value, json};
use supervisor_proto::policy::NetworkGrant;

use super::{
    Connect,
    case::Case,
    shape::{is_text_map, is_texts},
    wish::without_values,
};
use crate::domain::wanted::SUPERVISOR_NETWORK;

const BRIDGE: &str = "bridge";
const DEFAULT_IPAM: &str = "default";
/// Options of a bridge that concern nobody outside it.
const BRIDGE_OPTIONS: [&str; 2] = ["com.docker.network.driver.mtu", "com.docker.network.bridge.enable_icc"];

/// `NetworkMode` of a container.
pub(super) fn check_mode(case: &mut Case<'_>, value: &Value) {
    match value.as_str() {
        Some("host" | "none" | "bridge") => {}
        Some(mode) if mode.contains(':') => {
            case.never("network_mode", format!("{mode} is the network of something else"));
        }
        Some(name) => joined(case, "network_mode", name),
        None => case.expect("network_mode", false),
    }
}

/// A key of `NetworkingConfig`.
pub(super) fn networking_key(case: &mut Case<'_>, key: &str, value: &Value) {
    let Some(endpoints) = value.as_object().filter(|_| key == "EndpointsConfig") else {
        return case.unknown(&format!("NetworkingConfig.{key}"));
    };
    for (name, endpoint) in endpoints {
        joined(case, "networks", name);
        case.each("networks", endpoint, endpoint_key);
    }
}

/// A connection that is made before the container starts.
pub(super) fn check_connect(case: &mut Case<'_>, connect: &Connect) {
    let shared = connect.network == SUPERVISOR_NETWORK;
    if !shared {
        joined(case, "networks", &connect.network);
    }
    let Some(fields) = connect.body.as_object() else { return case.expect("networks", false) };
    for (key, value) in fields {
        match key.as_str() {
            "Container" => case.expect("networks", value.is_string()),
            "EndpointConfig" if !shared => case.each("networks", value, endpoint_key),
            // Under a name of its choice it could pass for another app.
            "EndpointConfig" => case.expect("networks", value.as_object().is_some_and(Map::is_empty)),
            _ => case.unknown(&format!("connect.{key}")),
        }
    }
}

fn endpoint_key(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        "Aliases" => case.expect("networks", is_texts(value)),
        "MacAddress" => case.expect("networks", value.is_string()),
        "IPAMConfig" => case.each("networks", value, |case, key, value| match key {
            "IPv4Address" | "IPv6Address" => case.expect("networks", value.is_string()),
            "LinkLocalIPs" => case.expect("networks", is_texts(value)),
            _ => case.unknown(&format!("IPAMConfig.{key}")),
        }),
        _ => case.unknown(&format!("EndpointsConfig.{key}")),
    }
}

fn joined(case: &mut Case<'_>, field: &str, name: &str) {
    if let Some(body) = case.judge.requests.networks.get(name) {
        return check(case, name, body);
    }
    if !case.granted(|grant| grant.networks.iter().any(|network| network.name == name)) {
        let why = format!("the network {name} is not the app's own and needs the owner's grant");
        case.needs(field, why, "networks", json!([{ "name": name }]));
    }
}

/// A network that core would make: a plain bridge of the app's own name, or as granted in all its options.
pub(super) fn check(case: &mut Case<'_>, name: &str, body: &Value) {
    case.each("networks", body, |case, key, value| match key {
        "Name" | "Driver" => case.expect("networks", value.is_string()),
        "CheckDuplicate" | "Internal" | "EnableIPv6" | "EnableIPv4" | "Attachable" => {
            case.expect("networks", value.is_boolean());
        }
        "Labels" | "Options" => case.expect("networks", is_text_map(value)),
        "IPAM" => case.each("networks", value, ipam_key),
        _ => case.unknown(&format!("networks.{key}")),
    });
    case.expect("networks", body.get("Name").and_then(Value::as_str) == Some(name));
    let empty = Map::new();
    let driver =
        body.get("Driver").and_then(Value::as_str).filter(|driver| !driver.is_empty()).unwrap_or(BRIDGE);
    let options = body.get("Options").and_then(Value::as_object).unwrap_or(&empty);
    let subnets: Vec<&str> = subnets(body).collect();
    let harmless = |name: &String| BRIDGE_OPTIONS.contains(&name.as_str());
    let is_plain = driver == BRIDGE
        && options.keys().all(harmless)
        && name.starts_with(&format!("{}_", case.app()))
        && subnets.is_empty();
    let allows = |network: &NetworkGrant| {
        let same = network.driver_opts.iter().all(|(name, value)| options.get(name) == Some(&json!(value)));
        network.name == name
            && network.driver.as_deref().unwrap_or(BRIDGE) == driver
            && same
            && network.driver_opts.len() == options.len()
            && subnets.iter().all(|subnet| network.subnets.contains(*subnet))
    };
    if !is_plain && !case.granted(|grant| grant.networks.iter().any(allows)) {
        let why =
            format!("the network {name} is not a plain bridge of the app's own and needs the owner's grant");
        case.needs("networks", why, "networks", json!([wish(name, driver, options, &subnets)]));
    }
}

fn wish(name: &str, driver: &str, options: &Map<String, Value>, subnets: &[&str]) -> Value {
    let mut wish = Map::from_iter([("name".to_owned(), json!(name))]);
    if driver != BRIDGE {
        wish.insert("driver".to_owned(), json!(driver));
    }
    if !options.is_empty() {
        wish.insert("driver_opts".to_owned(), without_values(options));
    }
    if !subnets.is_empty() {
        wish.insert("subnets".to_owned(), json!(subnets));
    }
    Value::Object(wish)
}

fn ipam_key(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        "Driver" => case.expect("networks", value.as_str() == Some(DEFAULT_IPAM)),
        "Config" => {
            let Some(pools) = value.as_array() else { return case.expect("networks", false) };
            for pool in pools {
                case.each("networks", pool, pool_key);
            }
        }
        _ => case.unknown(&format!("IPAM.{key}")),
    }
}

fn pool_key(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        "Subnet" | "IPRange" | "Gateway" => case.expect("networks", value.is_string()),
        "AuxiliaryAddresses" => case.expect("networks", is_text_map(value)),
        _ => case.unknown(&format!("IPAM.Config.{key}")),
    }
}

/// The host sends what is for a network's subnet to that network: one of the target's choice could catch what
/// the device sends to its cloud, or to its neighbours. Without one the engine chooses what is free.
fn subnets(body: &Value) -> impl Iterator<Item = &str> {
    let pools = body.pointer("/IPAM/Config").and_then(Value::as_array).into_iter().flatten();
    pools.filter_map(|pool| pool.get("Subnet")?.as_str())
}
