//! An app's own volumes, as the engine should hold them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use supervisor_proto::ids::{AppId, VolumeName};

use super::{container::hex, labels, settings::is_default, target::Volume};

/// The engine's own driver.
const LOCAL: &str = "local";

/// What a target says of a volume that core makes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VolumeOptions {
    /// The engine's name; empty: the app's id and the volume's name.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// The engine's name of the driver; empty: `local`.
    #[serde(skip_serializing_if = "is_default")]
    pub driver: String,
    /// The driver's options.
    #[serde(skip_serializing_if = "is_default")]
    pub driver_options: BTreeMap<String, String>,
    /// More labels; they count when the volume is made.
    #[serde(skip_serializing_if = "is_default")]
    pub labels: BTreeMap<String, String>,
}

/// Begins the fingerprint of a volume whose data is not the engine's.
const ELSEWHERE: &str = "elsewhere-";

impl VolumeOptions {
    fn is_local(&self) -> bool {
        matches!(self.driver.as_str(), "" | LOCAL)
    }

    /// Whether the engine itself keeps the data, so that it is gone with the volume. A driver of somebody
    /// else's, and a local volume that only mounts a `device`, have it where the owner put it: whatever its
    /// `type`, the kernel takes `device` for a folder of the host's where `o` says that it is bound.
    pub fn is_kept_by_engine(&self) -> bool {
        let option = |name: &str| self.driver_options.get(name).map_or("", String::as_str);
        let is_bound = option("o").split(',').any(|word| matches!(word.trim(), "bind" | "rbind"));
        let is_memory = option("type") == "tmpfs" && !is_bound;
        self.is_local() && (option("device").is_empty() || is_memory)
    }

    /// A hash of what cannot be changed while the volume is there, marked where the engine does not keep the
    /// data; empty for a plain one.
    pub fn fingerprint(&self) -> String {
        if self.is_local() && self.driver_options.is_empty() {
            return String::new();
        }
        let driver = if self.is_local() { LOCAL } else { &self.driver };
        // Maps with text keys always serialise.
        let text = serde_json::to_vec(&(driver, &self.driver_options)).unwrap_or_default();
        let mark = if self.is_kept_by_engine() { "" } else { ELSEWHERE };
        format!("{mark}{}", hex(&Sha256::digest(text)))
    }
}

/// Whether a volume of this fingerprint has its data where the owner put it.
pub fn is_of_data_elsewhere(fingerprint: &str) -> bool {
    fingerprint.starts_with(ELSEWHERE)
}

/// What the engine tells of a volume that is there, whosever.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MadeVolume {
    /// The engine's name of the driver.
    pub driver: String,
    /// The driver's options.
    pub driver_options: BTreeMap<String, String>,
}

/// One of an app's own volumes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnVolume {
    /// What the target says of it.
    pub options: VolumeOptions,
    /// All of its labels.
    pub labels: BTreeMap<String, String>,
}

impl OwnVolume {
    /// The volume with the labels by which core knows it again.
    pub fn new(options: VolumeOptions, ownership: BTreeMap<String, String>) -> Self {
        let mut all = options.labels.clone();
        all.extend(ownership);
        let fingerprint = options.fingerprint();
        if !fingerprint.is_empty() {
            all.insert(labels::VOLUME.to_owned(), fingerprint);
        }
        Self { options, labels: all }
    }

    /// The label that tells a volume of other options; empty for a plain one.
    pub fn fingerprint(&self) -> &str {
        self.labels.get(labels::VOLUME).map_or("", String::as_str)
    }
}

/// The engine's name of an app's volume.
pub fn engine_name(app: AppId, name: &VolumeName, volume: &Volume) -> String {
    match volume {
        Volume::External(engine_name) => engine_name.clone(),
        Volume::Configured(options) if !options.name.is_empty() => options.name.clone(),
        Volume::Own | Volume::Configured(_) => format!("{app}_{name}"),
    }
}

#[cfg(test)]
#[path = "volume_tests.rs"]
mod tests;
