//! What a plan means for each service, and why: the fields in which the container that is there differs from
//! the one that is wanted. Names of fields only, never their values.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use supervisor_proto::ids::ServiceName;

use super::{
    difference::differences,
    labels,
    observed::{Container, Observed},
    plan::Plan,
    record::{AppRecord, PurgePhase},
    standing::is_usable,
    step::Step,
    wanted::{Wanted, WantedService},
};

/// What happens to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// It gets its first container.
    Create,
    /// Its container is replaced.
    Recreate,
    /// Its container goes.
    Remove,
    /// Its container is started.
    Start,
    /// Its container is stopped.
    Stop,
    /// Its container is connected to a network.
    Connect,
    /// It cannot be made before a frontend has told the API's key.
    Wait,
}

/// Why a service's container is not left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// There is no container of this service.
    NoContainer,
    /// The app is to be removed.
    AppRemoved,
    /// The target does not have the service.
    NotInTarget,
    /// The service was stopped by an action.
    NotWanted,
    /// The app's data is to be emptied.
    Purge,
    /// A restart was asked for.
    Restart,
    /// The container is in this state.
    State(String),
    /// These fields of the service are others; never empty.
    Fields(Vec<String>),
    /// What the supervisor itself gives the container: the API's key or address, a folder, the device's uuid.
    Supervisor,
    /// A service that it follows is made anew, or was made from something else.
    Followed,
    /// The container's labels do not tell what it was made from.
    Unreadable,
    /// Another container stands for the service.
    Duplicate,
    /// A network that the service needs is new, or the container is not on it.
    Network,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoContainer => f.write_str("it has no container"),
            Self::AppRemoved => f.write_str("the app is removed"),
            Self::NotInTarget => f.write_str("it is not in the target"),
            Self::NotWanted => f.write_str("it was stopped on purpose"),
            Self::Purge => f.write_str("a purge was asked for"),
            Self::Restart => f.write_str("a restart was asked for"),
            Self::State(state) => write!(f, "its container is {state}"),
            Self::Fields(fields) => write!(f, "{} changed", listed(fields)),
            Self::Followed => f.write_str("a service that it depends on changed"),
            Self::Supervisor => {
                f.write_str("what the supervisor gives it changed (API key or address, folders, device)")
            }
            Self::Unreadable => f.write_str("its container does not tell what it was made from"),
            Self::Duplicate => f.write_str("another container stands for it"),
            Self::Network => f.write_str("a network is missing"),
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What happens to one service, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What happens.
    pub change: Change,
    /// Why; empty for nothing.
    pub reasons: Vec<Reason>,
}

impl Explanation {
    /// The fields that differ.
    pub fn changed_fields(&self) -> &[String] {
        let fields = self.reasons.iter().find_map(|reason| match reason {
            Reason::Fields(fields) => Some(fields.as_slice()),
            _ => None,
        });
        fields.unwrap_or_default()
    }

    /// The reasons in a few words that complete "because".
    pub fn because(&self) -> String {
        listed(&self.reasons.iter().map(ToString::to_string).collect::<Vec<_>>())
    }
}

/// What a plan means, by service.
pub type Explanations = BTreeMap<ServiceName, Explanation>;

/// Everything that a plan was made from.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// What the app should be.
    pub record: &'a AppRecord,
    /// The record, rendered.
    pub wanted: &'a Wanted,
    /// What the engine has of it.
    pub observed: &'a Observed,
}

/// Explains `plan` for every service of the target and every one whose container is there. `render` renders
/// what a container was made from as it would be today, so that only the owner's changes differ.
pub fn explain(situation: Situation<'_>, plan: &Plan, render: &dyn Fn(&AppRecord) -> Wanted) -> Explanations {
    let there = situation.observed.containers.iter().filter_map(|c| c.service.as_ref());
    let names: BTreeSet<&ServiceName> = situation.wanted.services.keys().chain(there).collect();
    let explained = names.into_iter().map(|name| {
        let change = change(name, plan);
        let reasons = reasons(situation, name, change, render);
        (name.clone(), Explanation { change, reasons })
    });
    explained.collect()
}

fn change(name: &ServiceName, plan: &Plan) -> Change {
    let has = |is_it: fn(&Step) -> Option<&ServiceName>| plan.steps.iter().any(|s| is_it(s) == Some(name));
    let creates = has(|step| match step {
        Step::CreateContainer { service } => Some(service),
        _ => None,
    });
    let removes = has(|step| match step {
        Step::RemoveContainer { service, .. } => service.as_ref(),
        _ => None,
    });
    let stops = has(|step| match step {
        Step::StopContainer { service, .. } => service.as_ref(),
        _ => None,
    });
    let starts = has(|step| match step {
        Step::StartContainer { service, .. } => Some(service),
        _ => None,
    });
    let connects = has(|step| match step {
        Step::ConnectNetwork { service, .. } => Some(service),
        _ => None,
    });
    match (creates, removes) {
        (true, true) => Change::Recreate,
        (true, false) => Change::Create,
        (false, true) => Change::Remove,
        (false, false) if stops => Change::Stop,
        (false, false) if starts => Change::Start,
        (false, false) if connects => Change::Connect,
        (false, false) if plan.waiting_for_api.contains(name) => Change::Wait,
        (false, false) => Change::None,
    }
}

fn reasons(
    situation: Situation<'_>,
    name: &ServiceName,
    change: Change,
    render: &dyn Fn(&AppRecord) -> Wanted,
) -> Vec<Reason> {
    let of_service = situation.observed.containers.iter().filter(|c| c.service.as_ref() == Some(name));
    let newest = of_service.max_by_key(|c| (c.generation, c.created_s));
    let service = situation.wanted.services.get(name);
    match (change, newest, service) {
        (Change::None | Change::Wait, _, _) => Vec::new(),
        (Change::Create, _, _) => vec![Reason::NoContainer],
        (Change::Remove, _, _) if situation.record.removed => vec![Reason::AppRemoved],
        (_, _, None) => vec![Reason::NotInTarget],
        (Change::Stop, _, _) => vec![Reason::NotWanted],
        (Change::Start, Some(container), _) => vec![Reason::State(container.state.as_str().to_owned())],
        (Change::Connect, _, _) => vec![Reason::Network],
        (Change::Start, None, _) => vec![Reason::NoContainer],
        (Change::Recreate | Change::Remove, None, Some(_)) => Vec::new(),
        (Change::Recreate | Change::Remove, Some(container), Some(service)) => {
            replacement(situation, name, container, service, render)
        }
    }
}

/// Why a container cannot stand for its service.
fn replacement(
    situation: Situation<'_>,
    name: &ServiceName,
    container: &Container,
    service: &WantedService,
    render: &dyn Fn(&AppRecord) -> Wanted,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let purging = situation.record.purge == Some(PurgePhase::Requested);
    if purging {
        reasons.push(Reason::Purge);
    }
    if !is_usable(&container.state) {
        reasons.push(Reason::State(container.state.as_str().to_owned()));
    }
    if !service.is_made_as(&container.config_hash) {
        reasons.push(match labels::made_from(container) {
            None => Reason::Unreadable,
            Some(old) => {
                let old_wanted = render(&AppRecord::new(old.clone(), String::new()));
                let own =
                    |target: &super::target::Target| target.services.get(name).map(|s| s.labels.clone());
                let fields = old_wanted.services.get(name).map_or_else(Vec::new, |old_service| {
                    differences(
                        (&old_service.spec, &own(&old).unwrap_or_default()),
                        (&service.spec, &own(&situation.record.target).unwrap_or_default()),
                    )
                });
                match fields.is_empty() {
                    true if service.waits_for.values().any(|asked| asked.restart) => Reason::Followed,
                    true => Reason::Supervisor,
                    false => Reason::Fields(fields),
                }
            }
        });
    }
    if container.generation != service.generation && !purging {
        reasons.push(Reason::Restart);
    }
    if !service.run {
        reasons.push(Reason::NotWanted);
    }
    if reasons.is_empty() {
        reasons.push(Reason::Duplicate);
    }
    reasons
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
