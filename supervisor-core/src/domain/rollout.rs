//! Health-gated updates: a release is on trial until it runs as it should, and the release before it is kept
//! whole, so that a record can go back to it. Everything here survives a crash with the record.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use supervisor_proto::{duration, ids::ServiceName};

use super::{
    container::hex,
    intent,
    observed::Observed,
    record::{AppRecord, AppliedBy, ServiceIntent},
    settings::is_default,
    target::{Service, Target},
};

/// `"1"` has an app's releases tried, `"0"` has them taken as they are. On any service, for the whole app.
pub const GATE: &str = "io.supervisor.update.health-gate";
/// How long a service may take to run as it should, such as `2m`.
pub const TIMEOUT: &str = "io.supervisor.update.health-timeout";

/// What the store keeps of an app's updates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// The target has not yet been seen to run as it should.
    #[serde(default, skip_serializing_if = "is_default")]
    pub trial: Option<Trial>,
    /// The release that was given up last, until the target changes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failed: Option<FailedRelease>,
}

/// A release on trial.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// What ran before it; none before the first release that ran as it should.
    #[serde(default, skip_serializing_if = "is_default")]
    pub previous: Option<Box<Release>>,
    /// How often core was started since something of it was there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub starts: u32,
}

/// A release, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// What the app is then.
    pub target: Target,
    /// What its services were doing.
    pub services: BTreeMap<ServiceName, ServiceIntent>,
    /// Who applied it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub applied_by: AppliedBy,
}

/// A release that was given up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedRelease {
    /// Its commit.
    pub commit: String,
    /// A hash of its whole target.
    pub content: String,
    /// The release that runs instead; empty where it could not be taken back.
    pub restored_commit: String,
    /// Why, in one sentence.
    pub reason: String,
    /// When, seconds since 1970.
    pub at_s: u64,
}

/// Whether a target is on trial before it counts as good: what a cloud applies is, what the owner applies is not,
/// unless a label says otherwise. Where labels disagree, the careful one counts.
pub fn is_gated(target: &Target, by: AppliedBy) -> bool {
    let said = |value: &str| target.services.values().any(|s| s.labels.get(GATE).is_some_and(|v| v == value));
    said("1") || (by == AppliedBy::Frontend && !said("0"))
}

/// The time that a service's label gives it.
pub fn own_timeout(service: &Service) -> Option<Duration> {
    let text = service.labels.get(TIMEOUT)?;
    duration::parse(text).map(Duration::from_millis)
}

/// What is wrong with a label by which an update is steered; nothing for any other label.
pub fn problem_of_label(name: &str, value: &str) -> Option<&'static str> {
    match name {
        GATE if !matches!(value, "0" | "1") => Some("it is 0 or 1"),
        TIMEOUT if duration::parse(value).is_none_or(|ms| ms == 0 || ms > LONGEST_MS) => {
            Some("it is a duration such as 2m, at most a day")
        }
        _ => None,
    }
}

/// A trial that takes longer is none.
const LONGEST_MS: u64 = 24 * 3_600_000;

/// By this two targets are told apart.
fn content(target: &Target) -> String {
    hex(&Sha256::digest(serde_json::to_vec(target).unwrap_or_default()))
}

/// Whether this is the target that was given up, said once more by a cloud: it stays given up. The owner's word is
/// a person's, who wants it tried again.
pub fn stays_given_up(record: &AppRecord, target: &Target, by: AppliedBy) -> bool {
    let failed = record.rollout.failed.as_ref().filter(|_| by == AppliedBy::Frontend && !record.removed);
    failed.is_some_and(|failed| failed.commit == target.app.commit && failed.content == content(target))
}

impl Rollout {
    /// Of an app that is applied for the first time: there is nothing to go back to.
    pub fn first(target: &Target, by: AppliedBy) -> Self {
        Self { trial: is_gated(target, by).then(Trial::default), failed: None }
    }

    /// After `target` has taken the place of what `before` says.
    pub fn after(before: &AppRecord, target: &Target, by: AppliedBy) -> Self {
        let trial = before.rollout.trial.as_ref();
        let previous = trial.and_then(|trial| trial.previous.as_deref());
        if before.target == *target && before.applied_by == by && !before.removed {
            let failed = before.rollout.failed.as_ref();
            let stays = trial.filter(|_| is_gated(target, by));
            // One that was given up and could not be taken back is tried again.
            let again = failed.is_some_and(|f| f.restored_commit.is_empty()).then(Trial::default);
            return Self { trial: stays.cloned().or(again), failed: None };
        }
        let is_back = previous.is_some_and(|p| p.target == *target && p.applied_by == by);
        if is_back || !is_gated(target, by) {
            return Self::default();
        }
        let kept = match trial {
            Some(_) => previous.cloned(),
            None if before.removed || before.rollout.is_untrusted() || is_empty(before) => None,
            None => Some(Release::of(before)),
        };
        Self { trial: Some(Trial { previous: kept.map(Box::new), starts: 0 }), failed: None }
    }

    /// The target is a release that was given up and that nothing could take the place of.
    fn is_untrusted(&self) -> bool {
        self.failed.as_ref().is_some_and(|failed| failed.restored_commit.is_empty())
    }

    /// The commit of the last release that ran as it should, as far as the store tells.
    pub fn proven_commit<'a>(&'a self, record: &'a AppRecord) -> Option<&'a str> {
        match &self.trial {
            Some(trial) => Some(trial.previous.as_ref().map_or("", |release| &release.target.app.commit)),
            None if self.is_untrusted() || is_empty(record) => Some(""),
            None => is_gated(&record.target, record.applied_by).then_some(&record.target.app.commit),
        }
    }

    /// What the store wants to have back when the trial fails.
    pub fn previous(&self) -> Option<&Release> {
        self.trial.as_ref()?.previous.as_deref()
    }

    /// Whether something of the previous release was taken away and nothing runs in its place.
    pub fn is_disturbed(&self, observed: &Observed) -> bool {
        let Some(previous) = self.previous() else { return false };
        let is_active = |name: &ServiceName| {
            observed.containers.iter().any(|c| c.service.as_ref() == Some(name) && c.state.is_active())
        };
        previous.running().any(|name| !is_active(name))
    }

    /// Whether a container of the previous release was removed and none has taken its place.
    pub fn has_made_way(&self, observed: &Observed) -> bool {
        let Some(previous) = self.previous() else { return false };
        let is_there =
            |name: &ServiceName| observed.containers.iter().any(|c| c.service.as_ref() == Some(name));
        previous.running().any(|name| !is_there(name))
    }
}

/// An app of a fleet without a release: nothing has ever run.
fn is_empty(record: &AppRecord) -> bool {
    record.target.services.is_empty()
}

impl Release {
    /// Its services that were to run, and to go on doing so.
    fn running(&self) -> impl Iterator<Item = &ServiceName> {
        let lasting = self.target.services.iter().filter(|(_, s)| s.restart.keeps_running());
        lasting.map(|(name, _)| name).filter(|name| self.services.get(*name).is_some_and(|intent| intent.run))
    }

    fn of(record: &AppRecord) -> Self {
        Self {
            target: record.target.clone(),
            services: record.services.clone(),
            applied_by: record.applied_by,
        }
    }
}

/// The record once its release has passed.
#[must_use]
pub fn passed(record: &AppRecord) -> AppRecord {
    AppRecord { rollout: Rollout { trial: None, ..record.rollout.clone() }, ..record.clone() }
}

/// The record with the release before in place of the one on trial; none where there is none to go back to.
/// What the owner has asked for meanwhile (a restart, a stop, a purge) still counts.
pub fn taken_back(record: &AppRecord, reason: &str, at_s: u64) -> Option<AppRecord> {
    let previous = record.rollout.previous()?;
    let mut next = record.clone();
    intent::replace_target(&mut next, &previous.target);
    next.applied_by = previous.applied_by;
    for (name, intent) in &mut next.services {
        let stopped = |target: &Target| target.services.get(name).map(|service| service.stopped);
        let before = previous.services.get(name).copied().unwrap_or_default();
        intent.run = match record.services.get(name) {
            Some(now) if stopped(&record.target) == stopped(&previous.target) => now.run,
            Some(_) | None => before.run,
        };
        intent.generation = intent.generation.max(before.generation);
    }
    let restored = &previous.target.app.commit;
    next.rollout = Rollout { trial: None, failed: Some(failed(record, restored, reason, at_s)) };
    Some(next)
}

/// The record whose release is given up and stays all the same, as nothing may take its place.
#[must_use]
pub fn left(record: &AppRecord, reason: &str, at_s: u64) -> AppRecord {
    let rollout = Rollout { trial: None, failed: Some(failed(record, "", reason, at_s)) };
    AppRecord { rollout, ..record.clone() }
}

fn failed(record: &AppRecord, restored_commit: &str, reason: &str, at_s: u64) -> FailedRelease {
    FailedRelease {
        commit: record.target.app.commit.clone(),
        content: content(&record.target),
        restored_commit: restored_commit.to_owned(),
        reason: reason.to_owned(),
        at_s,
    }
}

#[cfg(test)]
#[path = "rollout_tests.rs"]
mod tests;
