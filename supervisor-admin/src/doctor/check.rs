//! What `doctor` looks at. The words are a contract with scripts, documented in `docs/admin.md`.

use serde::{Serialize, Serializer};

/// One of the things that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Core's socket.
    Socket,
    /// Who the caller is for core.
    Role,
    /// The two releases.
    Contract,
    /// Whether core gives proper answers.
    Core,
    /// A process of core's name.
    Process,
    /// What systemd says of core.
    Unit,
    /// Whether core examines the device for this caller.
    Examination,
    /// The container engine.
    Engine,
    /// Reboot and power-off.
    Power,
    /// The frontend.
    Frontend,
    /// Whom core takes for whom.
    Roles,
    /// Free space.
    Disk,
    /// The time.
    Clock,
    /// The owner's policy.
    Policy,
    /// The API's host.
    Connectivity,
    /// How the device stands with its cloud.
    Cloud,
    /// Apps that fail.
    Apps,
    /// Update locks.
    Locks,
    /// The LED's file.
    Led,
}

impl Check {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Role => "role",
            Self::Contract => "contract",
            Self::Core => "core",
            Self::Process => "process",
            Self::Unit => "unit",
            Self::Examination => "examination",
            Self::Engine => "engine",
            Self::Power => "power",
            Self::Frontend => "frontend",
            Self::Roles => "roles",
            Self::Disk => "disk",
            Self::Clock => "clock",
            Self::Policy => "policy",
            Self::Connectivity => "connectivity",
            Self::Cloud => "cloud",
            Self::Apps => "apps",
            Self::Locks => "locks",
            Self::Led => "led",
        }
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
