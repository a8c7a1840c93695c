//! An update that waits for its time: it is downloaded meanwhile, and carried out when its time has come.

use std::sync::{Mutex, atomic::Ordering};

use super::{
    Worker,
    settle::{backoff, cleans_up, known_by, wait_for_space},
    trial::Trying,
};
use crate::{
    domain::{
        apply_time::Verdict,
        event::What,
        intent::{Action, edit},
        record::AppRecord,
        waiting_update::WaitingUpdate,
    },
    error::{CoreError, chain},
    reconcile::{cycle::Outcome, download::absent_images, due::verdict},
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
        self.waiting_download.only_of(waiting.as_ref());
        let Some(mut update) = waiting else {
            self.context.status.update(self.app, |status| status.apply_waits_for.clear());
            return Ok(false);
        };
        if is_called && !update.called {
            update.called = true;
            // Until the call is on disk, it is still to be heard.
            self.store_waiting(&update)
                .await
                .inspect_err(|_| self.signals.apply.store(true, Ordering::Relaxed))?;
        }
        let verdict = verdict(&self.context, &update).await;
        self.waiting_download.due(verdict == Verdict::Due, &self.signals.cancels);
        let cancelled = self.waiting_download.listen(&self.signals.cancels);
        self.show_waiting(&verdict, None);
        let absent = absent_images(&self.context, &update).await?;
        // Its last image may be seen before its end is: that comes next, and leads here again.
        let is_here = absent.is_empty() && !self.waiting_download.goes_on();
        self.show_waiting(&verdict, Some(is_here));
        if is_here {
            self.waiting_download.is_here();
        } else if fetch == Fetch::Now {
            self.waiting_download.begin(&self.context, cancelled, &update, absent);
        }
        if !is_here || verdict != Verdict::Due {
            return Ok(false);
        }
        self.carry_out(update).await?;
        Ok(true)
    }

    /// Has the update that waits fetched, after it is known how the app does; also where the app cannot be brought to
    /// where it should be, as what waits may be what puts it right. None: it is the app's target from now on.
    pub(super) async fn fetch_waiting(
        &mut self,
        result: Result<Outcome, CoreError>,
    ) -> Option<Result<Outcome, CoreError>> {
        if matches!(result, Ok(Outcome::Forgotten)) {
            self.waiting_download.only_of(None);
        }
        let ends = matches!(result, Ok(Outcome::Forgotten) | Err(CoreError::ShuttingDown));
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

    /// An attempt to fetch it has ended.
    pub(super) async fn fetched(&mut self, result: Result<(), CoreError>) {
        // Where the engine has lost it again by the next look, that is no reason to hurry.
        let wait = backoff(self.waiting_download.attempts());
        let Err(error) = result else {
            self.waiting_download.rest(Some(wait));
            return self.drive(None).await;
        };
        if matches!(error, CoreError::Cancelled) && !self.waiting_download.is_cancelled() {
            // Somebody has asked for it again before its end was seen.
            return self.drive(None).await;
        }
        let is_ended = matches!(error, CoreError::Cancelled | CoreError::ShuttingDown);
        let wait_for_space = wait_for_space(&error);
        self.waiting_download.rest((!is_ended).then_some(wait_for_space.unwrap_or(wait)));
        let text = chain(&error);
        let is_new = self.waiting_download.fail(&text, known_by(&error));
        if wait_for_space.is_some() && cleans_up(is_new, self.waiting_download.attempts()) {
            self.context.settled.notify_one();
        }
        if is_new {
            log::warn!("waiting update not fetched app_id={} error='{text}'", self.app);
            self.context.events.tell(self.app, || What::CycleEnded { error: text.clone() });
        }
        self.context.status.update(self.app, |status| {
            status.waiting_percent = None;
            status.update_failed = true;
            status.last_error = text;
        });
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
        (self.trying, self.download) = (Trying::new(), Mutex::default());
        self.cancellation.forget();
        Ok(())
    }
}
