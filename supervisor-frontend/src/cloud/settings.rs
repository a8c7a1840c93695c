//! What the cloud's configuration variables say to the supervisor itself.

use std::time::Duration;

/// The `config` entries of a target state that concern the supervisor, each known by a name that begins with
/// `RESIN_SUPERVISOR_` or `BALENA_SUPERVISOR_`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the contract")]
pub struct CloudSettings {
    /// `…_POLL_INTERVAL`, milliseconds: between two questions for the target.
    pub poll_interval: Duration,
    /// `…_OVERRIDE_LOCK`: updates do not wait for the apps' locks.
    pub override_lock: bool,
    /// `…_CONNECTIVITY_CHECK`: the heartbeat.
    pub connectivity_check: bool,
    /// `…_VPN_CONTROL`: the device's VPN is to be up.
    pub vpn: bool,
    /// `…_LOG_CONTROL`: logs go to the cloud.
    pub logs: bool,
    /// `…_INSTANT_UPDATE_TRIGGER`: the first question after a start comes at once.
    pub instant_update: bool,
}

impl Default for CloudSettings {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_mins(15),
            override_lock: false,
            connectivity_check: true,
            vpn: true,
            logs: true,
            instant_update: true,
        }
    }
}
