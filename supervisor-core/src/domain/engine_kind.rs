//! Which engine serves the API, as far as that makes a difference to the owner.

use std::fmt;

/// The engine behind Docker's API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// Docker itself, and engines built from it.
    #[default]
    Docker,
    /// Podman's Docker API.
    Podman {
        /// The first number of its version.
        major: u32,
    },
}

impl EngineKind {
    /// Podman of the version `text`.
    pub fn podman(text: &str) -> Self {
        let major = text.split('.').next().and_then(|number| number.parse().ok());
        Self::Podman { major: major.unwrap_or_default() }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Docker => f.write_str("Docker"),
            Self::Podman { major } => write!(f, "Podman {major}"),
        }
    }
}
