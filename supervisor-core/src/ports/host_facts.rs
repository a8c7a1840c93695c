//! What the host says about itself when somebody looks for a fault.

use std::{error::Error, io, path::Path};

use async_trait::async_trait;

/// How full a file system is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskSpace {
    /// For those who are not root.
    pub free_bytes: u64,
    /// In all.
    pub total_bytes: u64,
    /// 0 where there is no fixed number.
    pub free_inodes: u64,
    /// 0 where there is no fixed number.
    pub total_inodes: u64,
}

/// Nobody on the device tells whether the clock is synchronised.
#[derive(Debug, thiserror::Error)]
#[error("nobody tells whether the clock is synchronised")]
pub struct ClockUnknown(#[source] pub Box<dyn Error + Send + Sync>);

/// Facts about the host; no call blocks the async thread.
#[async_trait]
pub trait HostFacts: Send + Sync {
    /// How full the file system is that `path`, as this process sees it, lies on.
    async fn disk_space(&self, path: &Path) -> io::Result<DiskSpace>;

    /// Whether something keeps the clock synchronised, and it is.
    async fn is_clock_synchronised(&self) -> Result<bool, ClockUnknown>;
}
