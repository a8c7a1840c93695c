//! How a container's main process runs.

use serde::{Deserialize, Serialize};

use super::is_default;

/// How a container's main process runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Process {
    /// Whether an init process of the engine's reaps and forwards signals; none: the engine's own setting.
    #[serde(skip_serializing_if = "is_default")]
    pub init: Option<bool>,
    /// It has a terminal.
    #[serde(skip_serializing_if = "is_default")]
    pub tty: bool,
    /// Its input stays open.
    #[serde(skip_serializing_if = "is_default")]
    pub stdin_open: bool,
    /// The container's own files cannot be written.
    #[serde(skip_serializing_if = "is_default")]
    pub read_only: bool,
}
