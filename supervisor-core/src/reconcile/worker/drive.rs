//! Cycle after cycle, until an app is as it should be or there is no sense in going on now.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::time::Instant;

use super::{Worker, settle::backoff, trial::disappoint, waiters::Reply};
use crate::{error::CoreError, ports::engine::EngineError};

/// Wait after somebody cancelled an update that has already taken the app down: long enough for a word of theirs.
const RETRY_CANCELLED: Duration = Duration::from_mins(5);
/// How long a caller waits for an engine that does not answer: a restart of the engine fits in.
const PATIENCE: Duration = Duration::from_secs(15);

impl Worker {
    /// Runs cycles until everything is as it should be, or until there is no sense in going on now.
    pub(super) async fn drive(&mut self, reply: Option<Reply>) {
        let patience = Instant::now() + PATIENCE;
        (self.retry_at, self.apply_at_s, self.trying.look_at) = (None, None, None);
        let mut given_up = self.count_start().await;
        loop {
            self.hear_who_asks();
            let result = match self.cycle().await {
                Err(error) if self.gives_up_purge(&error).await => {
                    self.show_failure(&Err(error));
                    self.cycle().await.and(Err(CoreError::PurgeGivenUp { why: self.last_error.clone() }))
                }
                other => other,
            };
            if let Some(error) = self.weigh(&result).await {
                given_up = Some(error);
                continue;
            }
            let Some(result) = self.fetch_waiting(result).await else { continue };
            let waits_for_engine = matches!(result, Err(CoreError::Engine(EngineError::Unavailable(_))));
            let ending = *self.context.closing.borrow();
            if waits_for_engine && reply.is_some() && !ending && Instant::now() < patience {
                self.failures = self.failures.saturating_add(1);
                self.show_failure(&result);
                let mut closing = self.context.closing.clone();
                tokio::select! {
                    () = tokio::time::sleep(backoff(self.failures)) => {}
                    () = self.signals.nudge.notified() => {}
                    Ok(_) = closing.wait_for(|closing| *closing) => {}
                }
                continue;
            }
            self.let_go_after(&result).await;
            self.settle(&result);
            if matches!(result, Err(CoreError::Cancelled)) && self.is_taken_down().await {
                self.cancellation.rest(RETRY_CANCELLED);
            }
            let reply = match given_up {
                Some(error) => {
                    disappoint(reply, error);
                    None
                }
                None => reply,
            };
            self.waiters.conclude(result, reply);
            return;
        }
    }

    /// Downloads that rest may begin, where somebody asks for that or their time has come.
    fn hear_who_asks(&mut self) {
        let [asked, changed] = [&self.signals.asked, &self.signals.changed];
        let is_asked = asked.swap(false, Ordering::Relaxed);
        let is_changed = changed.swap(false, Ordering::Relaxed);
        self.waiting_download.look(is_asked, is_changed, &self.signals.cancels);
        if is_asked || self.cancellation.again_at().is_some_and(|at| at <= Instant::now()) {
            self.forget_cancel();
        }
    }

    /// A download that somebody has cancelled may begin anew. What is said from now on counts.
    pub(super) fn forget_cancel(&mut self) {
        if self.cancellation.is_said() {
            self.last_error.clear();
        }
        self.cancellation.forget();
        self.cancellation.hear(&self.signals.cancels);
    }
}
