//! Where a container's output goes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// <https://docs.docker.com/engine/logging/configure/>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logging {
    /// The engine's name of the driver; empty: its default.
    pub driver: String,
    /// The driver's options.
    pub options: BTreeMap<String, String>,
}
