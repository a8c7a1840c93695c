//! How far a container is confined: `GET /containers/{id}/json` beside `GET /info` and the volumes' options.
//! A setting that is neither known to be harmless nor known to be a grant is reported as one.
//! <https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerInspect>

use std::collections::BTreeMap;

use hyper014::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{
    answers::nullable,
    path::segment,
    transport::{Call, QUICK, Transport},
};
use crate::{
    domain::{
        confinement::{Confinement, Mount, MountKind},
        observed::ContainerId,
    },
    ports::engine::EngineError,
};

/// Settings of `HostConfig` that give nothing of the host away, whatever they hold.
const HARMLESS: &[&str] = &[
    "Annotations",
    "AutoRemove",
    "BlkioDeviceReadBps",
    "BlkioDeviceReadIOps",
    "BlkioDeviceWriteBps",
    "BlkioDeviceWriteIOps",
    "BlkioWeight",
    "BlkioWeightDevice",
    "CapDrop",
    "ConsoleSize",
    "ContainerIDFile",
    "CpuCount",
    "CpuPercent",
    "CpuPeriod",
    "CpuQuota",
    "CpuShares",
    "CpusetCpus",
    "CpusetMems",
    "Dns",
    "DnsOptions",
    "DnsSearch",
    "ExtraHosts",
    "IOMaximumBandwidth",
    "IOMaximumIOps",
    "Init",
    "Isolation",
    "KernelMemory",
    "KernelMemoryTCP",
    "Links",
    "LogConfig",
    "Memory",
    "MemoryReservation",
    "MemorySwap",
    "MemorySwappiness",
    "NanoCpus",
    "OomKillDisable",
    "OomScoreAdj",
    "PidsLimit",
    "PortBindings",
    "PublishAllPorts",
    "ReadonlyRootfs",
    "RestartPolicy",
    "ShmSize",
    "Tmpfs",
    "Ulimits",
    // Shown again, and better, in the list of mounts.
    "Binds",
    "Mounts",
    "VolumeDriver",
];

/// Settings that grant something as soon as they hold anything, by their compose field.
const GRANTS: &[(&str, &str)] = &[
    ("CapAdd", "cap_add"),
    ("Devices", "devices"),
    ("DeviceRequests", "gpus"),
    ("DeviceCgroupRules", "device_cgroup_rules"),
    ("GroupAdd", "group_add"),
    ("CgroupParent", "cgroup_parent"),
    ("Sysctls", "sysctls"),
    ("VolumesFrom", "volumes_from"),
];

/// Modes of namespaces, by their compose field.
const NAMESPACES: &[(&str, &str)] = &[
    ("PidMode", "pid"),
    ("IpcMode", "ipc"),
    ("UTSMode", "uts"),
    ("UsernsMode", "userns_mode"),
    ("NetworkMode", "network_mode"),
];

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Inspected {
    #[serde(deserialize_with = "nullable")]
    host_config: BTreeMap<String, Value>,
    #[serde(deserialize_with = "nullable")]
    mounts: Vec<MountAnswer>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct MountAnswer {
    #[serde(rename = "Type", deserialize_with = "nullable")]
    kind: String,
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    source: String,
    #[serde(deserialize_with = "nullable")]
    driver: String,
}

/// What the engine does where a container does not say.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Info {
    #[serde(deserialize_with = "nullable")]
    default_runtime: String,
    /// Every runtime that it knows, by name.
    #[serde(deserialize_with = "nullable")]
    runtimes: BTreeMap<String, Value>,
    #[serde(deserialize_with = "nullable")]
    security_options: Vec<String>,
}

impl Info {
    /// Podman says `oci` of every container, whatever its runtime.
    /// <https://github.com/containers/podman/blob/v4.3.1/libpod/container_inspect.go>
    fn is_default_runtime(&self, name: &str) -> bool {
        let is_podmans_word = name == "oci" && !self.runtimes.is_empty() && !self.runtimes.contains_key(name);
        name.is_empty() || name == self.default_runtime || is_podmans_word
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct VolumeAnswer {
    #[serde(deserialize_with = "nullable")]
    options: BTreeMap<String, String>,
}

/// Asks the engine.
pub async fn of(transport: &Transport, id: &ContainerId) -> Result<Confinement, EngineError> {
    let path = format!("/containers/{}/json", segment(&id.0));
    let found: Inspected = transport.get(Call::new(Method::GET, path, "inspect a container"), QUICK).await?;
    let call = Call::new(Method::GET, "/info".to_owned(), "tell its settings");
    let info: Info = transport.get(call, QUICK).await?;
    let mut access = confinement(&found.host_config, &info);
    for mount in found.mounts {
        access.mounts.push(seen(transport, mount).await?);
    }
    Ok(access)
}

fn confinement(settings: &BTreeMap<String, Value>, info: &Info) -> Confinement {
    let mut access = Confinement::default();
    for (name, value) in settings {
        let text = || value.as_str().unwrap_or_default().to_owned();
        let of = |table: &[(&str, &'static str)]| table.iter().find(|(n, _)| n == name).map(|(_, f)| *f);
        if let Some(field) = of(NAMESPACES) {
            access.namespaces.push((field, text()));
        } else if name == "CgroupnsMode" {
            access.namespaces.extend(cgroup_mode(text(), info));
        } else if name == "Privileged" {
            access.privileged = value.as_bool() != Some(false);
        } else if name == "SecurityOpt" {
            access.security_options = list(value);
        } else if name == "Runtime" {
            grant(&mut access, "runtime", !info.is_default_runtime(&text()));
        } else if name == "MaskedPaths" || name == "ReadonlyPaths" {
            grant(&mut access, "security_opt systempaths=unconfined", is_empty(value));
        } else if let Some(field) = of(GRANTS) {
            grant(&mut access, field, !is_empty(value));
        } else if !HARMLESS.contains(&name.as_str()) {
            grant(&mut access, name, !is_empty(value));
        }
    }
    access
}

fn grant(access: &mut Confinement, field: &str, holds: bool) {
    if holds {
        access.granted.insert(field.to_owned());
    }
}

/// Where the engine has no cgroup namespaces of its own accord, `host` is what every container has.
fn cgroup_mode(mode: String, info: &Info) -> Option<(&'static str, String)> {
    let private_by_default = info.security_options.iter().any(|option| option.starts_with("name=cgroupns"));
    (mode != "host" || private_by_default).then_some(("cgroup", mode))
}

fn list(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

async fn seen(transport: &Transport, mount: MountAnswer) -> Result<Mount, EngineError> {
    let kind = match mount.kind.as_str() {
        "bind" => MountKind::HostPath,
        "tmpfs" => MountKind::Memory,
        "volume" if mount.driver == "local" && is_plain(transport, &mount.name).await? => {
            MountKind::PlainVolume
        }
        _ => MountKind::Other,
    };
    let source = if kind == MountKind::HostPath { mount.source } else { mount.name };
    Ok(Mount { kind, source })
}

/// A local volume's options can make it any folder of the host.
async fn is_plain(transport: &Transport, name: &str) -> Result<bool, EngineError> {
    let call = Call::new(Method::GET, format!("/volumes/{}", segment(name)), "inspect a volume");
    let volume: VolumeAnswer = transport.get(call, QUICK).await?;
    Ok(volume.options.is_empty())
}

#[cfg(test)]
#[path = "confinement_tests.rs"]
mod tests;
