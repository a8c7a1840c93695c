//! A target's networks from the wire, checked field by field.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use supervisor_proto::{ids::NetworkName, v1};

use super::target::{invalid, plain};
use crate::{
    domain::{
        network::{AppNetwork, Attachment, NetworkOptions, Pool},
        target::NetworkMode,
    },
    error::CoreError,
};

/// Networks that every engine has; a service gets on them by its network mode.
const BUILT_IN: [&str; 3] = ["bridge", "host", "none"];
/// More networks than any app needs; the engine has addresses for about thirty.
const MAX_NETWORKS: usize = 64;

/// The target's networks, by name.
pub fn from_wire(wire: HashMap<String, v1::Network>) -> Result<BTreeMap<NetworkName, AppNetwork>, CoreError> {
    if wire.len() > MAX_NETWORKS {
        return Err(invalid("networks", format!("there are more than {MAX_NETWORKS}")));
    }
    wire.into_iter()
        .map(|(name, network)| {
            let name = NetworkName::parse(&name)?;
            let network = network_of(&format!("networks.{name}"), &name, network)?;
            Ok((name, network))
        })
        .collect()
}

fn network_of(path: &str, name: &NetworkName, wire: v1::Network) -> Result<AppNetwork, CoreError> {
    if wire.external {
        let external = if wire.external_name.is_empty() { name.as_str() } else { &wire.external_name };
        let external = NetworkName::parse(external)?.to_string();
        if BUILT_IN.contains(&external.as_str()) {
            return Err(invalid(path, format!("{external} is reached by network_mode")));
        }
        return Ok(AppNetwork::External(external));
    }
    let ipam = wire.ipam.unwrap_or_default();
    for (field, driver) in [("driver", &wire.driver), ("ipam.driver", &ipam.driver)] {
        if driver.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(invalid(format!("{path}.{field}"), "it is no driver's name"));
        }
    }
    if let Some(label) = wire.labels.keys().find(|l| l.is_empty() || l.starts_with("io.supervisor.")) {
        return Err(invalid(format!("{path}.labels"), format!("label '{label}' is reserved")));
    }
    for (key, value) in wire.driver_opts.iter().chain(&wire.labels).chain(&ipam.options) {
        plain(path, key)?;
        plain(path, value)?;
    }
    let pools = ipam.pools.into_iter().map(|p| pool(&format!("{path}.ipam.config"), p));
    Ok(AppNetwork::Own(Box::new(NetworkOptions {
        // The engine's default by another word makes no other network.
        driver: if wire.driver == "bridge" { String::new() } else { wire.driver },
        driver_options: wire.driver_opts.into_iter().collect(),
        internal: wire.internal,
        attachable: wire.attachable,
        ipv6: wire.enable_ipv6,
        labels: wire.labels.into_iter().collect(),
        ipam_driver: if ipam.driver == "default" { String::new() } else { ipam.driver },
        ipam_options: ipam.options.into_iter().collect(),
        pools: pools.collect::<Result<_, _>>()?,
    })))
}

fn pool(path: &str, wire: v1::NetworkPool) -> Result<Pool, CoreError> {
    for (field, text) in [("subnet", &wire.subnet), ("ip_range", &wire.ip_range)] {
        if !text.is_empty() && !is_subnet(text) {
            return Err(invalid(format!("{path}.{field}"), "it is not an address with a prefix length"));
        }
    }
    let gateway = Some(("gateway", &wire.gateway)).filter(|(_, text)| !text.is_empty());
    let aux = wire.aux_addresses.values().map(|text| ("aux_addresses", text));
    for (field, text) in gateway.into_iter().chain(aux) {
        if text.parse::<IpAddr>().is_err() {
            return Err(invalid(format!("{path}.{field}"), "it is not an IP address"));
        }
    }
    if wire.subnet.is_empty() && !(wire.gateway.is_empty() && wire.ip_range.is_empty()) {
        return Err(invalid(path, "a gateway or range needs a subnet"));
    }
    Ok(Pool {
        subnet: wire.subnet,
        gateway: wire.gateway,
        ip_range: wire.ip_range,
        aux_addresses: wire.aux_addresses.into_iter().collect(),
    })
}

fn is_subnet(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.parse::<u8>().is_ok_and(|length| length <= most)
}

/// The networks that a service is on.
pub fn attachments(
    path: &str,
    wire: HashMap<String, v1::NetworkAttachment>,
    mode: NetworkMode,
    networks: &BTreeMap<NetworkName, AppNetwork>,
) -> Result<BTreeMap<NetworkName, Attachment>, CoreError> {
    if !wire.is_empty() && mode != NetworkMode::App {
        return Err(invalid(path, "they cannot stand beside network_mode"));
    }
    wire.into_iter()
        .map(|(name, attachment)| {
            let name = NetworkName::parse(&name)?;
            let path = format!("{path}.{name}");
            let attachment = attachment_of(&path, attachment)?;
            let fixed = !(attachment.ipv4_address.is_empty() && attachment.ipv6_address.is_empty());
            let has_subnet = match networks.get(&name) {
                Some(AppNetwork::Own(options)) => options.pools.iter().any(|pool| !pool.subnet.is_empty()),
                Some(AppNetwork::External(_)) => true,
                None => false,
            };
            if fixed && !has_subnet {
                return Err(invalid(path, "a fixed address needs a subnet under the network's ipam"));
            }
            Ok((name, attachment))
        })
        .collect()
}

fn attachment_of(path: &str, wire: v1::NetworkAttachment) -> Result<Attachment, CoreError> {
    let is_name = |alias: &String| {
        !alias.is_empty()
            && alias.len() <= 255
            && !alias.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    if !wire.aliases.iter().all(is_name) {
        return Err(invalid(format!("{path}.aliases"), "an alias is a name without spaces"));
    }
    let is = |text: &String, fits: fn(&IpAddr) -> bool| text.parse().is_ok_and(|address| fits(&address));
    if !wire.ipv4_address.is_empty() && !is(&wire.ipv4_address, IpAddr::is_ipv4) {
        return Err(invalid(format!("{path}.ipv4_address"), "it is not an IPv4 address"));
    }
    if !wire.ipv6_address.is_empty() && !is(&wire.ipv6_address, IpAddr::is_ipv6) {
        return Err(invalid(format!("{path}.ipv6_address"), "it is not an IPv6 address"));
    }
    if !wire.link_local_ips.iter().all(|text| is(text, |_| true)) {
        return Err(invalid(format!("{path}.link_local_ips"), "one of them is not an IP address"));
    }
    if !wire.mac_address.is_empty() && !is_mac(&wire.mac_address) {
        return Err(invalid(format!("{path}.mac_address"), "it is not six pairs of hexadecimal digits"));
    }
    Ok(Attachment {
        aliases: wire.aliases,
        ipv4_address: wire.ipv4_address,
        ipv6_address: wire.ipv6_address,
        link_local_ips: wire.link_local_ips,
        mac_address: wire.mac_address,
        priority: wire.priority,
    })
}

fn is_mac(text: &str) -> bool {
    let pair = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
    text.split(':').count() == 6 && text.split(':').all(pair)
}

#[cfg(test)]
#[path = "networks_tests.rs"]
mod tests;
