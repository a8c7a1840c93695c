//! What an app should be: the domain's form of a target, as it is stored.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use supervisor_proto::ids::{AppId, NetworkName, ServiceName, VolumeName};

use super::{
    dependency::Dependency,
    network::{AppNetwork, Attachment},
};

use super::{
    settings::{Settings, is_default},
    volume::VolumeOptions,
};

/// How long a container may take to stop before it is killed, unless its target says otherwise:
/// the ten seconds of the Docker engine and of the historical supervisor.
pub const DEFAULT_STOP_GRACE_MS: u64 = 10_000;

/// An app's target: complete, so that the app can be rebuilt from it alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Facts about the app as a whole.
    #[serde(flatten)]
    pub app: AppFacts,
    /// By service name.
    pub services: BTreeMap<ServiceName, Service>,
}

impl Target {
    /// Whether a service is made from this image.
    pub fn has_image(&self, image: &str) -> bool {
        self.services.values().any(|service| service.image == image)
    }
}

/// Facts about the app as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppFacts {
    /// The app's id.
    pub app_id: AppId,
    /// The app's name, for people.
    pub name: String,
    /// The release's commit.
    pub commit: String,
    /// The app's uuid.
    pub app_uuid: String,
    /// The release's numeric id.
    pub release_id: u64,
    /// By volume name.
    pub volumes: BTreeMap<VolumeName, Volume>,
    /// By network name; one that a service is on and that is not here is a plain one of the app's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: BTreeMap<NetworkName, AppNetwork>,
}

/// One service of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Image reference, as the engine takes it.
    pub image: String,
    /// Numeric id of the image.
    pub image_id: u64,
    /// Numeric id of the service.
    pub service_id: u64,
    /// Instead of the image's command; empty means none.
    pub command: Option<Vec<String>>,
    /// Instead of the image's entry point; empty means none.
    pub entrypoint: Option<Vec<String>>,
    /// The service's own environment.
    pub environment: BTreeMap<String, String>,
    /// The service's own labels.
    pub labels: BTreeMap<String, String>,
    /// Published ports.
    pub ports: Vec<Port>,
    /// Mounted volumes.
    pub mounts: Vec<Mount>,
    /// Which network the service is on.
    pub network: NetworkMode,
    /// Which of the app's networks it is on; none: the default one. Only with [`NetworkMode::App`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: BTreeMap<NetworkName, Attachment>,
    /// When the engine restarts the container.
    pub restart: RestartPolicy,
    /// Services that are started first.
    pub depends_on: BTreeSet<ServiceName>,
    /// What it asks of them, where that is more than a start.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conditions: BTreeMap<ServiceName, Dependency>,
    /// User of the main process; empty: the image's own.
    pub user: String,
    /// Working folder of the main process; empty: the image's own.
    pub working_dir: String,
    /// Instead of the image's health check.
    pub healthcheck: Option<Healthcheck>,
    /// Instead of the image's stop signal; empty: the image's own.
    pub stop_signal: String,
    /// Time between the stop signal and the kill.
    pub stop_grace_ms: u64,
    /// Everything that is at the engine's default unless it is said.
    #[serde(default, skip_serializing_if = "is_default")]
    pub settings: Settings,
    /// The target says that the service is not to run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stopped: bool,
}

/// A published port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Address on the host; empty: all.
    pub host_address: String,
    /// Port on the host; 0: chosen by the engine.
    pub host_port: u16,
    /// Port in the container.
    pub container_port: u16,
    /// The port's protocol.
    pub protocol: Protocol,
}

/// A port's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// A volume in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// A key of the target's volumes.
    pub volume: VolumeName,
    /// Absolute path in the container.
    pub target: String,
    /// Not writable from the container.
    pub read_only: bool,
    /// A new volume is not filled with what the image has at the target.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_copy: bool,
}

/// A named volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Volume {
    /// Made by core as the engine's plain local volume, emptied by purge.
    Own,
    /// Made by core with options of the target's.
    Configured(VolumeOptions),
    /// Somebody else's, under this name of the engine's; never made, purged or removed.
    External(String),
}

/// Which network a service is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkMode {
    /// Networks of the app: those it names, else the app's own bridge, as compose's default network.
    App,
    /// The host's network.
    Host,
    /// No network.
    None,
    /// The engine's default bridge.
    Bridge,
}

/// When the engine restarts a container by itself.
/// <https://docs.docker.com/engine/containers/start-containers-automatically/>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Always: the default of the supervisor.
    Always,
    /// Never: the service is done when it exits.
    No,
    /// After a non-zero exit code, at most so many times; 0: no limit.
    OnFailure(u32),
    /// Always, unless it was stopped.
    UnlessStopped,
}

impl RestartPolicy {
    /// Whether a container with this policy should be running whenever its service should.
    /// The others may be done.
    pub const fn keeps_running(self) -> bool {
        match self {
            Self::Always | Self::UnlessStopped => true,
            Self::No | Self::OnFailure(_) => false,
        }
    }
}

/// <https://docs.docker.com/reference/compose-file/services/#healthcheck>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Healthcheck {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", command]`; empty: the image's own.
    pub test: Vec<String>,
    /// Time between checks.
    pub interval_ms: Option<u64>,
    /// Time after which a check has failed.
    pub timeout_ms: Option<u64>,
    /// Time during which failures do not count.
    pub start_period_ms: Option<u64>,
    /// Failures in a row that make the container unhealthy.
    pub retries: Option<u32>,
}

impl Service {
    /// Whether this service gets the API's key and address. A locally applied one does unless its label
    /// `io.balena.features.supervisor-api` says `"0"`; any other value asks for it.
    pub fn wants_api(&self) -> bool {
        let refused = |name: &str| self.labels.get(name).is_some_and(|v| v == "0" || v == "false");
        let refused =
            refused("io.balena.features.supervisor-api") || refused("io.resin.features.supervisor-api");
        !refused && self.network != NetworkMode::None
    }
}
