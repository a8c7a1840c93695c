//! The switches of the cloud's that core has the other end of: the connectivity check and the VPN.

use std::{sync::Arc, time::Duration};

use supervisor_proto::{
    client::{CallError, CoreClient},
    v1::{SetHeartbeatRequest, SetVpnRequest},
};
use tokio::{sync::watch, time::sleep};

use crate::{cloud::settings::CloudSettings, error_chain::chain};

/// What core's log shows for calls that no HTTP request caused.
const REQUEST_ID: &str = "cloud";
/// After a failure.
const RETRY: Duration = Duration::from_mins(1);

/// Passes the switches on. What the cloud never switched off is left as it is: the host starts its VPN by itself.
#[derive(Debug)]
pub struct Controls {
    /// Core.
    pub core: Arc<CoreClient>,
    /// Changes when core has come back, which may be another one.
    pub sessions: watch::Receiver<u64>,
    /// Where the switches are.
    pub settings: watch::Receiver<CloudSettings>,
}

/// One switch, as core was told.
#[derive(Debug, Clone, Copy, Default)]
struct Switch {
    told: Option<bool>,
    was_off: bool,
}

impl Switch {
    fn is_due(self, wanted: bool) -> bool {
        self.told != Some(wanted) && (!wanted || self.was_off)
    }

    fn note(&mut self, told: bool) {
        self.told = Some(told);
        self.was_off |= !told;
    }

    /// Core may be another one, which knows nothing.
    fn forget(&mut self) {
        self.told = None;
    }
}

impl Controls {
    /// Passes on for as long as it is not dropped.
    pub async fn run(mut self) {
        let (mut heartbeat, mut vpn) = (Switch::default(), Switch::default());
        loop {
            let failed = match self.round(&mut heartbeat, &mut vpn).await {
                Ok(()) => false,
                Err(error) => {
                    log::warn!("a switch of the cloud's is not passed on error='{}'", chain(&error));
                    true
                }
            };
            let outcome = tokio::select! {
                changed = self.sessions.changed() => {
                    heartbeat.forget();
                    vpn.forget();
                    changed
                }
                changed = self.settings.changed() => changed,
                () = sleep(RETRY), if failed => Ok(()),
            };
            if outcome.is_err() {
                return;
            }
        }
    }

    async fn round(&mut self, heartbeat: &mut Switch, vpn: &mut Switch) -> Result<(), CallError> {
        if *self.sessions.borrow_and_update() == 0 {
            return Ok(());
        }
        let settings = self.settings.borrow_and_update().clone();
        if heartbeat.is_due(settings.connectivity_check) {
            let enabled = settings.connectivity_check;
            self.core.set_heartbeat(SetHeartbeatRequest { enabled }, REQUEST_ID).await?;
            heartbeat.note(enabled);
        }
        if vpn.is_due(settings.vpn) {
            self.core.set_vpn(SetVpnRequest { enabled: settings.vpn }, REQUEST_ID).await?;
            vpn.note(settings.vpn);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switch_that_was_never_off_is_left_alone() {
        let mut switch = Switch::default();
        assert!(!switch.is_due(true));
        switch.forget();
        assert!(!switch.is_due(true));
    }

    #[test]
    fn switch_is_told_when_it_changes_and_in_every_session() {
        let mut switch = Switch::default();
        assert!(switch.is_due(false));
        switch.note(false);
        assert!(!switch.is_due(false));
        assert!(switch.is_due(true));
        switch.forget();
        assert!(switch.is_due(false));
        assert!(switch.is_due(true), "core may still have it off");
        switch.note(true);
        assert!(!switch.is_due(true));
    }
}
