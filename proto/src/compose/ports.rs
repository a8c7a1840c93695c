//! `ports`, in the short and the long syntax.
//! <https://docs.docker.com/reference/compose-file/services/#ports>

use std::{net::IpAddr, ops::RangeInclusive};

use serde_json::Value;

use super::reader::{Node, Reader};
use crate::v1;

/// More published ports than this in one service are a mistake: the engine runs a process for each.
const MAX_PORTS: usize = 1024;
const SHORT: &str = "must look like [address:][host port:]container port[/tcp|udp|sctp], with ports from 1 to 65535; a range has as many host as container ports";

/// All ports of a service.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> Vec<v1::Port> {
    let mut ports: Vec<v1::Port> = Vec::new();
    for item in node.items(reader) {
        let read = match item.value {
            Value::Object(_) => long(reader, &item).map(|port| vec![port]),
            Value::String(_) | Value::Number(_) => item.scalar(reader).and_then(|text| {
                let parsed = short(&text);
                if parsed.is_none() { reader.refuse(&item.path, SHORT) } else { parsed }
            }),
            _ => reader.refuse(&item.path, "must be a string, a number or a mapping"),
        };
        ports.extend(read.unwrap_or_default());
        if ports.len() > MAX_PORTS {
            reader.note(&node.path, format!("publishes more than {MAX_PORTS} ports"));
            return Vec::new();
        }
    }
    ports
}

fn short(text: &str) -> Option<Vec<v1::Port>> {
    let (text, protocol) = match text.rsplit_once('/') {
        Some((text, protocol)) => (text, self::protocol(protocol)?),
        None => (text, "tcp"),
    };
    let (host, container) = match text.rsplit_once(':') {
        Some((host, container)) => (Some(host), range(container)?),
        None => (None, range(text)?),
    };
    let (host_address, published) = match host {
        None => (String::new(), None),
        Some(host) => match host.rsplit_once(':') {
            None => (String::new(), Some(range(host)?)),
            Some((address, "")) => (self::address(address)?, None),
            Some((address, published)) => (self::address(address)?, Some(range(published)?)),
        },
    };
    if published.as_ref().is_some_and(|published| published.len() != container.len())
        || container.len() > MAX_PORTS + 1
    {
        return None;
    }
    let first = *container.start();
    let port = |container_port: u16| {
        let host_port = published.as_ref().map_or(0, |range| range.start() + (container_port - first));
        v1::Port {
            host_address: host_address.clone(),
            host_port: host_port.into(),
            container_port: container_port.into(),
            protocol: protocol.to_owned(),
        }
    };
    Some(container.map(port).collect())
}

fn long(reader: &mut Reader, node: &Node<'_>) -> Option<v1::Port> {
    let mut port = v1::Port { protocol: "tcp".to_owned(), ..v1::Port::default() };
    for field in node.entries(reader) {
        match field.key {
            "target" => port.container_port = one(reader, &field).unwrap_or(1),
            "published" => port.host_port = one(reader, &field).unwrap_or(0),
            "host_ip" => {
                let text = field.text(reader);
                match text.as_deref().map(address) {
                    Some(Some(address)) => port.host_address = address,
                    Some(None) => reader.note(&field.path, "must be an IP address"),
                    None => {}
                }
            }
            "protocol" => {
                let text = field.text(reader);
                match text.as_deref().map(protocol) {
                    Some(Some(protocol)) => protocol.clone_into(&mut port.protocol),
                    Some(None) => reader.note(&field.path, "must be tcp, udp or sctp"),
                    None => {}
                }
            }
            // On one device both mean the same: publish on this host.
            "mode" if matches!(field.value.as_str(), Some("host" | "ingress")) => {}
            "mode" => reader.note(&field.path, "must be host or ingress"),
            _ => reader.unknown(&field),
        }
    }
    if port.container_port == 0 {
        return reader.refuse(&node.path, "has no target, the container's port");
    }
    Some(port)
}

fn one(reader: &mut Reader, node: &Node<'_>) -> Option<u32> {
    let text = node.scalar(reader)?;
    match number(&text) {
        Some(port) => Some(port.into()),
        None => reader.refuse(&node.path, "must be one port from 1 to 65535"),
    }
}

fn protocol(text: &str) -> Option<&'static str> {
    ["tcp", "udp", "sctp"].into_iter().find(|known| *known == text)
}

/// Empty means every address; an IPv6 address may stand in brackets.
fn address(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if bare.is_empty() {
        return text.is_empty().then(String::new);
    }
    bare.parse::<IpAddr>().ok().map(|address| address.to_string())
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = number(first)?..=number(last)?;
    (!range.is_empty()).then_some(range)
}

fn number(text: &str) -> Option<u16> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok().filter(|port| *port > 0) } else { None }
}
