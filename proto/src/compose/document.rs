//! A whole compose document.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{
    checks, networks,
    reader::{Dollars, Node, Reader},
    refusal::Refusals,
    service, volume,
};
use crate::{
    ids::{AppId, ServiceName, VolumeName},
    v1,
};

const NAME_MAX_BYTES: usize = 255;

/// A compose document that was accepted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The document's own `name`.
    pub name: Option<String>,
    /// By name; never empty once read.
    pub services: HashMap<String, v1::Service>,
    /// By name.
    pub volumes: HashMap<String, v1::Volume>,
    /// By name.
    pub networks: HashMap<String, v1::Network>,
}

impl Document {
    /// The target of the app `app_id`; ids that a compose document does not have are left to core.
    pub fn into_target(self, app_id: AppId, name: String) -> v1::Target {
        v1::Target {
            app_id: app_id.get(),
            name,
            services: self.services,
            volumes: self.volumes,
            networks: self.networks,
            ..v1::Target::default()
        }
    }
}

/// Reads a local compose document, or tells everything that is wrong with it.
pub fn read_document(value: &Value) -> Result<Document, Refusals> {
    let mut reader = Reader::new(Dollars::Compose);
    let mut document = Document::default();
    let root = Node::root("", value);
    for field in root.entries(&mut reader) {
        match field.key {
            "name" => document.name = name(&mut reader, &field),
            "services" => document.services = services(&mut reader, &field),
            "networks" => document.networks = networks::read(&mut reader, &field),
            "volumes" => document.volumes = volumes(&mut reader, &field),
            // Obsolete and without effect, as in compose.
            "version" => drop(field.scalar(&mut reader)),
            _ => reader.unknown(&field),
        }
    }
    let services = value.get("services").unwrap_or(&Value::Null);
    if value.is_object() && (services.is_null() || services.as_object().is_some_and(Map::is_empty)) {
        reader.note("services", "is empty: an app has at least one service");
    }
    checks::across_services(&mut reader, &document);
    reader.finish(document)
}

fn name(reader: &mut Reader, node: &Node<'_>) -> Option<String> {
    let text = node.text(reader)?;
    if text.is_empty() || text.len() > NAME_MAX_BYTES || text.contains(char::is_control) {
        return reader.refuse(&node.path, "must have 1 to 255 bytes and no control character");
    }
    Some(text)
}

fn services(reader: &mut Reader, node: &Node<'_>) -> HashMap<String, v1::Service> {
    let mut services = HashMap::new();
    for entry in node.all_entries(reader) {
        match ServiceName::parse(entry.key) {
            Ok(name) => {
                let service = service::read(reader, &entry);
                services.insert(name.to_string(), service);
            }
            Err(error) => reader.note(&entry.path, format!("is no service name: {error}")),
        }
    }
    services
}

pub(super) fn volumes(reader: &mut Reader, node: &Node<'_>) -> HashMap<String, v1::Volume> {
    let mut volumes = HashMap::new();
    for entry in node.all_entries(reader) {
        match VolumeName::parse(entry.key) {
            Ok(name) => {
                volumes.insert(name.to_string(), volume::read(reader, &entry));
            }
            Err(error) => reader.note(&entry.path, format!("is no volume name: {error}")),
        }
    }
    volumes
}
