//! What the engine says about one app.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::IpAddr,
};

use supervisor_proto::ids::{AppId, ServiceName};

use super::network::KnownNetworks;

/// The engine's id of a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId(pub String);

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The engine's own short form.
        f.write_str(self.0.get(..12).unwrap_or(&self.0))
    }
}

/// Everything that the plan needs to know of the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// The app's containers that bear this installation's label.
    pub containers: Vec<Container>,
    /// The app's volumes that bear this installation's label: by engine name, the fingerprint of the options
    /// that they were made with.
    pub volumes: BTreeMap<String, String>,
    /// Engine names of the networks that are there.
    pub networks: BTreeSet<String>,
    /// Whose they are.
    pub known_networks: KnownNetworks,
    /// References of the images that are there, of those the target names.
    pub images: BTreeSet<String>,
    /// The gateway of the supervisor's network, when that network is there.
    pub supervisor_gateway: Option<IpAddr>,
}

/// One container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// The engine's id.
    pub id: ContainerId,
    /// The engine's name, without the slash.
    pub name: String,
    /// From its labels; `None` when they are unreadable.
    pub app: Option<AppId>,
    /// From its labels; `None` when they are unreadable.
    pub service: Option<ServiceName>,
    /// From its labels; 0 when they are unreadable.
    pub generation: u64,
    /// From its labels; empty when they are unreadable.
    pub config_hash: String,
    /// What the container is doing.
    pub state: ContainerState,
    /// What its health check says; empty without one.
    pub health: String,
    /// How its main process ended, while none runs and the engine tells.
    pub exit_code: Option<i64>,
    /// Networks that it is connected to.
    pub networks: BTreeSet<String>,
    /// When the engine made it, seconds since 1970.
    pub created_s: i64,
    /// All of its labels.
    pub labels: BTreeMap<String, String>,
}

/// What a container is doing, in the engine's words.
/// <https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerList>
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerState {
    /// Made, never started.
    Created,
    /// Its main process runs.
    Running,
    /// The engine is about to start it again.
    Restarting,
    /// Frozen by somebody.
    Paused,
    /// Its main process has ended.
    Exited,
    /// The engine is removing it.
    Removing,
    /// The engine could not remove it.
    Dead,
    /// A word of a newer engine.
    Other(String),
}

impl ContainerState {
    /// Whether a main process exists or is about to.
    pub const fn is_active(&self) -> bool {
        match self {
            Self::Running | Self::Restarting | Self::Paused | Self::Other(_) => true,
            Self::Created | Self::Exited | Self::Removing | Self::Dead => false,
        }
    }

    /// The engine's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Paused => "paused",
            Self::Exited => "exited",
            Self::Removing => "removing",
            Self::Dead => "dead",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for ContainerState {
    fn from(word: &str) -> Self {
        match word {
            "created" | "configured" | "initialized" => Self::Created,
            "running" => Self::Running,
            "restarting" => Self::Restarting,
            "paused" => Self::Paused,
            "exited" | "stopped" => Self::Exited,
            "removing" => Self::Removing,
            "dead" => Self::Dead,
            other => Self::Other(other.to_owned()),
        }
    }
}
