//! Counts the starts of core during a trial, before anything is done for the release in this life.

use super::Worker;
use crate::{
    domain::starts::{complaint, counted},
    error::{CoreError, chain},
    reconcile::observe::observe,
};

impl Worker {
    /// Counts this life, once, as soon as the engine tells how far the release has come. Gives the release up that
    /// has seen too many.
    pub(super) async fn count_start(&mut self) -> Option<CoreError> {
        if !self.uncounted {
            return None;
        }
        let Some(record) = self.record.as_ref().filter(|record| record.rollout.previous().is_some()) else {
            self.uncounted = false;
            return None;
        };
        let (wanted, observed) = match observe(&self.context, record).await {
            Ok(seen) => seen,
            Err(error) => {
                log::debug!("start not counted yet app_id={} error='{}'", self.app, chain(&error));
                return None;
            }
        };
        self.uncounted = false;
        let next = counted(record, &wanted, &observed)?;
        match self.context.store.save_app(&next).await {
            Ok(()) => self.record = Some(next),
            Err(error) => log::error!("start not counted app_id={} error='{}'", self.app, chain(&error)),
        }
        let reason = self.record.as_ref().and_then(complaint)?;
        self.give_up(&reason).await
    }
}
