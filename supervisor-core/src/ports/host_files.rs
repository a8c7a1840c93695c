//! The apps' files on the host: data folders and update locks.

use std::io;

use async_trait::async_trait;
use supervisor_proto::ids::{AppId, ServiceName};

/// A secret-free random word, 32 lower-case hex, that tells our update locks from an app's: it is in the
/// store before a lock bears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockToken(String);

impl LockToken {
    /// Accepts 32 lower-case hex.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == 32 && hex).then(|| Self(text.to_owned()))
    }

    /// The word itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A file operation that was refused or failed. Paths are as the host sees them.
#[derive(Debug, thiserror::Error)]
pub enum HostFilesError {
    /// An app holds an update lock.
    #[error("{path} exists")]
    Locked {
        /// The lock, as the app sees it, for example `/data/resin-updates.lock`.
        path: String,
    },
    /// Something is where a folder of root's should be: a symlink, a file, another owner's folder.
    #[error("{path} is not a folder that belongs to root")]
    Unsafe {
        /// The path in question.
        path: String,
    },
    /// A file system is mounted inside the app's data.
    #[error("{path} is a mount point")]
    MountPoint {
        /// The path in question.
        path: String,
    },
    /// The operating system refused.
    #[error("cannot {action} {path}")]
    Io {
        /// For example `remove`.
        action: &'static str,
        /// The path in question.
        path: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// An update lock that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLock {
    /// As the app sees it, for example `/data/resin-updates.lock`.
    pub path: String,
    /// As the host sees it.
    pub host_path: String,
    /// It holds our token.
    pub ours: bool,
    /// When it was last changed, seconds since 1970.
    pub since_s: u64,
    /// Who owns it.
    pub uid: u32,
}

/// The apps' data folders, `<RESIN_DATA_PATH>/<appId>`, and lock folders,
/// `/tmp/balena-supervisor/services/<appId>/<service>`, both below `HOST_ROOT`.
///
/// Nothing here follows a symlink below those roots, and no call blocks the async thread.
#[async_trait]
pub trait HostFiles: Send + Sync {
    /// Creates the app's data folder and the lock folders of its services where they are missing.
    /// Existing folders keep owner and mode.
    async fn prepare(&self, app: AppId, services: &[ServiceName]) -> Result<(), HostFilesError>;

    /// Where a path of the host leads: the same path when no symlink is on the way; none when nothing is there.
    /// It is followed beneath `HOST_ROOT`; what cannot be followed is an error.
    async fn follow(&self, path: &str) -> Result<Option<String>, HostFilesError>;

    /// Whether [`empty_data`](Self::empty_data) could empty the app's data folder: an error names what is in
    /// the way. Changes nothing.
    async fn check_data(&self, app: AppId) -> Result<(), HostFilesError>;

    /// Empties the app's data folder and keeps the folder itself, its owner and its mode.
    /// An absent folder is created. Nothing is removed when a mount point is inside. An update lock in the
    /// folder goes with everything else. Harmless when repeated.
    async fn empty_data(&self, app: AppId) -> Result<(), HostFilesError>;

    /// Takes every update lock of the app (`/data/resin-updates.lock`, and in each service's lock folder
    /// `updates.lock` and `resin-updates.lock`), all or none; each lock file holds `token`. A lock that
    /// already holds `token` is ours and counts as taken. Any other existing entry is an app's lock,
    /// whatever its type: [`HostFilesError::Locked`].
    async fn take_locks(
        &self,
        app: AppId,
        services: &[ServiceName],
        token: &LockToken,
    ) -> Result<(), HostFilesError>;

    /// Update locks of the app that exist; those that hold `token` are ours. Changes nothing.
    async fn held_locks(
        &self,
        app: AppId,
        services: &[ServiceName],
        token: Option<&LockToken>,
    ) -> Result<Vec<HeldLock>, HostFilesError>;

    /// Whether a new container of the service says that it has taken over: `handover-complete` or
    /// `resin-kill-me` is in the service's lock folder, whatever its content.
    async fn has_taken_over(&self, app: AppId, service: &ServiceName) -> Result<bool, HostFilesError>;

    /// Takes away what an earlier container said of the kind.
    async fn clear_taken_over(&self, app: AppId, service: &ServiceName) -> Result<(), HostFilesError>;

    /// Removes the locks that hold `token`, and what a crash left of taking them; others stay.
    async fn release_locks(
        &self,
        app: AppId,
        services: &[ServiceName],
        token: &LockToken,
    ) -> Result<(), HostFilesError>;
}
