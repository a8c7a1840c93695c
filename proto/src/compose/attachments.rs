//! `networks` of a service: a list of names, or a mapping that says how it is on each.
//! <https://docs.docker.com/reference/compose-file/services/#networks>

use std::collections::HashMap;

use serde_json::Value;

use super::reader::{Node, Reader};
use crate::v1::NetworkAttachment;

/// The networks that a service is on, by name.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> HashMap<String, NetworkAttachment> {
    match node.value {
        Value::Array(_) => {
            node.texts(reader).into_iter().map(|name| (name, NetworkAttachment::default())).collect()
        }
        Value::Object(_) => {
            let entries = node.all_entries(reader);
            entries.iter().map(|entry| (entry.key.to_owned(), attachment(reader, entry))).collect()
        }
        _ => reader.refuse(&node.path, "must be a list or a mapping").unwrap_or_default(),
    }
}

fn attachment(reader: &mut Reader, node: &Node<'_>) -> NetworkAttachment {
    let mut attachment = NetworkAttachment::default();
    if node.value.is_null() {
        return attachment;
    }
    for field in node.entries(reader) {
        match field.key {
            "aliases" => attachment.aliases = field.texts(reader),
            "ipv4_address" => attachment.ipv4_address = field.text(reader).unwrap_or_default(),
            "ipv6_address" => attachment.ipv6_address = field.text(reader).unwrap_or_default(),
            "link_local_ips" => attachment.link_local_ips = field.texts(reader),
            "mac_address" => attachment.mac_address = field.text(reader).unwrap_or_default(),
            "priority" => attachment.priority = priority(reader, &field).unwrap_or_default(),
            _ => reader.unknown(&field),
        }
    }
    attachment
}

fn priority(reader: &mut Reader, node: &Node<'_>) -> Option<i32> {
    match node.value.as_i64().map(i32::try_from) {
        Some(Ok(priority)) => Some(priority),
        _ => reader.refuse(&node.path, "must be a whole number"),
    }
}
