//! `HostConfig`: everything about a container that concerns the host.

use serde_json::Value;

use super::{
    case::Case,
    hardware, limits, logging, mounts, namespaces, networks, ports, security,
    shape::{is_integer_from, is_texts},
};

pub(super) fn key(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        "Init" | "ReadonlyRootfs" => case.expect(key, value.is_boolean()),
        // `CapDrop` leaves less than an ordinary container has.
        "CapDrop" | "Dns" | "DnsSearch" | "DnsOptions" | "ExtraHosts" => case.expect(key, is_texts(value)),
        "RestartPolicy" => case.each(key, value, restart_key),
        "NetworkMode" => networks::check_mode(case, value),
        "PortBindings" => ports::check(case, value),
        "Mounts" => mounts::check(case, value),
        "Binds" => mounts::check_binds(case, value),
        "Tmpfs" => mounts::check_tmpfs(case, value),
        "LogConfig" => logging::check(case, value),
        "Privileged" | "CapAdd" | "SecurityOpt" | "MaskedPaths" | "ReadonlyPaths" | "GroupAdd"
        | "Sysctls" | "Runtime" => security::check(case, key, value),
        "Devices" | "DeviceCgroupRules" | "DeviceRequests" => hardware::check(case, key, value),
        "PidMode" | "IpcMode" | "UTSMode" | "UsernsMode" | "CgroupnsMode" | "CgroupParent" => {
            namespaces::check(case, key, value);
        }
        _ if limits::is_one(key) => limits::check(case, key, value),
        _ => case.unknown(&format!("HostConfig.{key}")),
    }
}

fn restart_key(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        "Name" => case.expect("restart", value.is_string()),
        "MaximumRetryCount" => case.expect("restart", is_integer_from(value, 0)),
        _ => case.unknown(&format!("HostConfig.RestartPolicy.{key}")),
    }
}
