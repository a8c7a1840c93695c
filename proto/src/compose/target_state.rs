//! The apps of a device's target state, as `GET /device/v3/<uuid>/state` answers it.
//!
//! Lenient where the contract is: fields that are not known are ignored outside of `composition`, ids are
//! marked deprecated there and may be absent, a fleet without a release is an app without services. What a
//! `composition` asks for and core cannot do is refused by its name, as in a compose file. One app that is
//! refused says nothing about the others.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    checks,
    document::{Document, volumes},
    networks,
    pairs::{self, Pairs},
    reader::{Dollars, Node, Reader},
    refusal::Refusals,
    service,
};
use crate::{
    ids::{AppId, ServiceName},
    v1,
};

/// What the builder of images reads of a composition; the state itself names the built image.
const OF_THE_BUILDER: [&str; 2] = ["build", "image"];
/// Services of a cloud get the API only when one of these labels asks for it; local ones unless it refuses.
const API_LABELS: [&str; 2] = ["io.balena.features.supervisor-api", "io.resin.features.supervisor-api"];

/// The target state of one device.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceState {
    /// The device's name.
    pub name: Option<String>,
    /// Configuration variables.
    pub config: HashMap<String, String>,
    /// Each app's uuid, and what was read.
    pub apps: Vec<(String, Result<App, Refusals>)>,
}

/// What an app of a target state is for core.
#[derive(Debug, Clone, PartialEq)]
pub enum App {
    /// A target to be applied; without services while the fleet has no release.
    Target(Box<v1::Target>),
    /// The host's own system, which is updated by the host.
    HostApp,
    /// A supervisor, which its own host service runs.
    SupervisorApp,
}

/// Reads the state of one device: the value under its uuid. `supervisor_apps` are the uuids of the apps by
/// which the cloud manages its own supervisor (one for each architecture); every service of theirs is left
/// out, whatever its name.
pub fn read_device_state(state: &Value, supervisor_apps: &[&str]) -> Result<DeviceState, Refusals> {
    let mut reader = Reader::new(Dollars::Literal);
    let mut device = DeviceState { name: None, config: HashMap::new(), apps: Vec::new() };
    for field in Node::root("", state).entries(&mut reader) {
        match field.key {
            "name" => device.name = field.text(&mut reader),
            "config" => device.config = pairs::read(&mut reader, &field, Pairs::Values),
            "apps" => {
                let apps = field.all_entries(&mut reader).into_iter();
                let read =
                    |app: Node<'_>| (app.key.to_owned(), read_app(app.key, app.value, supervisor_apps));
                device.apps = apps.map(read).collect();
            }
            _ => {}
        }
    }
    reader.finish(device)
}

/// Reads one app object of a device's state; paths in refusals begin at the app.
pub fn read_app(uuid: &str, app: &Value, supervisor_apps: &[&str]) -> Result<App, Refusals> {
    if supervisor_apps.contains(&uuid) {
        return Ok(App::SupervisorApp);
    }
    if app.get("is_host").and_then(Value::as_bool) == Some(true) {
        return Ok(App::HostApp);
    }
    let mut reader = Reader::new(Dollars::Literal);
    let mut target = v1::Target { app_uuid: uuid.to_owned(), name: uuid.to_owned(), ..v1::Target::default() };
    let mut id = None;
    for field in Node::root("", app).entries(&mut reader) {
        match field.key {
            "id" => id = Some(app_id(&mut reader, &field)),
            "name" => target.name = field.text(&mut reader).unwrap_or_default(),
            "releases" => releases(&mut reader, &field, &mut target),
            _ => {}
        }
    }
    match id {
        Some(id) => target.app_id = id.unwrap_or_default(),
        None if app.is_object() => reader.note("id", "is absent: the app's number names its data folder"),
        None => {}
    }
    reader.finish(App::Target(Box::new(target)))
}

fn app_id(reader: &mut Reader, field: &Node<'_>) -> Option<u64> {
    match field.value.as_u64().map(AppId::new) {
        Some(Ok(id)) => Some(id.get()),
        _ => reader.refuse(&field.path, "must be the number of an app"),
    }
}

/// One release, by its commit; none while the fleet has none.
fn releases(reader: &mut Reader, node: &Node<'_>, target: &mut v1::Target) {
    let entries = node.all_entries(reader);
    if entries.len() > 1 {
        reader.note(&node.path, "holds more than one release: which one should run is not said");
    }
    let Some(release) = entries.first() else { return };
    release.key.clone_into(&mut target.commit);
    let mut document = Document::default();
    // Paths begin at the release, as in a compose file: there is only one.
    for field in Node::root("", release.value).entries(reader) {
        match field.key {
            "id" => target.release_id = number(reader, &field),
            "services" => document.services = services(reader, &field),
            "volumes" => document.volumes = volumes(reader, &field),
            "networks" => document.networks = networks::read(reader, &field),
            _ => {}
        }
    }
    checks::across_services(reader, &document);
    target.services = document.services;
    target.volumes = document.volumes;
    target.networks = document.networks;
}

fn number(reader: &mut Reader, field: &Node<'_>) -> u64 {
    let read = field.value.as_u64();
    if read.is_none() {
        reader.note(&field.path, "must be a number");
    }
    read.unwrap_or_default()
}

fn services(reader: &mut Reader, node: &Node<'_>) -> HashMap<String, v1::Service> {
    let mut services = HashMap::new();
    for entry in node.all_entries(reader) {
        match ServiceName::parse(entry.key) {
            Ok(name) => {
                let service = one_service(reader, &entry);
                services.insert(name.to_string(), service);
            }
            Err(error) => reader.note(&entry.path, format!("is no service name: {error}")),
        }
    }
    services
}

/// The composition is read as a service of a compose file is, with what the state itself says on top.
fn one_service(reader: &mut Reader, node: &Node<'_>) -> v1::Service {
    let absent = Value::Null;
    let part = |name: &str| node.value.get(name).unwrap_or(&absent);
    let composition = part("composition");
    if !composition.is_null() && !composition.is_object() {
        reader.note(&format!("{}.composition", node.path), "must be a mapping");
    }
    let mut fields = composition.as_object().cloned().unwrap_or_default();
    fields.retain(|name, _| !OF_THE_BUILDER.contains(&name.as_str()));
    if !part("image").is_null() {
        fields.insert("image".to_owned(), part("image").clone());
    }
    let fields = Value::Object(fields);
    let mut service = service::read(reader, &Node { path: node.path.clone(), key: node.key, value: &fields });
    service.environment.extend(own_pairs(reader, node, "environment", Pairs::Environment));
    service.labels.extend(own_pairs(reader, node, "labels", Pairs::Labels));
    give_api_only_when_asked(&mut service.labels);
    for field in node.entries(reader) {
        match field.key {
            "id" => service.service_id = number(reader, &field),
            "image_id" => service.image_id = number(reader, &field),
            "running" => service.stopped = field.flag(reader) == Some(false),
            _ => {}
        }
    }
    service
}

fn own_pairs(reader: &mut Reader, node: &Node<'_>, name: &str, kind: Pairs) -> HashMap<String, String> {
    let field = node.entries(reader).into_iter().find(|field| field.key == name);
    field.map(|field| pairs::read(reader, &field, kind)).unwrap_or_default()
}

fn give_api_only_when_asked(labels: &mut HashMap<String, String>) {
    let asks =
        |name: &str| labels.get(name).is_some_and(|value| matches!(value.as_str(), "1" | "true" | "on"));
    if !API_LABELS.into_iter().any(asks) {
        labels.insert("io.balena.features.supervisor-api".to_owned(), "0".to_owned());
    }
}
