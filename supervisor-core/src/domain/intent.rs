//! How an action edits an app's record. Each edit is pure; it is on disk before anything is done for it.

use std::collections::BTreeSet;

use supervisor_proto::ids::ServiceName;

use super::{
    record::{AppRecord, AppliedBy, PurgePhase, ServiceIntent},
    rollout::{Rollout, stays_given_up},
    target::{Service, Target},
    update_strategy::UpdateStrategy,
};

/// What a caller asked to be done with an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Make this the app's target, on the word of whoever may apply it.
    Apply(Box<Target>, AppliedBy),
    /// Recreate these services (none named: all) that should run.
    Restart(Vec<ServiceName>),
    /// Empty the app's data and volumes and recreate its containers.
    Purge,
    /// These services (none named: all) should run.
    Start(Vec<ServiceName>),
    /// These services (none named: all) should not run.
    Stop(Vec<ServiceName>),
    /// Remove the app's containers and forget it.
    Remove,
    /// The same, on the word of whoever may remove only what role frontend applied.
    Withdraw,
}

impl Action {
    /// The action's name in log lines and events.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Apply(..) => "apply",
            Self::Restart(_) => "restart",
            Self::Purge => "purge",
            Self::Start(_) => "start",
            Self::Stop(_) => "stop",
            Self::Remove => "remove",
            Self::Withdraw => "withdraw",
        }
    }
}

/// A service that the app does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the app has no service {0}")]
pub struct NoSuchService(pub ServiceName);

/// The record after `action`, to be stored before anything is done for it.
pub fn edit(record: &AppRecord, action: &Action) -> Result<AppRecord, NoSuchService> {
    let mut next = record.clone();
    match action {
        Action::Apply(target, by) if stays_given_up(record, target, *by) => {}
        Action::Apply(target, by) => {
            replace_target(&mut next, target);
            next.applied_by = *by;
            next.rollout = Rollout::after(record, target, *by);
        }
        Action::Restart(names) => {
            let followed = with_followers(&record.target, named(&next, names)?);
            for intent in chosen(&mut next, &followed)? {
                if intent.run {
                    intent.generation += 1;
                }
            }
        }
        Action::Purge => {
            next.purge = Some(PurgePhase::Requested);
            for intent in next.services.values_mut() {
                intent.generation += 1;
            }
        }
        Action::Start(names) => start(&mut next, names)?,
        Action::Stop(names) => {
            for intent in chosen(&mut next, names)? {
                intent.run = false;
            }
        }
        Action::Remove | Action::Withdraw => {
            next.removed = true;
            next.waiting = None;
            next.rollout = Rollout::default();
        }
    }
    Ok(next)
}

/// Another target in the place of the record's; services that both have keep what they should be doing.
pub(super) fn replace_target(record: &mut AppRecord, target: &Target) {
    note_leaving_images(record, target);
    record.services.retain(|name, _| target.services.contains_key(name));
    let was_stopped = |name: &ServiceName| record.target.services.get(name).is_some_and(|s| s.stopped);
    for (name, service) in &target.services {
        let started = was_stopped(name) && !service.stopped;
        let intent = record.services.entry(name.clone()).or_default();
        if service.stopped {
            intent.run = false;
        } else if started {
            run_again(intent, service);
        }
    }
    record.target = target.clone();
    record.removed = false;
}

/// Once its container is gone, nothing else tells which image a service had.
fn note_leaving_images(record: &mut AppRecord, target: &Target) {
    let deleting = target.services.iter().filter(|(_, s)| UpdateStrategy::of(s).deletes_image());
    let before = deleting.filter_map(|(name, _)| record.target.services.get(name));
    let images: Vec<String> = before.map(|service| service.image.clone()).collect();
    record.leaving_images.extend(images);
    record.leaving_images.retain(|image| !target.has_image(image));
}

/// A service that may be done (restart `no` or `on-failure`) runs again only in a new container: an exited
/// one is not told from one that never should run again.
fn run_again(intent: &mut ServiceIntent, service: &Service) {
    if !intent.run && !service.restart.keeps_running() {
        intent.generation += 1;
    }
    intent.run = true;
}

fn start(record: &mut AppRecord, names: &[ServiceName]) -> Result<(), NoSuchService> {
    let target = record.target.clone();
    for name in named(record, names)? {
        if let Some((intent, service)) = record.services.get_mut(&name).zip(target.services.get(&name)) {
            run_again(intent, service);
        }
    }
    Ok(())
}

/// These services and those that are to be recreated whenever one of them is.
fn with_followers(target: &Target, names: Vec<ServiceName>) -> Vec<ServiceName> {
    let mut all: BTreeSet<ServiceName> = names.into_iter().collect();
    loop {
        let follows =
            |service: &Service| service.conditions.iter().any(|(d, c)| c.restart && all.contains(d));
        let more: Vec<ServiceName> = target
            .services
            .iter()
            .filter(|(name, service)| !all.contains(*name) && follows(service))
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return all.into_iter().collect();
        }
        all.extend(more);
    }
}

fn named(record: &AppRecord, names: &[ServiceName]) -> Result<Vec<ServiceName>, NoSuchService> {
    match names.iter().find(|name| !record.services.contains_key(*name)) {
        Some(name) => Err(NoSuchService(name.clone())),
        None if names.is_empty() => Ok(record.services.keys().cloned().collect()),
        None => Ok(names.to_vec()),
    }
}

fn chosen<'a>(
    record: &'a mut AppRecord,
    names: &[ServiceName],
) -> Result<Vec<&'a mut ServiceIntent>, NoSuchService> {
    let names = named(record, names)?;
    Ok(record
        .services
        .iter_mut()
        .filter(|(name, _)| names.contains(name))
        .map(|(_, intent)| intent)
        .collect())
}

#[cfg(test)]
#[path = "intent_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "intent_documentation_tests.rs"]
mod documentation_tests;
