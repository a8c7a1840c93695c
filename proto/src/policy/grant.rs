//! What a grant may say. The keys are those of compose files where compose has one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{path::HostPath, repository::Repository};
use crate::ids::{AppId, ServiceName};

/// What one service of one app may have while it runs an image of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The app's id.
    pub app: AppId,
    /// The service's name.
    pub service: ServiceName,
    /// The repository of its image.
    pub image: Repository,
    /// What it may have.
    pub allows: Permissions,
}

/// What a service may have beyond an ordinary one; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a key of the file, which says true or false")]
pub struct Permissions {
    /// Everything that the host's root may.
    pub privileged: bool,
    /// A terminal opened by role frontend, although the container holds a privilege.
    pub terminal: bool,
    /// More capabilities.
    pub cap_add: BTreeSet<Capability>,
    /// Host devices.
    pub devices: BTreeSet<HostPath>,
    /// Rules of the device cgroup, as the target writes them.
    pub device_cgroup_rules: BTreeSet<String>,
    /// Devices of the engine's drivers.
    pub device_requests: Vec<DeviceRequestGrant>,
    /// Host paths.
    pub binds: Vec<BindGrant>,
    /// Volumes that are not the app's own, or not plain.
    pub volumes: Vec<VolumeGrant>,
    /// Networks that are not the app's own, or not plain bridges.
    pub networks: Vec<NetworkGrant>,
    /// Options of the kernel's security modules, as the target writes them.
    pub security_opt: BTreeSet<String>,
    /// Kernel parameters and their values.
    pub sysctls: BTreeMap<String, String>,
    /// Further groups of the main process, as the target writes them.
    pub group_add: BTreeSet<String>,
    /// The host's processes.
    pub pid: Option<HostMode>,
    /// Shared memory of the host, or for others.
    pub ipc: Option<IpcMode>,
    /// The host's name.
    pub uts: Option<HostMode>,
    /// The host's users.
    pub userns_mode: Option<HostMode>,
    /// The host's cgroup namespace.
    pub cgroup: Option<HostMode>,
    /// The cgroup above the container's.
    pub cgroup_parent: Option<String>,
    /// An OCI runtime.
    pub runtime: Option<String>,
    /// Labels `io.balena.features.<name>`.
    pub features: BTreeSet<String>,
    /// A log driver that sends elsewhere.
    pub logging: Option<LoggingGrant>,
    /// Limits that can starve the host, such as `rtprio`.
    pub ulimits: BTreeSet<String>,
    /// A negative value protects it from the kernel's out-of-memory killer; this one and those above are allowed.
    pub oom_score_adj: Option<i64>,
    /// The out-of-memory killer passes it over.
    pub oom_kill_disable: bool,
}

/// A capability: upper case, without `CAP_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Capability(String);

/// A text that is no capability's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a capability is a name such as NET_ADMIN, or ALL")]
pub struct InvalidCapability;

impl Capability {
    /// Accepts any case, with or without `CAP_`, as the engine does.
    pub fn parse(text: &str) -> Result<Self, InvalidCapability> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        if plain { Ok(Self(name.to_owned())) } else { Err(InvalidCapability) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Capability {
    type Error = InvalidCapability;

    fn try_from(text: String) -> Result<Self, InvalidCapability> {
        Self::parse(&text)
    }
}

/// `host` is the only word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostMode {
    /// The host's.
    Host,
}

/// Whose shared memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IpcMode {
    /// The host's.
    Host,
    /// Its own, which other containers may join.
    Shareable,
}

/// A path of the host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindGrant {
    /// Exactly this path, not what lies below it.
    pub source: HostPath,
    /// Only read-only.
    #[serde(default)]
    pub read_only: bool,
}

/// A volume by the engine's name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeGrant {
    /// The engine's name.
    pub name: String,
    /// The driver; `local` unless said.
    #[serde(default)]
    pub driver: Option<String>,
    /// All of the driver's options.
    #[serde(default)]
    pub driver_opts: BTreeMap<String, String>,
}

/// A network by the engine's name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkGrant {
    /// The engine's name.
    pub name: String,
    /// The driver; `bridge` unless said.
    #[serde(default)]
    pub driver: Option<String>,
    /// All of the driver's options.
    #[serde(default)]
    pub driver_opts: BTreeMap<String, String>,
    /// Subnets that the target may choose.
    #[serde(default)]
    pub subnets: BTreeSet<String>,
}

/// A log driver and all of its options.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggingGrant {
    /// The driver.
    pub driver: String,
    /// All of its options.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

/// Devices of one of the engine's drivers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRequestGrant {
    /// The driver; empty: the engine chooses by capability.
    #[serde(default)]
    pub driver: String,
    /// How many; -1: all.
    #[serde(default)]
    pub count: i64,
    /// Which.
    #[serde(default)]
    pub device_ids: Vec<String>,
    /// What they are able to do.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// The driver's options.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}
