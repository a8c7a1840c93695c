//! How far a container is confined: `GET /containers/{id}/json` beside `GET /info` and the volumes' options.
//! A setting that is neither known to be harmless nor known to be a grant is reported as one.
//! <https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerInspect>

use std::{collections::BTreeMap, path::Path};

use hyper014::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answers::nullable,
    path::segment,
    podman_settings,
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

/// Paths of the kernel's that every engine keeps from a container of its own accord: those that it hides, and
/// those that nobody may write. Each list of a container has to hold all of them.
const WALLS: &[(&str, &[&str])] = &[
    (
        "MaskedPaths",
        &[
            "/proc/acpi",
            "/proc/kcore",
            "/proc/keys",
            "/proc/latency_stats",
            "/proc/sched_debug",
            "/proc/scsi",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/sys/firmware",
        ],
    ),
    ("ReadonlyPaths", &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]),
];

/// Modes of namespaces, by their compose field.
const NAMESPACES: &[(&str, &str)] = &[
    ("PidMode", "pid"),
    ("IpcMode", "ipc"),
    ("UTSMode", "uts"),
    // Podman's, from its runtime's file.
    ("CgroupMode", "cgroup"),
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
    #[serde(deserialize_with = "nullable")]
    security_options: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct VolumeAnswer {
    #[serde(deserialize_with = "nullable")]
    options: BTreeMap<String, String>,
}

/// Asks the engine. `host_root` is where this process sees the host's `/`.
pub async fn of(
    transport: &Transport,
    host_root: &Path,
    id: &ContainerId,
) -> Result<Confinement, EngineError> {
    let path = format!("/containers/{}/json", segment(&id.0));
    let mut found: Inspected =
        transport.get(Call::new(Method::GET, path, "inspect a container"), QUICK).await?;
    let call = Call::new(Method::GET, "/info".to_owned(), "tell its settings");
    let info: Info = transport.get(call, QUICK).await?;
    let (security, settings) = (&info.security_options, &mut found.host_config);
    let is_complete = transport.known_dialect().await?.tells_all_settings
        || podman_settings::complete(transport, host_root, id, security, settings).await?;
    let mut access = confinement(settings, &info);
    access.unseen = !is_complete;
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
            grant(&mut access, "runtime", ![String::new(), info.default_runtime.clone()].contains(&text()));
        } else if let Some(field) = of(GRANTS) {
            grant(&mut access, field, !is_empty(value));
        } else if !HARMLESS.contains(&name.as_str()) && !WALLS.iter().any(|(list, _)| list == name) {
            grant(&mut access, name, !is_empty(value));
        }
    }
    for (list, walls) in WALLS {
        let standing = settings.get(*list).and_then(Value::as_array);
        let stands = |wall: &&str| standing.is_some_and(|paths| paths.contains(&json!(wall)));
        grant(&mut access, "security_opt systempaths=unconfined", !walls.iter().all(stands));
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
