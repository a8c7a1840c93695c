//! Networks of an app, and how a service is on them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::container::hex;

/// The network that a service is on when it names none.
pub const DEFAULT_NETWORK: &str = "default";

/// A network of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppNetwork {
    /// Made by core, and removed when nothing wants it any more.
    Own(Box<NetworkOptions>),
    /// Somebody else's, under this name of the engine's; never made or removed.
    External(String),
}

/// What a network of core's own is made from. Whatever is at its default is left out when it is stored or
/// hashed, so that more fields of a later release change nothing.
/// <https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Network/operation/NetworkCreate>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkOptions {
    /// The engine's name of the driver; empty: `bridge`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub driver: String,
    /// The driver's options.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub driver_options: BTreeMap<String, String>,
    /// No way out of it.
    #[serde(skip_serializing_if = "is_false")]
    pub internal: bool,
    /// Containers that no app knows may join it.
    #[serde(skip_serializing_if = "is_false")]
    pub attachable: bool,
    /// Containers get IPv6 addresses too.
    #[serde(skip_serializing_if = "is_false")]
    pub ipv6: bool,
    /// The owner's labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Who gives out its addresses; empty: the engine's default.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ipam_driver: String,
    /// Options of who gives out its addresses.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ipam_options: BTreeMap<String, String>,
    /// Its subnets; none: of the engine's choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<Pool>,
}

/// One subnet of a network. Empty texts are chosen by the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pool {
    /// Address and prefix length.
    pub subnet: String,
    /// The host's address on it.
    pub gateway: String,
    /// The part of the subnet from which containers get addresses.
    pub ip_range: String,
    /// Addresses that are somebody else's, by a name of the owner's choice.
    pub aux_addresses: BTreeMap<String, String>,
}

/// How a service is on a network, in its target's terms. Empty texts are chosen by the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// Further names beside the service's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// A fixed IPv4 address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ipv4_address: String,
    /// A fixed IPv6 address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ipv6_address: String,
    /// Link-local addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub link_local_ips: Vec<String>,
    /// A fixed hardware address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mac_address: String,
    /// The container is made on the network of the highest priority.
    #[serde(skip_serializing_if = "is_zero")]
    pub priority: i32,
}

/// How a container is on a network, in the engine's terms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// The engine's name of the network.
    pub network: String,
    /// Every name that the container answers to on it.
    pub aliases: Vec<String>,
    /// A fixed IPv4 address; empty: of the engine's choice.
    pub ipv4_address: String,
    /// A fixed IPv6 address; empty: of the engine's choice.
    pub ipv6_address: String,
    /// Link-local addresses.
    pub link_local_ips: Vec<String>,
    /// A fixed hardware address; empty: of the engine's choice.
    pub mac_address: String,
    /// [`NetworkOptions::fingerprint`] of the network: another network makes another container.
    pub made_from: String,
}

impl Endpoint {
    /// On `network` under names of the engine's choice only.
    pub fn plain(network: &str) -> Self {
        Self { network: network.to_owned(), ..Self::default() }
    }

    /// Whether it says no more than that a container is on an app's plain network under `alias`.
    pub fn is_plainly(&self, alias: &str) -> bool {
        *self == Self { aliases: vec![alias.to_owned()], ..Self::plain(&self.network) }
    }
}

/// What the engine's networks mean to one app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownNetworks {
    /// The app's own, by the engine's name, with the fingerprint that they were made from.
    pub own: BTreeMap<String, String>,
    /// The engine's names of all others.
    pub foreign: BTreeSet<String>,
}

impl NetworkOptions {
    /// A hash of everything that makes a network a different one; empty for a plain bridge, which is what
    /// older releases made without saying so in a label.
    pub fn fingerprint(&self) -> String {
        if *self == Self::default() {
            return String::new();
        }
        hex(&Sha256::digest(serde_json::to_vec(self).unwrap_or_default()))
    }
}

impl Default for AppNetwork {
    fn default() -> Self {
        Self::Own(Box::default())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &i32) -> bool {
    *number == 0
}
