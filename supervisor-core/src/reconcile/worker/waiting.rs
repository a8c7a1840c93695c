//! An update that waits for its time: it is downloaded, and carried out when its time has come.

use std::sync::atomic::Ordering;

use super::{Worker, trial::Trying};
use crate::{
    domain::{
        apply_time::Verdict,
        event::What,
        intent::{Action, edit},
        record::AppRecord,
        waiting_update::WaitingUpdate,
    },
    error::CoreError,
    reconcile::{cycle::Outcome, due::verdict},
};

/// Whether images may be fetched now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fetch {
    /// The app is as it should be, or cannot be brought there.
    Now,
    /// The app itself comes first.
    Later,
}

impl Worker {
    /// Looks after the update that waits, if one does. True when it is the app's target from now on.
    pub(super) async fn look_after_waiting(&mut self, fetch: Fetch) -> Result<bool, CoreError> {
        let is_called = self.signals.apply.swap(false, Ordering::Relaxed);
        self.apply_at_s = None;
        let waiting = self.record.as_ref().and_then(|record| record.waiting.as_deref().cloned());
        let Some(mut update) = waiting else {
            self.context.status.update(self.app, |status| status.apply_waits_for.clear());
            return Ok(false);
        };
        if is_called && !update.called {
            update.called = true;
            self.store_waiting(&update).await?;
        }
        let first = verdict(&self.context, &update).await;
        self.show_waiting(&first, None);
        let Some(mut cycle) = self.parts() else { return Ok(false) };
        let absent = cycle.absent_images(&update).await?;
        let fetches = !absent.is_empty() && fetch == Fetch::Now;
        let is_here = absent.is_empty() || fetches;
        if fetches {
            cycle.context.status.update(update.target.app.app_id, |status| status.update_downloaded = false);
            cycle.download(&update, absent).await?;
        }
        // The pull may have taken its time.
        let verdict = verdict(&self.context, &update).await;
        self.show_waiting(&verdict, Some(is_here));
        if !is_here || verdict != Verdict::Due {
            return Ok(false);
        }
        self.carry_out(update).await?;
        Ok(true)
    }

    /// Fetches the update that waits, after it is known how the app does; also where the app cannot be brought to where
    /// it should be, as what waits may be what puts it right. None: it is the app's target from now on.
    pub(super) async fn fetch_waiting(
        &mut self,
        result: Result<Outcome, CoreError>,
    ) -> Option<Result<Outcome, CoreError>> {
        let ends =
            matches!(result, Ok(Outcome::Forgotten) | Err(CoreError::Cancelled | CoreError::ShuttingDown));
        if ends || self.record.is_none() {
            return Some(result);
        }
        let looked = self.look_after_waiting(Fetch::Now).await;
        self.show_idle();
        match looked {
            Ok(true) => None,
            Ok(false) => Some(result),
            Err(error) => Some(result.and(Err(error))),
        }
    }

    fn show_waiting(&mut self, verdict: &Verdict, is_here: Option<bool>) {
        let (what, look_at_s) = match verdict {
            Verdict::Due => (String::new(), None),
            Verdict::Waits { what, look_at_s } => (what.clone(), *look_at_s),
        };
        self.apply_at_s = look_at_s;
        self.context.status.update(self.app, |status| {
            status.update_pending = true;
            status.update_downloaded = is_here.unwrap_or(status.update_downloaded);
            status.apply_waits_for = what;
        });
    }

    async fn store_waiting(&mut self, update: &WaitingUpdate) -> Result<(), CoreError> {
        let Some(record) = &self.record else { return Ok(()) };
        let next = AppRecord { waiting: Some(Box::new(update.clone())), ..record.clone() };
        self.context.store.save_app(&next).await?;
        self.record = Some(next);
        Ok(())
    }

    /// The update becomes the app's target, as if it were applied only now.
    async fn carry_out(&mut self, update: WaitingUpdate) -> Result<(), CoreError> {
        let Some(record) = &self.record else { return Ok(()) };
        let action = Action::Apply(Box::new(update.target), update.applied_by);
        let applied = edit(record, &action)
            .map_err(|missing| CoreError::ServiceNotFound { app: self.app, service: missing.0 })?;
        let next = AppRecord { waiting: None, ..applied };
        self.context.store.save_app(&next).await?;
        log::info!("update carried out app_id={} commit={}", self.app, next.target.app.commit);
        let accepted = || What::ActionAccepted { action: action.name(), force: false };
        self.context.events.tell(self.app, accepted);
        self.context.status.update(self.app, |status| status.apply_waits_for.clear());
        self.record = Some(next);
        self.trying = Trying::new();
        Ok(())
    }
}
