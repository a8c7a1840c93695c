//! What a container may do beyond an ordinary one, or no longer.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::is_default;

/// What a container may do beyond an ordinary one, or no longer. Empty texts are the engine's own settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Privileges {
    /// Everything that the host's root may.
    #[serde(skip_serializing_if = "is_default")]
    pub privileged: bool,
    /// More capabilities.
    #[serde(skip_serializing_if = "is_default")]
    pub cap_add: BTreeSet<Capability>,
    /// Fewer capabilities.
    #[serde(skip_serializing_if = "is_default")]
    pub cap_drop: BTreeSet<Capability>,
    /// Options of the kernel's security modules.
    #[serde(skip_serializing_if = "is_default")]
    pub security_options: Vec<String>,
    /// Devices of the host.
    #[serde(skip_serializing_if = "is_default")]
    pub devices: Vec<Device>,
    /// Rules of the device cgroup.
    #[serde(skip_serializing_if = "is_default")]
    pub device_cgroup_rules: Vec<String>,
    /// Further groups of the main process, by name or number.
    #[serde(skip_serializing_if = "is_default")]
    pub groups: Vec<String>,
    /// `host`: its processes are the host's.
    #[serde(skip_serializing_if = "is_default")]
    pub pid_mode: String,
    /// `none`, `private`, `shareable` or `host`.
    #[serde(skip_serializing_if = "is_default")]
    pub ipc_mode: String,
    /// `host`: its host name is the host's.
    #[serde(skip_serializing_if = "is_default")]
    pub uts_mode: String,
    /// `host`: its users are the host's, where the engine remaps them.
    #[serde(skip_serializing_if = "is_default")]
    pub userns_mode: String,
    /// `private` or `host`.
    #[serde(skip_serializing_if = "is_default")]
    pub cgroup_mode: String,
    /// The cgroup above the container's.
    #[serde(skip_serializing_if = "is_default")]
    pub cgroup_parent: String,
    /// The engine's name of an OCI runtime.
    #[serde(skip_serializing_if = "is_default")]
    pub runtime: String,
    /// Kernel parameters.
    #[serde(skip_serializing_if = "is_default")]
    pub sysctls: BTreeMap<String, String>,
}

/// A capability of the kernel: upper case, without `CAP_`; `ALL` for all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Capability(String);

impl Capability {
    /// Accepts a name in any case, with or without `CAP_`.
    pub fn parse(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        plain.then(|| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A device of the host in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Absolute path on the host.
    pub host_path: String,
    /// Absolute path in the container.
    pub container_path: String,
    /// Some of `r`, `w` and `m`.
    pub permissions: String,
}
