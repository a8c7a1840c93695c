//! The engine's answers, as little of them as we use, and leniently: fields that an engine leaves out or
//! sets to null are empty.

mod container;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

pub use self::container::{ContainerItem, Created, HealthcheckAnswer, Inspected};

/// `null` is the default, as if the field were absent.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// `GET /version`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Version {
    /// The engine's own version.
    #[serde(deserialize_with = "nullable")]
    #[serde(rename = "Version")]
    pub engine: String,
    /// The newest API version.
    #[serde(rename = "ApiVersion", deserialize_with = "nullable")]
    pub newest_api: String,
    /// The oldest API version.
    #[serde(rename = "MinAPIVersion", deserialize_with = "nullable")]
    pub oldest_api: String,
    /// What it is made of.
    #[serde(deserialize_with = "nullable")]
    pub components: Vec<Component>,
}

/// A part of the engine.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Component {
    /// e.g. `Engine`, `containerd`, `Podman Engine`.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
}

/// `GET /info`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Info {
    /// How it stores layers.
    #[serde(deserialize_with = "nullable")]
    pub driver: String,
    /// Where it keeps its data.
    #[serde(deserialize_with = "nullable")]
    pub docker_root_dir: String,
}

/// `GET /volumes`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Volumes {
    /// The volumes.
    #[serde(deserialize_with = "nullable")]
    pub volumes: Vec<VolumeItem>,
}

/// One volume.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct VolumeItem {
    /// Its name.
    pub name: String,
    /// Its labels.
    #[serde(deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    /// Its driver.
    #[serde(deserialize_with = "nullable")]
    pub driver: String,
    /// Its driver's options.
    #[serde(deserialize_with = "nullable")]
    pub options: BTreeMap<String, String>,
}

/// One item of `GET /networks`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NetworkAnswer {
    /// Its name.
    pub name: String,
    /// Its labels.
    #[serde(deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    /// Its addresses.
    #[serde(rename = "IPAM", deserialize_with = "nullable")]
    pub ipam: Ipam,
}

/// A network's addresses.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Ipam {
    /// One entry for each subnet.
    #[serde(deserialize_with = "nullable")]
    pub config: Vec<IpamConfig>,
}

/// One subnet of a network.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct IpamConfig {
    /// The host's address on it.
    #[serde(deserialize_with = "nullable")]
    pub gateway: String,
}

/// One line of `GET /events`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Event {
    /// What happened.
    #[serde(deserialize_with = "nullable")]
    pub action: String,
    /// A health check's word, where the action does not tell it: Podman's way.
    #[serde(deserialize_with = "nullable")]
    pub health_status: String,
    /// When, nanoseconds since 1970.
    #[serde(rename = "timeNano", deserialize_with = "nullable")]
    pub time_ns: u64,
    /// Whom it is about.
    #[serde(deserialize_with = "nullable")]
    pub actor: Actor,
}

/// Whom an event is about.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Actor {
    /// Its id.
    #[serde(rename = "ID", deserialize_with = "nullable")]
    pub id: String,
    /// Its labels, among others.
    #[serde(deserialize_with = "nullable")]
    pub attributes: BTreeMap<String, String>,
}

/// `GET /images/{name}/json`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImageAnswer {
    /// The image's id.
    #[serde(deserialize_with = "nullable")]
    pub id: String,
}

/// One line of `POST /images/create`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PullLine {
    /// A layer's id, in lines about a layer.
    #[serde(deserialize_with = "nullable")]
    pub id: String,
    /// What is done with it.
    #[serde(deserialize_with = "nullable")]
    pub status: String,
    /// How much of it.
    #[serde(deserialize_with = "nullable")]
    pub progress_detail: ProgressDetail,
    /// Why the pull failed.
    #[serde(deserialize_with = "nullable")]
    pub error: String,
}

/// How much of a layer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ProgressDetail {
    /// Bytes done.
    #[serde(deserialize_with = "nullable")]
    pub current: u64,
    /// Bytes in all.
    #[serde(deserialize_with = "nullable")]
    pub total: u64,
}
