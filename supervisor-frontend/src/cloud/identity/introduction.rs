//! Tells core who the device is, whenever core comes: what registering has yielded, and what images of the cloud's own
//! registry are fetched with.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use supervisor_proto::{
    client::{CallError, CoreClient},
    v1::{ConfigJsonOutcome, ErrorReason, RecordIdentityRequest, SetRegistryAccessRequest},
};
use tokio::time::sleep;

use super::provisioning::Known;
use crate::{core_link::presence::Sessions, error_chain::chain};

/// What core's log shows for these calls.
const REQUEST_ID: &str = "identity";
/// Until core is told again what it could not take.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);

/// The task that tells core.
#[derive(Debug)]
pub struct Introduction {
    /// Calls on core.
    pub core: Arc<CoreClient>,
    /// Core's comings.
    pub sessions: Sessions,
    /// Who the device is.
    pub known: Known,
    /// The host of the cloud's API.
    pub api_host: String,
}

impl Introduction {
    /// Never returns while core may come.
    pub async fn run(mut self) {
        let mut complained = BTreeSet::new();
        loop {
            let is_here = *self.sessions.borrow_and_update() > 0;
            let failures = if is_here { self.introduce().await } else { Vec::new() };
            for text in failures.iter().map(|error| chain(error).to_string()) {
                // Once per reason, not once per attempt.
                if !complained.contains(&text) {
                    log::warn!("core not told who the device is error='{text}'");
                    complained.insert(text);
                }
            }
            if failures.is_empty() {
                complained.clear();
            }
            let again = async {
                if failures.iter().any(may_pass) {
                    sleep(RETRY_INTERVAL).await;
                } else {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = again => {}
                came = self.sessions.changed() => if came.is_err() { return },
            }
        }
    }

    /// What core did not take. Images need the registry's key whatever core thinks of the identity.
    async fn introduce(&self) -> Vec<CallError> {
        let access = self.access().await;
        let record = match self.known.registered_at_s {
            Some(registered_at_s) => self.record(registered_at_s).await,
            None => Ok(()),
        };
        [access, record].into_iter().filter_map(Result::err).collect()
    }

    async fn access(&self) -> Result<(), CallError> {
        let identity = &self.known.identity;
        let access = SetRegistryAccessRequest {
            api_host: self.api_host.clone(),
            username: format!("d_{}", identity.uuid),
            password: identity.key.expose().to_owned(),
        };
        self.core.set_access(access, REQUEST_ID).await.map(|_| ())
    }

    async fn record(&self, registered_at_s: u64) -> Result<(), CallError> {
        let identity = &self.known.identity;
        let record = RecordIdentityRequest {
            uuid: identity.uuid.clone(),
            device_api_key: identity.key.expose().to_owned(),
            device_id: identity.device_id.unwrap_or_default(),
            registered_at_s,
        };
        let reply = self.core.record(record, REQUEST_ID).await?;
        match reply.config_json() {
            ConfigJsonOutcome::Written => log::info!("config.json names the device now"),
            ConfigJsonOutcome::Failed => {
                log::warn!("config.json does not name the device, core's log says why");
            }
            ConfigJsonOutcome::Unspecified | ConfigJsonOutcome::NotAllowed | ConfigJsonOutcome::Unchanged => {
            }
        }
        Ok(())
    }
}

/// Whether core may take later what it does not take now. What it calls wrong stays wrong.
const fn may_pass(error: &CallError) -> bool {
    !matches!(error, CallError::Refused { reason: ErrorReason::InvalidArgument, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_is_tried_again_unless_core_calls_it_wrong() {
        let refused = |reason| CallError::Refused { reason, subject: String::new(), message: String::new() };
        assert!(!may_pass(&refused(ErrorReason::InvalidArgument)));
        assert!(may_pass(&refused(ErrorReason::StoreUnavailable)));
    }
}
