//! Paths of the host and file systems in memory that a container has.

use serde::{Deserialize, Serialize};

use super::is_default;

/// A path of the host in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostBind {
    /// Absolute path on the host.
    pub source: String,
    /// Absolute path in the container.
    pub target: String,
    /// Not writable from the container.
    pub read_only: bool,
    /// How later mounts spread; none: the engine's own setting.
    #[serde(default, skip_serializing_if = "is_default")]
    pub propagation: Option<Propagation>,
    /// The source has to exist; otherwise the engine makes a folder there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub must_exist: bool,
}

/// How mounts below a bind spread, in the kernel's words.
/// <https://docs.docker.com/engine/storage/bind-mounts/#configure-bind-propagation>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Propagation {
    /// Neither way.
    Private,
    /// Neither way, below it as well.
    Rprivate,
    /// Both ways.
    Shared,
    /// Both ways, below it as well.
    Rshared,
    /// From the host into the container.
    Slave,
    /// From the host into the container, below it as well.
    Rslave,
}

impl Propagation {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Private, Self::Rprivate, Self::Shared, Self::Rshared, Self::Slave, Self::Rslave];

    /// The kernel's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Rprivate => "rprivate",
            Self::Shared => "shared",
            Self::Rshared => "rshared",
            Self::Slave => "slave",
            Self::Rslave => "rslave",
        }
    }
}

/// A file system in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tmpfs {
    /// Absolute path in the container.
    pub target: String,
    /// Mount options, such as `size=64m`.
    pub options: Vec<String>,
}
