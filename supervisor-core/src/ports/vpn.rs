//! The host's VPN, as its init system runs it.

use std::error::Error;

use async_trait::async_trait;

/// What became of a wish for the VPN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VpnOutcome {
    /// The init system took the job, or there was nothing to do.
    Accepted,
    /// This host has no such unit.
    Absent,
}

/// Why the VPN could not be started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum VpnError {
    /// There is no bus, no systemd on it, or it did not answer before the deadline.
    #[error("systemd is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// systemd answered that it will not; the field says why, in our words.
    #[error("systemd does not start or stop {unit}: {why}")]
    Refused {
        /// The unit.
        unit: String,
        /// For example `the unit is masked`.
        why: &'static str,
    },
}

/// Starts and stops it.
#[async_trait]
pub trait Vpn: Send + Sync {
    /// Asks for the VPN to be up or down; does not wait until it is.
    async fn set(&self, up: bool) -> Result<VpnOutcome, VpnError>;
}
