//! From the cloud's answer to what this device is to run.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::Value;
use supervisor_proto::{
    compose::{App, Refusals, read_device_state},
    v1,
};

/// The apps by which the cloud manages its own supervisor, one for each architecture; the same on every server.
/// The host runs what they hold, not this one.
const SUPERVISOR_APPS: [&str; 5] = [
    // amd64
    "52e35121417640b1b28a680504e4039b",
    // aarch64
    "900de4f3cbac4b9bbd232885a35e407b",
    // armv7hf
    "2e66a95795c149959c69472a8c2f92b8",
    // i386
    "531b357e155c480cbec0fdd33041a1f5",
    // rpi
    "6822565f766e413e96d9bebe2227cdcc",
];

/// What a cloud wants of this device.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeviceTarget {
    /// The device's name there.
    pub name: Option<String>,
    /// Configuration variables.
    pub config: HashMap<String, String>,
    /// What is to be applied, by the app's uuid.
    pub apps: BTreeMap<String, Arc<v1::Target>>,
    /// What is not understood, by the app's uuid: the app stays as it is.
    pub refused: BTreeMap<String, String>,
    /// Which releases those are, as far as the answer tells: the commit, by the app's uuid.
    pub refused_releases: BTreeMap<String, String>,
    /// Every app that the answer names, whatever was made of it.
    pub named: BTreeSet<String>,
    /// Apps that earlier targets named, and this one does not.
    pub departed: Departed,
    /// Whoever asked for it wants it applied over the apps' locks.
    pub is_forced: bool,
}

/// Apps that have left a device's target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Departed {
    /// These, by uuid.
    Of(BTreeSet<String>),
    /// What earlier targets named is lost: whatever a cloud had run and the target does not name.
    Any,
}

impl Default for Departed {
    fn default() -> Self {
        Self::Of(BTreeSet::new())
    }
}

/// The answer as a whole says nothing that could be carried out.
#[derive(Debug, thiserror::Error)]
pub enum BadTarget {
    /// It is no JSON.
    #[error("it is no JSON")]
    Json(#[source] serde_json::Error),
    /// It is about something else.
    #[error("it says nothing of this device")]
    OtherDevice,
    /// It has no `apps`: nothing is concluded from that.
    #[error("it says nothing of apps")]
    NoApps,
    /// Something in it has another form.
    #[error(transparent)]
    Refused(#[from] Refusals),
}

impl DeviceTarget {
    /// Reads the answer for the device `uuid`.
    pub fn read(body: &[u8], uuid: &str) -> Result<Self, BadTarget> {
        let mut whole: Value = serde_json::from_slice(body).map_err(BadTarget::Json)?;
        let state = whole.get_mut(uuid).map(Value::take).ok_or(BadTarget::OtherDevice)?;
        if !state.get("apps").is_some_and(Value::is_object) {
            return Err(BadTarget::NoApps);
        }
        let read = read_device_state(&state, &SUPERVISOR_APPS)?;
        let mut target = Self { name: read.name, config: read.config, ..Self::default() };
        for (uuid, app) in read.apps {
            target.named.insert(uuid.clone());
            match app {
                Ok(App::Target(app)) => drop(target.apps.insert(uuid, Arc::new(*app))),
                Ok(App::HostApp | App::SupervisorApp) => {}
                Err(refusals) => {
                    if let Some(commit) = commit(&state, &uuid) {
                        target.refused_releases.insert(uuid.clone(), commit.to_owned());
                    }
                    target.refused.insert(uuid, one_line(&refusals));
                }
            }
        }
        target.refuse_shared_ids();
        Ok(target)
    }

    /// Whether an app that a cloud had run has left.
    pub fn has_left(&self, uuid: &str) -> bool {
        match &self.departed {
            Departed::Of(uuids) => uuids.contains(uuid),
            Departed::Any => !self.named.contains(uuid),
        }
    }

    /// Two apps of one number would replace each other for ever.
    fn refuse_shared_ids(&mut self) {
        let mut by_id: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for (uuid, app) in &self.apps {
            by_id.entry(app.app_id).or_default().push(uuid.clone());
        }
        for (id, uuids) in by_id.into_iter().filter(|(_, uuids)| uuids.len() > 1) {
            for uuid in uuids {
                if let Some(app) = self.apps.remove(&uuid).filter(|app| !app.commit.is_empty()) {
                    self.refused_releases.insert(uuid.clone(), app.commit.clone());
                }
                self.refused.insert(uuid, format!("id {id} is also the id of another app"));
            }
        }
    }
}

/// The commit of an app's release, where it has one and no more.
fn commit<'a>(state: &'a Value, uuid: &str) -> Option<&'a str> {
    let mut commits = state.get("apps")?.get(uuid)?.get("releases")?.as_object()?.keys();
    commits.next().filter(|commit| !commit.is_empty() && commits.next().is_none()).map(String::as_str)
}

fn one_line(refusals: &Refusals) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
#[path = "device_target_tests.rs"]
mod tests;
