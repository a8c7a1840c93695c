//! The device's power, as logind offers it.

use std::{error::Error, fmt};

use async_trait::async_trait;

/// What can be done to the device's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PowerAction {
    /// Restart the device.
    Reboot,
    /// Switch the device off.
    PowerOff,
}

impl fmt::Display for PowerAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reboot => "reboot",
            Self::PowerOff => "power-off",
        })
    }
}

/// Why the device's power could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum PowerError {
    /// There is no bus, no logind on it, or it did not answer before the deadline.
    #[error("logind is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// logind answered, and its answer was not yes; the field says why, in our words.
    #[error("logind does not allow a {action}: {why}")]
    Refused {
        /// What was asked for.
        action: PowerAction,
        /// For example `an administrator has to confirm it` for logind's `challenge`.
        why: String,
    },
}

/// <https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html>
#[async_trait]
pub trait PowerManager: Send + Sync {
    /// Asks `CanReboot` or `CanPowerOff`; only `yes` is success.
    async fn check(&self, action: PowerAction) -> Result<(), PowerError>;

    /// Calls `Reboot` or `PowerOff`, not interactive; success means that logind accepted.
    async fn execute(&self, action: PowerAction) -> Result<(), PowerError>;
}
