//! `networks` of the document. <https://docs.docker.com/reference/compose-file/networks/>

use std::collections::HashMap;

use super::{
    pairs::{self, Pairs},
    reader::{Node, Reader},
};
use crate::{ids::NetworkName, v1};

/// All networks, by name.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> HashMap<String, v1::Network> {
    let mut networks = HashMap::new();
    for entry in node.all_entries(reader) {
        match NetworkName::parse(entry.key) {
            Ok(name) => {
                let plain = entry.value.is_null();
                let network = if plain { v1::Network::default() } else { network(reader, &entry) };
                networks.insert(name.to_string(), network);
            }
            Err(error) => reader.note(&entry.path, format!("is no network name: {error}")),
        }
    }
    networks
}

fn network(reader: &mut Reader, node: &Node<'_>) -> v1::Network {
    let mut network = v1::Network::default();
    let mut name = None;
    let fields = node.entries(reader);
    for field in &fields {
        match field.key {
            "external" => network.external = field.flag(reader).unwrap_or(false),
            "name" => name = Some(field),
            "driver" => network.driver = field.text(reader).unwrap_or_default(),
            "driver_opts" => network.driver_opts = options(reader, field),
            "internal" => network.internal = field.flag(reader).unwrap_or(false),
            "attachable" => network.attachable = field.flag(reader).unwrap_or(false),
            "enable_ipv6" => network.enable_ipv6 = field.flag(reader).unwrap_or(false),
            "labels" => network.labels = pairs::read(reader, field, Pairs::Labels),
            "ipam" => network.ipam = Some(ipam(reader, field)),
            _ => reader.unknown(field),
        }
    }
    if network.external {
        let foreign = |key: &str| !matches!(key, "external" | "name") && !key.starts_with("x-");
        for field in fields.iter().filter(|field| foreign(field.key)) {
            reader.note(&field.path, "has no effect on an external network: remove one of them");
        }
    }
    if let Some(field) = name {
        external_name(reader, field, &mut network);
    }
    network
}

fn external_name(reader: &mut Reader, field: &Node<'_>, network: &mut v1::Network) {
    if !network.external {
        reader.note(&field.path, "is only supported together with external: true");
        return;
    }
    let text = field.text(reader);
    match text.as_deref().map(NetworkName::parse) {
        Some(Ok(name)) => name.as_str().clone_into(&mut network.external_name),
        Some(Err(error)) => reader.note(&field.path, format!("is no network name: {error}")),
        None => {}
    }
}

/// A mapping of text, numbers and booleans.
fn options(reader: &mut Reader, node: &Node<'_>) -> HashMap<String, String> {
    let entries = node.entries(reader);
    entries.iter().filter_map(|entry| Some((entry.key.to_owned(), entry.scalar(reader)?))).collect()
}

fn ipam(reader: &mut Reader, node: &Node<'_>) -> v1::NetworkIpam {
    let mut ipam = v1::NetworkIpam::default();
    for field in node.entries(reader) {
        match field.key {
            "driver" => ipam.driver = field.text(reader).unwrap_or_default(),
            "options" => ipam.options = options(reader, &field),
            "config" => {
                let items = field.items(reader);
                ipam.pools = items.iter().map(|item| pool(reader, item)).collect();
            }
            _ => reader.unknown(&field),
        }
    }
    ipam
}

fn pool(reader: &mut Reader, node: &Node<'_>) -> v1::NetworkPool {
    let mut pool = v1::NetworkPool::default();
    for field in node.entries(reader) {
        match field.key {
            "subnet" => pool.subnet = field.text(reader).unwrap_or_default(),
            "gateway" => pool.gateway = field.text(reader).unwrap_or_default(),
            "ip_range" => pool.ip_range = field.text(reader).unwrap_or_default(),
            "aux_addresses" => pool.aux_addresses = options(reader, &field),
            _ => reader.unknown(&field),
        }
    }
    pool
}
