//! A release on trial: what a cycle's end tells of it, and how the release before takes its place again.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use supervisor_proto::ids::ServiceName;
use tokio::time::Instant;

use super::{Worker, waiters::Reply};
use crate::{
    domain::{
        dependency::Wait,
        event::What,
        observed::{Container, ContainerId, Observed},
        record::AppRecord,
        rollout::{left, passed, taken_back},
        trial::{Probation, Sight, Verdict, Vitals},
    },
    error::{CoreError, chain},
    reconcile::{cycle::Outcome, fault::Fault, observe::observe, warrant::permit_app},
};

/// When the store cannot take the end of a trial, or the engine does not answer, it is tried again.
const AGAIN: Duration = Duration::from_secs(30);
/// A release with none to go back to is looked at again ever more seldom, but so often at least.
const SELDOM: Duration = Duration::from_hours(1);

/// What a worker remembers of the release on trial; it is forgotten with the process.
#[derive(Debug)]
pub struct Trying {
    /// The clock of the trial.
    since: Instant,
    probation: Probation,
    /// When to look next.
    pub look_at: Option<Instant>,
    /// When a release with none to go back to is looked at again; none: it has not failed yet.
    again: Option<Duration>,
}

impl Trying {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self { since: Instant::now(), probation: Probation::default(), look_at: None, again: None }
    }
}

impl Worker {
    /// Weighs how a cycle has ended. The release that was given up, if one was: then another is the target, and
    /// the engine has to be driven to it.
    pub(super) async fn weigh(&mut self, result: &Result<Outcome, CoreError>) -> Option<CoreError> {
        self.record.as_ref().filter(|record| record.rollout.trial.is_some() && !record.removed)?;
        if result.is_ok() || self.fault.is_none() {
            self.trying.probation.forget_refusal();
        }
        let verdict = match (result, self.fault) {
            (Ok(Outcome::Converged), _) => self.examine(&[], true).await,
            (Ok(Outcome::Waiting { others, api }), _) => {
                let only_waits = api.is_empty();
                self.examine(others, only_waits).await
            }
            (Err(error), Some(Fault::ForGood)) => Verdict::Failed(chain(error)),
            (Err(error), Some(fault @ (Fault::ForNow | Fault::NotFetched))) => {
                match self.trying.probation.is_refused(self.now(), fault.time()) {
                    Verdict::Failed(_) => Verdict::Failed(chain(error)),
                    other @ (Verdict::Open(_) | Verdict::Passed) => other,
                }
            }
            (Ok(Outcome::Forgotten) | Err(_), _) => return None,
        };
        match verdict {
            Verdict::Open(at) => self.trying.look_at = at.map(|at| self.trying.since + at),
            Verdict::Passed if matches!(result, Ok(Outcome::Converged)) => self.pass().await,
            Verdict::Passed => {}
            Verdict::Failed(reason) => return self.give_up(&reason).await,
        }
        None
    }

    fn now(&self) -> Duration {
        self.trying.since.elapsed()
    }

    async fn examine(&mut self, waits: &[Wait], may_fail: bool) -> Verdict {
        let Some(record) = &self.record else { return Verdict::Open(None) };
        match vitals(self.context.as_ref(), record).await {
            Ok(vitals) => {
                let now = self.trying.since.elapsed();
                let sight = Sight { record, vitals: &vitals, waits };
                match self.trying.probation.judge(sight, now) {
                    Verdict::Failed(_) if !may_fail => Verdict::Open(None),
                    verdict => verdict,
                }
            }
            Err(error) => {
                log::debug!("release not examined app_id={} error='{}'", self.app, chain(&error));
                Verdict::Open(Some(self.now() + AGAIN))
            }
        }
    }

    /// The release has passed: from now on it is the one to go back to.
    async fn pass(&mut self) {
        let Some(next) = self.record.as_ref().map(passed) else { return };
        let commit = next.target.app.commit.clone();
        if self.store_end(next).await {
            log::info!("release runs as it should app_id={} commit={commit}", self.app);
            self.context.events.tell(self.app, || What::ReleasePassed { commit });
        }
    }

    /// The release has failed: the one before takes its place, if there is one and if it is still allowed.
    pub(super) async fn give_up(&mut self, reason: &str) -> Option<CoreError> {
        let record = self.record.as_ref()?;
        let commit = record.target.app.commit.clone();
        let Some(mut next) = taken_back(record, reason, now_s()) else {
            let again = self.trying.again.map_or(AGAIN, |before| before.saturating_mul(2).min(SELDOM));
            if self.trying.again.replace(again).is_none() {
                log::warn!(
                    "release does not run as it should, none to go back to app_id={} commit={commit} reason='{reason}'",
                    self.app
                );
            }
            // It may come to run as it should all the same.
            self.trying.look_at = Some(Instant::now() + again);
            return None;
        };
        let mut reason = reason.to_owned();
        let refused = permit_app(&self.context, &next).await.err();
        if let Some(refusal) = &refused {
            reason = format!("{reason}; the release before it is not allowed any more: {refusal}");
            next = left(record, &reason, now_s());
        }
        let restored = next.rollout.failed.as_ref().map(|f| f.restored_commit.clone()).unwrap_or_default();
        if !self.store_end(next).await {
            return None;
        }
        log::error!(
            "release given up app_id={} commit={commit} restored_commit={restored} reason='{reason}'",
            self.app
        );
        let error = || CoreError::ReleaseFailed {
            commit: commit.clone(),
            restored: restored.clone(),
            reason: reason.clone(),
        };
        self.context.events.tell(self.app, || What::ReleaseFailed {
            commit: commit.clone(),
            restored_commit: restored.clone(),
            reason: reason.clone(),
        });
        self.waiters.fail_all(error);
        refused.is_none().then(error)
    }

    /// Puts the end of a trial on disk; without that it has not ended.
    async fn store_end(&mut self, next: AppRecord) -> bool {
        if let Err(error) = self.context.store.save_app(&next).await {
            log::error!("end of a trial not stored app_id={} error='{}'", self.app, chain(&error));
            self.trying.look_at = Some(Instant::now() + AGAIN);
            return false;
        }
        self.trying = Trying::new();
        self.cancellation.forget();
        self.context.status.update(self.app, |status| status.describe(&next));
        self.record = Some(next);
        // Images of the release before, or of the one that was given up, may go.
        self.context.settled.notify_one();
        true
    }
}

/// Asks the engine for each service's container.
async fn vitals(
    context: &crate::reconcile::Context,
    record: &AppRecord,
) -> Result<BTreeMap<ServiceName, (ContainerId, Vitals)>, CoreError> {
    let (_, observed) = observe(context, record).await?;
    let mut all = BTreeMap::new();
    for (name, container) in newest(&observed) {
        if let Some(vitals) = context.engine.vitals(&container.id).await? {
            all.insert(name.clone(), (container.id.clone(), vitals));
        }
    }
    Ok(all)
}

/// The container that stands for each service.
fn newest(observed: &Observed) -> BTreeMap<&ServiceName, &Container> {
    let mut all: BTreeMap<&ServiceName, &Container> = BTreeMap::new();
    for container in &observed.containers {
        let Some(name) = &container.service else { continue };
        let rank = |c: &Container| (c.generation, c.created_s);
        if all.get(name).is_none_or(|other| rank(other) < rank(container)) {
            all.insert(name, container);
        }
    }
    all
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// A caller whose action has come to nothing is told so, whatever became of the way back.
pub(super) fn disappoint(reply: Option<Reply>, given_up: CoreError) {
    if let Some(reply) = reply {
        let _ = reply.send(Err(given_up));
    }
}
