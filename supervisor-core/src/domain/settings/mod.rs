//! What a service may say of its container beyond image, command, network and volumes. Everything is at the
//! engine's own default unless it is said, and what is at its default is neither stored nor hashed: a record
//! or a container of an older release means the same as before.

mod logging;
mod naming;
mod places;
mod privileges;
mod process;
mod resources;

use serde::{Deserialize, Serialize};

pub use self::{
    logging::Logging,
    naming::Naming,
    places::{HostBind, Propagation, Tmpfs},
    privileges::{Capability, Device, Privileges},
    process::Process,
    resources::{DeviceRequest, Resources, Ulimit},
};

/// All settings of a container that are at the engine's default unless they are said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How the main process runs.
    #[serde(skip_serializing_if = "is_default")]
    pub process: Process,
    /// What the container may do beyond an ordinary one, or no longer.
    #[serde(skip_serializing_if = "is_default")]
    pub privileges: Privileges,
    /// What it may use of the machine.
    #[serde(skip_serializing_if = "is_default")]
    pub resources: Resources,
    /// Its own names, and how it finds others.
    #[serde(skip_serializing_if = "is_default")]
    pub naming: Naming,
    /// Where its output goes; none: the engine's own way.
    #[serde(skip_serializing_if = "is_default")]
    pub logging: Option<Logging>,
    /// Paths of the host in it.
    #[serde(skip_serializing_if = "is_default")]
    pub binds: Vec<HostBind>,
    /// File systems in memory.
    #[serde(skip_serializing_if = "is_default")]
    pub tmpfs: Vec<Tmpfs>,
}

impl Settings {
    /// Whether something of the service's own is mounted at `place` in the container.
    pub fn mounts_at(&self, place: &str) -> bool {
        self.targets().any(|target| target.trim_end_matches('/') == place)
    }

    /// Where it mounts host paths and file systems in memory.
    pub fn targets(&self) -> impl Iterator<Item = &String> {
        self.binds.iter().map(|bind| &bind.target).chain(self.tmpfs.iter().map(|tmpfs| &tmpfs.target))
    }
}

/// For `skip_serializing_if`.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
