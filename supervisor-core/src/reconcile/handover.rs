//! Hand-overs: a service's new container runs beside the old one until it says that it has taken over, or until
//! its time is up.

use std::{collections::BTreeMap, time::Duration};

use supervisor_proto::ids::{AppId, ServiceName};
use tokio::time::{Instant, sleep, timeout_at};

use super::Context;
use crate::{
    closing::closed,
    error::{CoreError, chain},
};

/// How often the file is looked for while a container hands over.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Since when the new containers of one app run beside their predecessors. After a new start of core their time
/// begins anew.
#[derive(Debug, Default)]
pub struct Handovers {
    begun: BTreeMap<ServiceName, Instant>,
}

impl Handovers {
    /// Before a new container is started: what an earlier one has said is not its word.
    pub async fn begin(
        &mut self,
        context: &Context,
        app: AppId,
        service: &ServiceName,
    ) -> Result<(), CoreError> {
        context.files.clear_taken_over(app, service).await?;
        self.begun.insert(service.clone(), Instant::now());
        Ok(())
    }

    /// Waits until the new container has taken over, or until it has run for `timeout_ms`. What the worker is asked
    /// meanwhile goes first: the time that has been waited counts when it comes back.
    pub async fn wait(
        &mut self,
        context: &Context,
        app: AppId,
        service: &ServiceName,
        timeout_ms: u64,
        is_called_away: impl Fn() -> bool,
    ) -> Result<(), CoreError> {
        let begun = *self.begun.entry(service.clone()).or_insert_with(Instant::now);
        let until = begun + Duration::from_millis(timeout_ms);
        let said = async {
            while !has_taken_over(context, app, service).await {
                if is_called_away() {
                    return Err(CoreError::StillInProgress {
                        waiting_for: format!("the new container of {service} to take over"),
                    });
                }
                sleep(LOOK_EVERY).await;
            }
            Ok(())
        };
        tokio::select! {
            said = timeout_at(until, said) => {
                let how = if said.is_ok() { "said" } else { "timeout" };
                said.unwrap_or(Ok(()))?;
                log::info!("handed over app_id={app} service={service} by={how}");
                Ok(())
            }
            () = closed(context.closing.clone()) => Err(CoreError::ShuttingDown),
        }
    }
}

/// What cannot be looked for is not there; the time ends the waiting.
async fn has_taken_over(context: &Context, app: AppId, service: &ServiceName) -> bool {
    context.files.has_taken_over(app, service).await.unwrap_or_else(|error| {
        log::debug!("hand-over not looked for app_id={app} error='{}'", chain(&error));
        false
    })
}
