//! One service.

use serde_json::Value;

use super::{
    attachments, command, depends_on, duration, healthcheck,
    pairs::{self, Pairs},
    ports,
    reader::{Dollars, Node, Reader},
    refusal::Refusals,
    restart, settings, signal, volumes,
};
use crate::v1;

/// Reads one service object, as a compose file or a cloud target's `composition` has it; `path` is
/// where it stands, for the refusals. What needs its neighbours (volumes, dependencies, ports of
/// other services) is not checked here.
pub fn read_service(path: &str, value: &Value, dollars: Dollars) -> Result<v1::Service, Refusals> {
    let mut reader = Reader::new(dollars);
    let service = read(&mut reader, &Node::root(path, value));
    reader.finish(service)
}

pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> v1::Service {
    let mut service = v1::Service::default();
    let mut has_image = !node.value.is_object();
    for field in node.entries(reader) {
        has_image |= field.key == "image";
        read_field(reader, &field, &mut service);
    }
    if !has_image {
        reader.note(&node.path, "has no image");
    }
    if !service.networks.is_empty() && !service.network_mode.is_empty() {
        reader
            .note(&format!("{}.networks", node.path), "cannot stand beside network_mode: remove one of them");
    }
    if matches!(service.network_mode.as_str(), "host" | "none") && !service.ports.is_empty() {
        let message = format!("has no effect with network_mode {}: remove one of them", service.network_mode);
        reader.note(&format!("{}.ports", node.path), message);
    }
    settings::check(reader, &node.path, &service);
    service
}

fn read_field(reader: &mut Reader, field: &Node<'_>, service: &mut v1::Service) {
    match field.key {
        "image" => service.image = image(reader, field).unwrap_or_default(),
        "command" => service.command = command::read(reader, field),
        "entrypoint" => service.entrypoint = command::read(reader, field),
        "environment" => service.environment = pairs::read(reader, field, Pairs::Environment),
        "labels" => service.labels = pairs::read(reader, field, Pairs::Labels),
        "ports" => service.ports = ports::read(reader, field),
        "volumes" => volumes::read(reader, field, service),
        "network_mode" => service.network_mode = network_mode(reader, field).unwrap_or_default(),
        "networks" => service.networks = attachments::read(reader, field),
        "restart" => service.restart = restart::read(reader, field),
        "depends_on" => depends_on::read(reader, field, service),
        "user" => service.user = user(reader, field).unwrap_or_default(),
        "working_dir" => service.working_dir = working_dir(reader, field).unwrap_or_default(),
        "healthcheck" => service.healthcheck = Some(healthcheck::read(reader, field)),
        "stop_signal" => service.stop_signal = signal::read(reader, field).unwrap_or_default(),
        "stop_grace_period" => service.stop_grace_period_ms = duration::read(reader, field),
        // What is left of them when a document comes without its surroundings.
        "env_file" | "profiles" => {
            reader.note(&field.path, "means something to a compose file of the local tool only");
        }
        _ => settings::read(reader, field, service),
    }
}

/// The engine parses a reference in full; this only keeps out what cannot be one.
fn image(reader: &mut Reader, node: &Node<'_>) -> Option<String> {
    let text = node.text(reader)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_/:@[]+".contains(&b);
    if text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') && text.bytes().all(plain) {
        Some(text)
    } else {
        reader.refuse(&node.path, "must be an image such as name:tag or host/name@sha256:…")
    }
}

fn network_mode(reader: &mut Reader, node: &Node<'_>) -> Option<String> {
    let text = node.text(reader)?;
    if ["service:", "container:"].iter().any(|start| text.starts_with(start)) {
        return reader.refuse(
            &node.path,
            "cannot join another container, whose network is gone whenever that one is made anew",
        );
    }
    if matches!(text.as_str(), "host" | "none" | "bridge") {
        Some(text)
    } else {
        reader.refuse(&node.path, format!("is {text:?}, only host, none and bridge are supported yet"))
    }
}

fn user(reader: &mut Reader, node: &Node<'_>) -> Option<String> {
    let text = node.scalar(reader)?;
    let (user, group) = text.split_once(':').unwrap_or((&text, "0"));
    let plain = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c == ':' || c.is_control())
    };
    if plain(user) && plain(group) {
        Some(text)
    } else {
        reader.refuse(&node.path, "must be a user or user:group, by name or number")
    }
}

fn working_dir(reader: &mut Reader, node: &Node<'_>) -> Option<String> {
    let text = node.text(reader)?;
    if !text.starts_with('/') {
        return reader.refuse(&node.path, "must be an absolute path");
    }
    if text.split('/').any(|part| part == "..") {
        return reader.refuse(&node.path, "must not contain ..");
    }
    Some(text)
}
