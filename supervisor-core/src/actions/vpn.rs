//! The host's VPN, up or down as the cloud wishes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    error::CoreError,
    ports::vpn::{Vpn, VpnOutcome},
};

/// Passes wishes on to the host, and says once that it has no VPN to start or stop.
pub struct VpnSwitch {
    vpn: Arc<dyn Vpn>,
    is_absence_told: AtomicBool,
}

impl VpnSwitch {
    /// A switch of this VPN.
    pub fn new(vpn: Arc<dyn Vpn>) -> Self {
        Self { vpn, is_absence_told: AtomicBool::new(false) }
    }

    /// Asks for it to be up or down. A host without VPN is as good as one whose VPN does as it is told.
    pub async fn set(&self, up: bool) -> Result<(), CoreError> {
        match self.vpn.set(up).await? {
            VpnOutcome::Accepted => log::info!("VPN asked to be up={up}"),
            VpnOutcome::Absent if self.is_absence_told.swap(true, Ordering::Relaxed) => {}
            VpnOutcome::Absent => {
                log::warn!("no VPN unit on this host, see VPN_UNIT: nothing to start or stop");
            }
        }
        Ok(())
    }
}
