//! The final request for one container, in the domain's terms; the engine adapter only translates it.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    environment::is_volatile,
    network::Endpoint,
    settings::{Settings, is_default},
    target::{Healthcheck, Port, RestartPolicy},
};

/// Everything that a container is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContainerSpec {
    /// The engine's name of the container.
    pub name: String,
    /// Image reference.
    pub image: String,
    /// Instead of the image's command.
    pub command: Option<Vec<String>>,
    /// Instead of the image's entry point.
    pub entrypoint: Option<Vec<String>>,
    /// Complete environment.
    pub environment: BTreeMap<String, String>,
    /// Complete labels.
    pub labels: BTreeMap<String, String>,
    /// Published ports.
    pub ports: Vec<Port>,
    /// Host folders and volumes in the container.
    pub binds: Vec<Bind>,
    /// The network that the container is made on.
    pub network: Network,
    /// How it is on its named networks, the one it is made on among them; none where `network` says all.
    pub endpoints: Vec<Endpoint>,
    /// The network of the HTTP API, which it is connected to before it starts.
    pub extra_network: Option<String>,
    /// When the engine restarts it.
    pub restart: RestartPolicy,
    /// User of the main process.
    pub user: String,
    /// Working folder of the main process.
    pub working_dir: String,
    /// Instead of the image's health check.
    pub healthcheck: Option<Healthcheck>,
    /// Instead of the image's stop signal.
    pub stop_signal: String,
    /// Time between the stop signal and the kill.
    pub stop_grace_ms: u64,
    /// Everything that is at the engine's default unless it is said.
    pub settings: Settings,
}

/// A host folder or a volume in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bind {
    /// Absolute host path, or the engine's name of a volume.
    pub source: String,
    /// Absolute path in the container.
    pub target: String,
    /// Not writable from the container.
    pub read_only: bool,
    /// A new volume is not filled with what the image has at the target.
    #[serde(skip_serializing_if = "is_default")]
    pub no_copy: bool,
}

/// The network that a container is made on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Network {
    /// The host's.
    Host,
    /// None.
    None,
    /// The engine's default bridge.
    Bridge,
    /// A network by its engine name; the container answers to `alias` on it.
    Named {
        /// The engine's name of the network.
        name: String,
        /// The service's name.
        alias: String,
    },
}

impl ContainerSpec {
    /// How it is on the network that it is made on, where there is more to say than its name.
    pub fn first_endpoint(&self) -> Option<&Endpoint> {
        let Network::Named { name, .. } = &self.network else { return None };
        self.endpoints.iter().find(|endpoint| endpoint.network == *name)
    }

    /// Every network that it is on by name, but the one of the HTTP API.
    pub fn named_networks(&self) -> Vec<String> {
        let Network::Named { name, .. } = &self.network else { return Vec::new() };
        let further = self.endpoints.iter().map(|endpoint| &endpoint.network).filter(|other| *other != name);
        std::iter::once(name).chain(further).cloned().collect()
    }

    /// The networks that it is connected to before it starts.
    pub fn connections(&self) -> Vec<Endpoint> {
        let Network::Named { name, .. } = &self.network else {
            return self.extra_network.iter().map(|network| Endpoint::plain(network)).collect();
        };
        let further = self.endpoints.iter().filter(|endpoint| endpoint.network != *name).cloned();
        further.chain(self.extra_network.iter().map(|network| Endpoint::plain(network))).collect()
    }

    /// A hash of everything that makes a container a different one. The name, the labels that describe the
    /// release and the supervisor's version are left out: a release that changes nothing in a service, or
    /// an upgrade of the supervisor, keeps the running container. Settings at their defaults leave no trace in
    /// it: containers that an older release made keep theirs.
    pub fn config_hash(&self, own_labels: &BTreeMap<String, String>) -> String {
        let environment =
            self.environment.iter().filter(|(name, _)| !is_volatile(name)).collect::<BTreeMap<_, _>>();
        let parts = (
            (&self.image, &self.command, &self.entrypoint, environment, own_labels),
            (&self.ports, &self.binds, &self.network, &self.extra_network, &self.restart),
            (&self.user, &self.working_dir, &self.healthcheck, &self.stop_signal, self.stop_grace_ms),
        );
        // Maps with text keys always serialise; an empty hash would only mean one needless recreation.
        let mut text = serde_json::to_vec(&parts).unwrap_or_default();
        if !is_default(&self.settings) {
            text.extend(serde_json::to_vec(&self.settings).unwrap_or_default());
        }
        if !self.endpoints.is_empty() {
            text.extend(serde_json::to_vec(&self.endpoints).unwrap_or_default());
        }
        hex(&Sha256::digest(text))
    }
}

/// The hash of a container that stands for others' hashes as well.
pub fn combined_hash(own: &str, others: &[String]) -> String {
    hex(&Sha256::digest(format!("{own} {}", others.join(" "))))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}
