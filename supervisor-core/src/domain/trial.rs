//! Whether a release on trial runs as it should: a decision about what has been seen of its containers and for
//! how long. Times are a clock's that never goes back; what was seen is forgotten with the process, and then a
//! trial takes its time anew.

use std::{collections::BTreeMap, time::Duration};

use supervisor_proto::ids::ServiceName;

use super::{
    dependency::Wait,
    observed::{ContainerId, ContainerState},
    record::AppRecord,
    rollout::own_timeout,
    target::{RestartPolicy, Service},
};

/// Without a health check, a service is good that has run so long without ending.
pub const STEADY: Duration = Duration::from_secs(10);
/// No service has less time, unless its label says so.
pub const LEAST_TIME: Duration = Duration::from_mins(1);

/// A service has its time anew so often: services that are good by turns would keep a trial open for ever.
const MOST_RELAPSES: u8 = 3;

/// How one container does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vitals {
    /// What it is doing.
    pub state: ContainerState,
    /// The engine's word for when its main process was started last.
    pub started: String,
    /// How the main process ended; only while none runs.
    pub exit_code: i64,
    /// How often the engine has started it again by itself.
    pub restarts: u64,
    /// What its health check says; empty without one.
    pub health: String,
    /// When its health check may say so; none without one.
    pub check: Option<CheckTimes>,
}

/// <https://docs.docker.com/reference/dockerfile/#healthcheck>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckTimes {
    /// Failures do not count so long.
    pub start_period: Duration,
    /// Between two checks.
    pub interval: Duration,
    /// A check that takes longer has failed.
    pub timeout: Duration,
    /// So many failures in a row make it unhealthy.
    pub retries: u32,
}

impl CheckTimes {
    /// When the check has had every chance.
    fn total(self) -> Duration {
        self.start_period
            .saturating_add(self.interval.saturating_add(self.timeout).saturating_mul(self.retries))
    }
}

/// What is known of a release on trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet; to be looked at again then, if nothing happens before.
    Open(Option<Duration>),
    /// It runs as it should.
    Passed,
    /// It does not, for this reason.
    Failed(String),
}

/// What there is to see of a release.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    /// What is wanted.
    pub record: &'a AppRecord,
    /// How the service's containers do.
    pub vitals: &'a BTreeMap<ServiceName, (ContainerId, Vitals)>,
    /// Services that do not start yet.
    pub waits: &'a [Wait],
}

/// What has been seen of a release since its trial began.
#[derive(Debug, Default)]
pub struct Probation {
    watched: BTreeMap<ServiceName, Watched>,
    /// Since when services wait in vain.
    stuck: BTreeMap<ServiceName, Duration>,
    /// Since when the engine refuses a step.
    refused_since: Option<Duration>,
}

#[derive(Debug, Clone)]
struct Watched {
    id: ContainerId,
    /// When its time began: its first start, or that it was good and is not any more.
    first: Duration,
    started: String,
    /// When its last start was seen.
    up_since: Duration,
    /// It was good when it was looked at last.
    is_good: bool,
    /// How often it was good and then was not.
    relapses: u8,
}

impl Probation {
    /// Forgets everything: another release is on trial.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// The engine refuses a step, which may help to try again; failed when it has done so for all of `time`.
    pub fn is_refused(&mut self, now: Duration, time: Duration) -> Verdict {
        let since = *self.refused_since.get_or_insert(now);
        let end = since.saturating_add(time);
        if now >= end { Verdict::Failed(String::new()) } else { Verdict::Open(Some(end)) }
    }

    /// The engine does what it is told, or it is nobody's fault that it does not.
    pub const fn forget_refusal(&mut self) {
        self.refused_since = None;
    }

    /// Weighs what there is to see at `now`.
    pub fn judge(&mut self, sight: Sight<'_>, now: Duration) -> Verdict {
        let mut all = Verdict::Passed;
        for (name, service) in &sight.record.target.services {
            let verdict = self.judge_service(sight, name, service, now);
            all = match (all, verdict) {
                (failed @ Verdict::Failed(_), _) | (_, failed @ Verdict::Failed(_)) => failed,
                (Verdict::Open(Some(a)), Verdict::Open(Some(b))) => Verdict::Open(Some(a.min(b))),
                (Verdict::Open(at), Verdict::Passed) | (Verdict::Passed, Verdict::Open(at)) => {
                    Verdict::Open(at)
                }
                (Verdict::Open(a), Verdict::Open(b)) => Verdict::Open(a.or(b)),
                (Verdict::Passed, Verdict::Passed) => Verdict::Passed,
            };
        }
        all
    }

    fn judge_service(
        &mut self,
        sight: Sight<'_>,
        name: &ServiceName,
        service: &Service,
        now: Duration,
    ) -> Verdict {
        if !sight.record.services.get(name).is_none_or(|intent| intent.run) {
            self.watched.remove(name);
            // Stopped by hand, it shows nothing of the release.
            return if service.stopped { Verdict::Passed } else { Verdict::Open(None) };
        }
        if let Some(wait) = sight.waits.iter().find(|wait| wait.service == *name) {
            return self.judge_wait(name, service, wait, now);
        }
        self.stuck.remove(name);
        match sight.vitals.get(name) {
            Some((id, vitals)) if vitals.state != ContainerState::Created => {
                self.watch(name, id, vitals, now);
                self.judge_watched(name, service, vitals, now)
            }
            Some(_) | None => Verdict::Open(None),
        }
    }

    /// One that was good and is not any more has its time anew, a few times: others may take longer to be good.
    fn judge_watched(
        &mut self,
        name: &ServiceName,
        service: &Service,
        vitals: &Vitals,
        now: Duration,
    ) -> Verdict {
        let Some(watched) = self.watched.get_mut(name) else { return Verdict::Open(None) };
        let verdict = judge_container(name, service, vitals, watched, now);
        if verdict == Verdict::Passed {
            watched.is_good = true;
            return verdict;
        }
        if !watched.is_good || watched.relapses >= MOST_RELAPSES {
            return verdict;
        }
        (watched.is_good, watched.first) = (false, now);
        watched.relapses = watched.relapses.saturating_add(1);
        judge_container(name, service, vitals, watched, now)
    }

    /// What it waits for has a time of its own; where waiting alone does not help, its own time runs as well.
    fn judge_wait(&mut self, name: &ServiceName, service: &Service, wait: &Wait, now: Duration) -> Verdict {
        if !wait.lack.is_failure() {
            self.stuck.remove(name);
            return Verdict::Open(None);
        }
        let since = *self.stuck.entry(name.clone()).or_insert(now);
        let end = since.saturating_add(own_timeout(service).unwrap_or(LEAST_TIME));
        if now >= end { Verdict::Failed(wait.to_string()) } else { Verdict::Open(Some(end)) }
    }

    fn watch(&mut self, name: &ServiceName, id: &ContainerId, vitals: &Vitals, now: Duration) {
        let fresh = || Watched {
            id: id.clone(),
            first: now,
            started: vitals.started.clone(),
            up_since: now,
            is_good: false,
            relapses: 0,
        };
        let watched = self.watched.entry(name.clone()).or_insert_with(fresh);
        if watched.id != *id {
            *watched = fresh();
        } else if watched.started != vitals.started || vitals.state != ContainerState::Running {
            watched.started.clone_from(&vitals.started);
            watched.up_since = now;
        }
    }
}

fn judge_container(
    name: &ServiceName,
    service: &Service,
    vitals: &Vitals,
    watched: &Watched,
    now: Duration,
) -> Verdict {
    let is_running = vitals.state == ContainerState::Running;
    let has_ended = vitals.state == ContainerState::Exited;
    let total = vitals.check.map_or(LEAST_TIME, |check| check.total().max(LEAST_TIME));
    let time = own_timeout(service).unwrap_or(total);
    let end = watched.first.saturating_add(time);
    let is_job = !service.restart.keeps_running();
    if is_job && has_ended && vitals.exit_code == 0 {
        return Verdict::Passed;
    }
    if service.restart == RestartPolicy::No && has_ended {
        return Verdict::Failed(format!("{name} ended with exit code {}", vitals.exit_code));
    }
    let good_at = match vitals.health.as_str() {
        "healthy" if is_running => Some(now),
        "" if is_running && service.restart == RestartPolicy::No => Some(end),
        "" if is_running => Some(watched.up_since.saturating_add(STEADY.min(time))),
        _ => None,
    };
    match good_at {
        Some(at) if at <= now => Verdict::Passed,
        _ if now >= end => Verdict::Failed(complaint(name, vitals, now.saturating_sub(watched.first))),
        Some(at) => Verdict::Open(Some(at.min(end))),
        None => Verdict::Open(Some(end)),
    }
}

fn complaint(name: &ServiceName, vitals: &Vitals, after: Duration) -> String {
    let after = after.as_secs();
    match (vitals.health.as_str(), &vitals.state) {
        (_, ContainerState::Exited) => {
            format!("{name} does not run after {after} s: it ended with exit code {}", vitals.exit_code)
        }
        (_, ContainerState::Restarting) | ("", _) if vitals.restarts > 0 => {
            format!(
                "{name} does not keep running: it was started again {} times in {after} s",
                vitals.restarts
            )
        }
        ("", state) => format!("{name} does not keep running: it is {} after {after} s", state.as_str()),
        (health, _) => format!("{name} is not healthy after {after} s: its health check says {health}"),
    }
}

#[cfg(test)]
#[path = "trial_tests.rs"]
mod tests;
