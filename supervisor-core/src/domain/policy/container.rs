//! The body of `POST /containers/create`, without `HostConfig`.

use serde_json::Value;

use super::{
    case::Case,
    host_config, labels, networks,
    shape::{is_integer_from, is_set, is_texts},
};

pub(super) fn check(case: &mut Case<'_>, body: &Value) {
    case.each("create", body, key);
}

fn key(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        "Image" | "User" | "WorkingDir" | "StopSignal" | "Hostname" | "Domainname" => {
            case.expect(key, value.is_string());
        }
        "Env" | "Cmd" | "Entrypoint" => case.expect(key, is_texts(value)),
        "Tty" | "OpenStdin" => case.expect(key, value.is_boolean()),
        "StopTimeout" => case.expect(key, is_integer_from(value, 0)),
        "ExposedPorts" => case.expect(key, is_set(value)),
        "Labels" => labels::check(case, value),
        "Healthcheck" => case.each(key, value, healthcheck_key),
        "HostConfig" => case.each(key, value, host_config::key),
        "NetworkingConfig" => case.each(key, value, networks::networking_key),
        _ => case.unknown(key),
    }
}

/// A health check runs inside the container, and is no more than a process of its.
fn healthcheck_key(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        "Test" => case.expect("healthcheck.test", is_texts(value)),
        "Interval" | "Timeout" | "StartPeriod" | "StartInterval" | "Retries" => {
            case.expect(key, is_integer_from(value, 0));
        }
        _ => case.unknown(&format!("Healthcheck.{key}")),
    }
}
