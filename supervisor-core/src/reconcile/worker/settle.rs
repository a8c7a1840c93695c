//! What becomes of a cycle's end: it is shown, and the next cycle is planned where one is needed.

use std::{
    sync::{Mutex, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;

use super::{Worker, waiters::failure};
use crate::{
    domain::event::What,
    error::{CoreError, chain},
    ports::engine::{EngineError, NotPulled},
    reconcile::cycle::Outcome,
};

/// First and longest wait after a failed cycle: 500 ms, doubled, at most 30 s, as the historical supervisor.
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_LONGEST: Duration = Duration::from_secs(30);
/// Wait after the engine itself had no space: how much an image needs is not known.
const RETRY_NO_SPACE: Duration = Duration::from_mins(5);
/// Wait after it turned out how much an image needs: to look again neither asks the registry nor writes to the disk.
const LOOK_FOR_SPACE: Duration = Duration::from_secs(30);
/// Of so many looks in vain one has images cleaned up.
const FAILURES_PER_CLEAN_UP: u32 = 10;

impl Worker {
    /// Takes note of how a cycle ended, and plans the next if one is needed.
    pub(super) fn settle(&mut self, result: &Result<Outcome, CoreError>) {
        match result {
            Ok(Outcome::Forgotten) => {
                self.record = None;
                self.context.status.remove(self.app);
                self.context.settled.notify_one();
                log::info!("app removed app_id={}", self.app);
            }
            Ok(Outcome::Waiting { others, .. }) if let Some(wait) = failure(others) => {
                self.show_failure(&Err(CoreError::DependencyFailed { wait: wait.clone() }));
                self.signals.force.store(false, Ordering::Relaxed);
                self.failures = 0;
                return;
            }
            Ok(Outcome::Converged | Outcome::Waiting { .. }) if self.record.is_some() => {
                self.context.status.update(self.app, |status| {
                    self.waiting_download.error().clone_into(&mut status.last_error);
                    status.update_failed = !status.last_error.is_empty();
                });
            }
            Ok(Outcome::Converged | Outcome::Waiting { .. }) => self.context.status.remove(self.app),
            // Whoever cancelled a download does not want it to begin anew by itself.
            Err(
                CoreError::Cancelled
                | CoreError::ShuttingDown
                | CoreError::PurgeGivenUp { .. }
                | CoreError::NotGranted(_),
            ) => {
                self.show_failure(result);
            }
            Err(error) => {
                let is_new = self.show_failure(result);
                self.failures = self.failures.saturating_add(1);
                let wait = wait_for_space(error);
                if wait.is_some() && cleans_up(is_new, self.failures) {
                    self.context.settled.notify_one();
                }
                self.retry_at = Some(Instant::now() + wait.unwrap_or_else(|| backoff(self.failures)));
                return;
            }
        }
        self.signals.force.store(false, Ordering::Relaxed);
        self.failures = 0;
        if result.is_ok() {
            self.download = Mutex::default();
            self.cancellation.forget();
        }
        // As long as it stays cancelled, that is no news.
        if !self.cancellation.is_said() {
            self.last_error.clear();
        }
    }

    /// Shows a failure on the board, and logs it once, however often it comes again. Whether it is news.
    pub(super) fn show_failure(&mut self, result: &Result<Outcome, CoreError>) -> bool {
        let Err(error) = result else { return false };
        let text = chain(error);
        self.context.status.update(self.app, |status| {
            status.update_failed = true;
            status.update_pending = true;
            status.last_error.clone_from(&text);
        });
        let known_by = known_by(error);
        let is_new = known_by != self.last_error;
        if is_new {
            log::warn!("cycle failed app_id={} error='{text}'", self.app);
            self.context.events.tell(self.app, || What::CycleEnded { error: text.clone() });
            self.last_error = known_by;
        }
        is_new
    }
}

/// By what a failure is known again: how much is free is another figure at each look, and no news.
pub(super) fn known_by(error: &CoreError) -> String {
    match error {
        CoreError::NoSpace { image, needed_bytes, .. } => format!("no space for {image}: {needed_bytes}"),
        other => chain(other),
    }
}

/// Whether an image that does not fit, so many times by now, has others looked at that could go: what is in the way
/// may be so only for a while.
pub(super) const fn cleans_up(is_new: bool, failures: u32) -> bool {
    is_new || failures.is_multiple_of(FAILURES_PER_CLEAN_UP)
}

/// The wait after so many failures in a row.
pub(super) fn backoff(failures: u32) -> Duration {
    RETRY_FIRST.saturating_mul(1 << failures.saturating_sub(1).min(6)).min(RETRY_LONGEST)
}

/// How long to wait for space; none where it is not what lacks.
pub(super) fn wait_for_space(error: &CoreError) -> Option<Duration> {
    match error {
        CoreError::NoSpace { .. } => Some(LOOK_FOR_SPACE),
        CoreError::Engine(EngineError::NotPulled { why: NotPulled::NoSpace, .. }) => Some(RETRY_NO_SPACE),
        _ => None,
    }
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
