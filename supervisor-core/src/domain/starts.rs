//! How often core was started while a release was on trial: one that takes the device down ends every life of
//! core before its time is over.

use supervisor_proto::ids::ServiceName;

use super::{observed::Observed, record::AppRecord, rollout::Trial, wanted::Wanted};

/// So many starts of core during one trial, and the release is given up.
pub const MOST_STARTS: u32 = 3;

/// The record with one more start counted; none where a start tells nothing: no trial that may go back, a service
/// stopped by hand that keeps it open, or nothing of the new release is there yet.
pub fn counted(record: &AppRecord, wanted: &Wanted, observed: &Observed) -> Option<AppRecord> {
    let trial = record.rollout.trial.as_ref().filter(|_| !record.removed)?;
    let previous = trial.previous.as_deref()?;
    let all = &record.target.services;
    let is_held_open =
        all.iter().any(|(name, s)| !s.stopped && record.services.get(name).is_some_and(|intent| !intent.run));
    let is_new = |name: &ServiceName| all.get(name) != previous.target.services.get(name);
    let is_made = |name: &ServiceName| {
        let service = wanted.services.get(name);
        let mut made = observed.containers.iter().filter(|c| c.service.as_ref() == Some(name));
        made.any(|container| service.is_some_and(|service| service.is_made_as(&container.config_hash)))
    };
    if is_held_open || !all.keys().any(|name| is_new(name) && is_made(name)) {
        return None;
    }
    let mut next = record.clone();
    next.rollout.trial = Some(Trial { starts: trial.starts.saturating_add(1), ..trial.clone() });
    Some(next)
}

/// Why the release is given up, if it is for that.
pub fn complaint(record: &AppRecord) -> Option<String> {
    let trial = record.rollout.trial.as_ref()?;
    (trial.starts >= MOST_STARTS)
        .then(|| format!("core, or the whole device, was started {} times during its trial", trial.starts))
}
