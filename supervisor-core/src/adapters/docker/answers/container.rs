//! What the engine says of containers.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::nullable;

/// One item of `GET /containers/json`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerItem {
    /// The container's id.
    pub id: String,
    /// Its names, each with a slash.
    #[serde(deserialize_with = "nullable")]
    pub names: Vec<String>,
    /// When it was made, seconds since 1970.
    #[serde(deserialize_with = "nullable")]
    pub created: i64,
    /// The id of its image.
    #[serde(rename = "ImageID", deserialize_with = "nullable")]
    pub image_id: String,
    /// What it is doing, in one word.
    #[serde(deserialize_with = "nullable")]
    pub state: String,
    /// The same in a sentence, with its health.
    #[serde(deserialize_with = "nullable")]
    pub status: String,
    /// Its labels.
    #[serde(deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    /// Its networks.
    #[serde(deserialize_with = "nullable")]
    pub network_settings: NetworkSettings,
}

/// A container's networks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NetworkSettings {
    /// By the network's name.
    #[serde(deserialize_with = "nullable")]
    pub networks: BTreeMap<String, serde_json::Value>,
}

/// `POST /containers/create`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Created {
    /// The new container's id.
    pub id: String,
    /// What the engine thinks is odd.
    #[serde(deserialize_with = "nullable")]
    pub warnings: Vec<String>,
}

/// `GET /containers/{id}/json`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Inspected {
    /// What it is doing.
    #[serde(deserialize_with = "nullable")]
    pub state: StateAnswer,
    /// What the container itself was asked for.
    #[serde(deserialize_with = "nullable")]
    pub config: Config,
    /// What the host was asked for.
    #[serde(deserialize_with = "nullable")]
    pub host_config: HostConfig,
    /// How often the engine has started it again by itself.
    #[serde(deserialize_with = "nullable")]
    pub restart_count: u64,
}

/// What a container is doing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct StateAnswer {
    /// What it is doing, in one word.
    #[serde(deserialize_with = "nullable")]
    pub status: String,
    /// How its main process ended.
    #[serde(deserialize_with = "nullable")]
    pub exit_code: i64,
    /// Its main process runs, or is about to.
    #[serde(deserialize_with = "nullable")]
    pub running: bool,
    /// It is about to.
    #[serde(deserialize_with = "nullable")]
    pub restarting: bool,
    /// When its main process was started.
    #[serde(deserialize_with = "nullable")]
    pub started_at: String,
    /// What its health check says; absent without one.
    #[serde(deserialize_with = "nullable")]
    pub health: HealthAnswer,
}

/// What a health check says.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HealthAnswer {
    /// `starting`, `healthy` or `unhealthy`; `none` and nothing mean that there is none.
    #[serde(deserialize_with = "nullable")]
    pub status: String,
}

/// What a container itself was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Config {
    /// Its main process has a terminal.
    #[serde(deserialize_with = "nullable")]
    pub tty: bool,
    /// Its health check: the image's under what the container was asked for.
    #[serde(deserialize_with = "nullable")]
    pub healthcheck: HealthcheckAnswer,
}

/// A health check. Zero is the engine's own.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HealthcheckAnswer {
    /// The check; empty or `NONE`: there is none.
    #[serde(deserialize_with = "nullable")]
    pub test: Vec<String>,
    /// Nanoseconds between two checks.
    #[serde(deserialize_with = "nullable")]
    pub interval: u64,
    /// Nanoseconds after which a check has failed.
    #[serde(deserialize_with = "nullable")]
    pub timeout: u64,
    /// Nanoseconds during which failures do not count.
    #[serde(deserialize_with = "nullable")]
    pub start_period: u64,
    /// Failures in a row that make it unhealthy.
    #[serde(deserialize_with = "nullable")]
    pub retries: u32,
}

/// What the host was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HostConfig {
    /// When the engine restarts the container.
    #[serde(deserialize_with = "nullable")]
    pub restart_policy: RestartPolicyAnswer,
}

/// When the engine restarts a container.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RestartPolicyAnswer {
    /// `no`, `always`, `on-failure` or `unless-stopped`.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
}
