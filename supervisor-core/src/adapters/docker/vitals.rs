//! How a container does: `GET /containers/{id}/json`.

use std::time::Duration;

use super::{
    answers::{HealthcheckAnswer, Inspected},
    containers::inspect,
    transport::Transport,
};
use crate::{
    domain::{
        observed::{ContainerId, ContainerState},
        trial::{CheckTimes, Vitals},
    },
    ports::engine::EngineError,
};

/// The engine's own interval and timeout, and its number of failures.
/// <https://docs.docker.com/reference/dockerfile/#healthcheck>
const DEFAULT_TIME: Duration = Duration::from_secs(30);
const DEFAULT_RETRIES: u32 = 3;

/// How the container does; none: there is no such container.
pub async fn vitals(transport: &Transport, id: &ContainerId) -> Result<Option<Vitals>, EngineError> {
    match inspect(transport, id).await {
        Ok(found) => Ok(Some(read(found))),
        Err(EngineError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(found: Inspected) -> Vitals {
    let health = found.state.health.status;
    Vitals {
        state: ContainerState::from(found.state.status.as_str()),
        started: found.state.started_at,
        exit_code: found.state.exit_code,
        restarts: found.restart_count,
        health: if health == "none" { String::new() } else { health },
        check: check_times(&found.config.healthcheck),
    }
}

fn check_times(check: &HealthcheckAnswer) -> Option<CheckTimes> {
    if check.test.first().is_none_or(|word| word == "NONE") {
        return None;
    }
    let time = |ns: u64| if ns == 0 { DEFAULT_TIME } else { Duration::from_nanos(ns) };
    Some(CheckTimes {
        start_period: Duration::from_nanos(check.start_period),
        interval: time(check.interval),
        timeout: time(check.timeout),
        retries: if check.retries == 0 { DEFAULT_RETRIES } else { check.retries },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Vitals {
        read(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn vitals_of_a_container_with_a_check_have_its_times_and_the_engines_own_where_it_says_none() {
        let seen = of(r#"{"State":{"Status":"running","StartedAt":"2026-01-01T00:00:00Z",
            "Health":{"Status":"starting"}},"RestartCount":2,
            "Config":{"Healthcheck":{"Test":["CMD","true"],"Interval":1000000000,"StartPeriod":5000000000}}}"#);
        let check = CheckTimes {
            start_period: Duration::from_secs(5),
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(30),
            retries: 3,
        };
        assert_eq!((seen.check, seen.restarts, seen.health.as_str()), (Some(check), 2, "starting"));
        assert_eq!(seen.state, ContainerState::Running);
    }

    #[test]
    fn vitals_of_a_container_without_a_check_have_no_health() {
        for config in ["{}", r#"{"Healthcheck":null}"#, r#"{"Healthcheck":{"Test":["NONE"]}}"#] {
            let seen = of(&format!(r#"{{"State":{{"Status":"exited","ExitCode":3}},"Config":{config}}}"#));
            assert_eq!((seen.check, seen.health.as_str(), seen.exit_code), (None, "", 3));
        }
    }
}
