//! Core's durable state.

use std::{collections::BTreeSet, io, path::PathBuf};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use supervisor_proto::ids::AppId;

use crate::domain::record::AppRecord;

/// The store could not do what it was asked; nothing that it held has been damaged.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused, for example because the disk is full.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// For example `write`.
        action: &'static str,
        /// The file in question.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The value cannot be written as JSON.
    #[error("cannot encode {}", path.display())]
    Encode {
        /// The file in question.
        path: PathBuf,
        /// What the encoder said.
        #[source]
        source: serde_json::Error,
    },
    /// A newer release wrote the file; this one would lose what it does not know.
    #[error("{} has format {found}, this release reads up to {known}: install the release that wrote it, or a newer one", path.display())]
    Newer {
        /// The file in question.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
}

/// A power action that was accepted and whose outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PowerIntent {
    /// True for power-off, false for reboot.
    pub power_off: bool,
    /// The boot during which it was accepted.
    pub boot_id: String,
    /// When it was accepted, milliseconds since this boot.
    pub accepted_uptime_ms: u64,
}

/// The API's key and port as the store keeps them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredApiAccess {
    /// The key.
    pub api_key: String,
    /// TCP port of the HTTP API.
    pub port: u16,
}

/// What the frontend has told of the device, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDevice {
    /// The device's uuid in its fleet.
    pub uuid: String,
}

/// Core's durable state. Every write is on disk when the call returns, and replaces the old value whole or
/// not at all.
#[async_trait]
pub trait Store: Send + Sync {
    /// One app's record as it is on disk; `None` when there is none, or none that can be read.
    async fn read_app(&self, app: AppId) -> Result<Option<AppRecord>, StoreError>;

    /// Writes one app's record.
    async fn save_app(&self, record: &AppRecord) -> Result<(), StoreError>;

    /// Deletes one app's record; harmless when there is none.
    async fn delete_app(&self, app: AppId) -> Result<(), StoreError>;

    /// Every app's record; `None` when one that is there cannot be read.
    async fn all_apps(&self) -> Result<Option<Vec<AppRecord>>, StoreError>;

    /// References of images that core has pulled because they were not there.
    async fn pulled_images(&self) -> Result<BTreeSet<String>, StoreError>;

    /// Notes one of them, before it is pulled; one that is noted is not written again.
    async fn add_pulled_image(&self, image: &str) -> Result<(), StoreError>;

    /// Forgets one of them.
    async fn remove_pulled_image(&self, image: &str) -> Result<(), StoreError>;

    /// Writes the API's key and port.
    async fn save_api_access(&self, access: &StoredApiAccess) -> Result<(), StoreError>;

    /// Writes what the frontend has told of the device.
    async fn save_device(&self, device: &StoredDevice) -> Result<(), StoreError>;

    /// Writes or, with `None`, deletes the pending power action.
    async fn save_power(&self, intent: Option<&PowerIntent>) -> Result<(), StoreError>;
}
