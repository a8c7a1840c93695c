//! What the server holds: one fleet, its releases, its devices, and what they have told.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use serde_json::{Map, Value, json};

use crate::{fault::Fault, route::Route, seen::Seen};

/// The key that may register devices.
pub(crate) const PROVISIONING_KEY: &str = "CpyQGEFSxku624QDF4b57trXu6dTWdwx";
/// A user's key, which may do whatever there is to do with the fleet's devices.
pub(crate) const USER_KEY: &str = "8RQTnqvZCyCLmXJYpRUR0Al3vvsGZQcn";
/// The fleet's number, unless a test wants another.
pub(crate) const FLEET_ID: u64 = 1667;
/// The fleet's uuid.
pub(crate) const FLEET_UUID: &str = "2fa384cfcefb49e69e0669e3f88d1cf5";
/// The fleet's name.
pub(crate) const FLEET_NAME: &str = "fleet-96e475";

/// A release of the fleet.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its commit.
    pub commit: String,
    /// Its number.
    pub id: u64,
    /// `services`, `volumes` and `networks`, as they go out.
    pub content: Value,
}

impl Release {
    /// Where the image of each service is, without its digest.
    pub(crate) fn images(&self) -> impl Iterator<Item = &str> {
        let services = self.content.get("services").and_then(Value::as_object);
        services
            .into_iter()
            .flat_map(Map::values)
            .filter_map(|service| service.get("image").and_then(Value::as_str))
            .map(without_digest)
    }
}

pub(crate) fn without_digest(image: &str) -> &str {
    image.split('@').next().unwrap_or(image)
}

/// A line of a device's log, as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine(pub Value);

impl LogLine {
    /// The message.
    pub fn message(&self) -> &str {
        self.0.get("message").and_then(Value::as_str).unwrap_or_default()
    }
}

/// A registered device.
#[derive(Debug, Clone)]
pub struct Device {
    /// Its uuid.
    pub uuid: String,
    /// Its number.
    pub id: u64,
    /// Its own key.
    pub key: String,
    /// What it said when it was registered.
    pub registration: Value,
    /// What it has reported since, field by field, the last word of each.
    pub state: Map<String, Value>,
    /// Every report that was accepted.
    pub reports: Vec<Value>,
    /// Lines of its log.
    pub log: Vec<LogLine>,
    /// The commit that it is pinned to.
    pub pinned: Option<String>,
    /// It is deleted: asked for its state the server says 304.
    pub deleted: bool,
}

impl Device {
    /// The last word on a field of a report.
    pub fn reported(&self, field: &str) -> Option<&Value> {
        self.state.get(field)
    }

    /// What it last reported of a release of the fleet.
    pub fn release(&self, commit: &str) -> Option<&Value> {
        self.reported("apps")?.get(FLEET_UUID)?.get("releases")?.get(commit)
    }

    /// The status that it last reported of a service.
    pub fn service_status(&self, commit: &str, service: &str) -> Option<&str> {
        self.release(commit)?.get("services")?.get(service)?.get("status")?.as_str()
    }
}

/// Everything that the server holds.
#[derive(Debug, Default)]
pub struct World {
    pub(crate) fleet_id: u64,
    pub(crate) devices: BTreeMap<String, Device>,
    pub(crate) releases: Vec<Release>,
    /// The commit that devices are to run; none while the fleet has none.
    pub(crate) current: Option<String>,
    pub(crate) config: BTreeMap<String, String>,
    /// Further apps of the target state, by uuid.
    pub(crate) extra_apps: Map<String, Value>,
    pub(crate) used_keys: Vec<String>,
    /// The key that registers devices may also see them and exchange their keys.
    pub(crate) may_exchange: bool,
    pub(crate) faults: BTreeMap<Route, VecDeque<Fault>>,
    pub(crate) lasting: BTreeMap<Route, Fault>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) log_batches: VecDeque<Instant>,
    pub(crate) clock_ahead_s: i64,
}

impl World {
    /// Every device that ever registered.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.values()
    }

    /// The requests of one kind, in the order in which they came.
    pub fn requests(&self, route: Route) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(move |seen| seen.route == route)
    }

    /// Every request.
    pub fn all_requests(&self) -> &[Seen] {
        &self.seen
    }

    pub(crate) fn device_of_key(&self, key: &str) -> Option<&Device> {
        self.devices.values().find(|device| device.key == key)
    }

    pub(crate) fn take_fault(&mut self, route: Route) -> Option<Fault> {
        let next = self.faults.get_mut(&route).and_then(VecDeque::pop_front);
        next.or_else(|| self.lasting.get(&route).cloned())
    }

    /// Adds what a release lacks of numbers, and makes it the fleet's.
    pub(crate) fn add_release(&mut self, content: Value) -> String {
        let number = self.releases.len() as u64 + 1;
        // Names of containers hold it, and several clouds may feed one engine.
        let commit = format!("c0ffee{:016x}{number:010x}", self.fleet_id);
        let mut content = content;
        if let Some(services) = content.get_mut("services").and_then(Value::as_object_mut) {
            for (index, service) in services.values_mut().enumerate() {
                let index = index as u64;
                let Some(service) = service.as_object_mut() else { continue };
                service.entry("id").or_insert(json!(10 + index));
                service.entry("image_id").or_insert(json!(number * 100 + index));
                service.entry("environment").or_insert(json!({}));
                service.entry("labels").or_insert(json!({}));
            }
        }
        self.releases.push(Release { commit: commit.clone(), id: number, content });
        self.current = Some(commit.clone());
        commit
    }

    /// The target state of one device, as it goes out.
    pub(crate) fn target(&self, device: &Device) -> Value {
        let mut app = Map::new();
        app.insert("id".to_owned(), json!(self.fleet_id));
        app.insert("name".to_owned(), json!(FLEET_NAME));
        app.insert("is_host".to_owned(), json!(false));
        app.insert("class".to_owned(), json!("fleet"));
        let commit = device.pinned.as_ref().or(self.current.as_ref());
        if let Some(release) = commit.and_then(|c| self.releases.iter().find(|r| r.commit == *c)) {
            let mut shown = release.content.as_object().cloned().unwrap_or_default();
            shown.insert("id".to_owned(), json!(release.id));
            app.insert("releases".to_owned(), json!({ release.commit.clone(): shown }));
        }
        let mut apps = self.extra_apps.clone();
        apps.insert(FLEET_UUID.to_owned(), Value::Object(app));
        let mut config = self.config.clone();
        config.entry("RESIN_SUPERVISOR_POLL_INTERVAL".to_owned()).or_insert_with(|| "60000".to_owned());
        json!({ device.uuid.clone(): { "name": "brave-ham", "apps": apps, "config": config } })
    }
}
