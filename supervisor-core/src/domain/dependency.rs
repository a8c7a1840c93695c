//! What a service waits for before it starts.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use supervisor_proto::ids::ServiceName;

use super::observed::{Container, ContainerState};

/// What one service asks of another that it depends on.
/// <https://docs.docker.com/reference/compose-file/services/#depends_on>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// How far the other has to have come.
    pub condition: Condition,
    /// The service starts also where the other fails, is unhealthy or absent.
    pub optional: bool,
    /// The service is recreated whenever the other is.
    pub restart: bool,
}

impl Default for Dependency {
    fn default() -> Self {
        Self { condition: Condition::Started, optional: false, restart: false }
    }
}

/// How far a dependency has to have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// Its container is started.
    Started,
    /// Its health check says so.
    Healthy,
    /// It has ended with exit code 0.
    Completed,
}

/// A service that does not start yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Which.
    pub service: ServiceName,
    /// What it waits for.
    pub dependency: ServiceName,
    /// What is missing.
    pub lack: Lack,
}

/// What is missing of a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// It is not started itself.
    Start,
    /// Its health check has not said anything yet.
    Health,
    /// It has not ended.
    End,
    /// Its health check says that it is not healthy.
    Unhealthy,
    /// It runs, and nothing says whether it is healthy.
    NoHealthcheck,
    /// It has ended, and what has ended is not healthy.
    Ended,
    /// It has ended with this exit code.
    Failed(i64),
}

impl Lack {
    /// Whether waiting alone will not help, as far as can be known now.
    pub const fn is_failure(self) -> bool {
        match self {
            Self::Start | Self::Health | Self::End => false,
            Self::Unhealthy | Self::NoHealthcheck | Self::Ended | Self::Failed(_) => true,
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (service, dependency) = (&self.service, &self.dependency);
        match self.lack {
            Lack::Start => write!(f, "{service} waits for {dependency} to start"),
            Lack::Health => write!(f, "{service} waits for {dependency} to be healthy"),
            Lack::End => write!(f, "{service} waits for {dependency} to end"),
            Lack::Unhealthy => write!(f, "{service} is not started: {dependency} is unhealthy"),
            Lack::NoHealthcheck => write!(f, "{service} is not started: {dependency} has no health check"),
            Lack::Ended => write!(f, "{service} is not started: {dependency} has ended"),
            Lack::Failed(code) => {
                write!(f, "{service} is not started: {dependency} ended with exit code {code}")
            }
        }
    }
}

/// What `container`, which is as its service should be and not about to be started, lacks for `condition`.
pub fn lack(condition: Condition, container: &Container) -> Option<Lack> {
    match condition {
        Condition::Started => None,
        Condition::Healthy => health(container),
        Condition::Completed => match (&container.state, container.exit_code) {
            (ContainerState::Exited, Some(0)) => None,
            (ContainerState::Exited, Some(code)) => Some(Lack::Failed(code)),
            _ => Some(Lack::End),
        },
    }
}

fn health(container: &Container) -> Option<Lack> {
    match (&container.state, container.health.as_str()) {
        (ContainerState::Exited, _) => Some(Lack::Ended),
        (ContainerState::Running, "healthy") => None,
        (ContainerState::Running, "unhealthy") => Some(Lack::Unhealthy),
        (ContainerState::Running, "") => Some(Lack::NoHealthcheck),
        _ => Some(Lack::Health),
    }
}

/// Those that ask for more than a start; the others are not stored, as in older releases.
pub fn said(all: BTreeMap<ServiceName, Dependency>) -> BTreeMap<ServiceName, Dependency> {
    all.into_iter().filter(|(_, dependency)| *dependency != Dependency::default()).collect()
}
