//! Podman's Docker API leaves out some of a container's settings. They are in the file that it gives to the
//! container's runtime, which root alone can write, and whose path its own API tells.
//! <https://docs.podman.io/en/latest/_static/api.html#tag/containers/operation/ContainerInspectLibpod>,
//! <https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md>

use std::{
    collections::BTreeMap,
    io::{self, Read as _},
    path::Path,
    time::Duration,
};

use hyper014::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answers::nullable,
    path::segment,
    transport::{Call, QUICK, Transport},
};
use crate::{domain::observed::ContainerId, ports::engine::EngineError};

/// The oldest version of its own API that Podman 4 and 5 still speak.
const LIBPOD: &str = "/v4.0.0/libpod";
/// Some thirty kilobytes are usual, most of them the profile of system calls.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// A file system that hangs keeps nobody waiting for longer.
const READ_DEADLINE: Duration = Duration::from_secs(5);
/// What Podman gives to every container: its own default in containers.conf(5).
const USUAL_SYSCTL: (&str, &str) = ("net.ipv4.ping_group_range", "0 0");

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Inspected {
    #[serde(rename = "OCIConfigPath", deserialize_with = "nullable")]
    config_path: String,
    #[serde(rename = "OCIRuntime", deserialize_with = "nullable")]
    runtime: String,
    /// A folder of the host in the place of an image.
    #[serde(deserialize_with = "nullable")]
    rootfs: String,
}

/// <https://docs.podman.io/en/latest/_static/api.html#tag/system/operation/SystemInfoLibpod>
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Info {
    #[serde(deserialize_with = "nullable")]
    host: Host,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Host {
    /// Of the kernel's control groups: `v1` or `v2`.
    #[serde(deserialize_with = "nullable")]
    cgroup_version: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    process: Process,
    linux: Linux,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Process {
    #[serde(deserialize_with = "nullable")]
    apparmor_profile: String,
    #[serde(deserialize_with = "nullable")]
    selinux_label: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Linux {
    masked_paths: Value,
    readonly_paths: Value,
    #[serde(deserialize_with = "nullable")]
    sysctl: BTreeMap<String, String>,
    #[serde(deserialize_with = "nullable")]
    seccomp: Seccomp,
    #[serde(deserialize_with = "nullable")]
    resources: Resources,
    #[serde(deserialize_with = "nullable")]
    namespaces: Vec<Namespace>,
}

impl Linux {
    /// With the first version of control groups Podman gives every container the host's namespace of them.
    fn cgroup_mode(&self, version: &str) -> String {
        match self.namespaces.iter().find(|namespace| namespace.kind == "cgroup") {
            Some(own) if own.path.is_empty() => "private".to_owned(),
            Some(joined) => format!("ns:{}", joined.path),
            None if version == "v1" => String::new(),
            None => "host".to_owned(),
        }
    }
}

/// One of the namespaces that the container is in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Namespace {
    #[serde(rename = "type", deserialize_with = "nullable")]
    kind: String,
    /// Another's, which the container joins; else it has one of its own.
    #[serde(deserialize_with = "nullable")]
    path: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Seccomp {
    #[serde(deserialize_with = "nullable")]
    default_action: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Resources {
    #[serde(deserialize_with = "nullable")]
    devices: Vec<Value>,
}

/// Completes `settings`, the `HostConfig` of a container, and says whether it could. `security` are the security
/// modules that the engine has, as `GET /info` names them.
pub async fn complete(
    transport: &Transport,
    host_root: &Path,
    id: &ContainerId,
    security: &[String],
    settings: &mut BTreeMap<String, Value>,
) -> Result<bool, EngineError> {
    let path = format!("/containers/{}/json", segment(&id.0));
    let call = Call::new(Method::GET, path, "inspect a container").of(LIBPOD);
    let found: Inspected = transport.get(call, QUICK).await?;
    settings.insert("Rootfs".to_owned(), json!(found.rootfs));
    settings.insert("Runtime".to_owned(), json!(found.runtime));
    let call = Call::new(Method::GET, "/info".to_owned(), "tell its host").of(LIBPOD);
    let info: Info = transport.get(call, QUICK).await?;
    match read(host_root, &found.config_path).await {
        Ok(spec) => {
            settings
                .insert("CgroupMode".to_owned(), json!(spec.linux.cgroup_mode(&info.host.cgroup_version)));
            add(spec, security, settings);
            Ok(!found.runtime.is_empty())
        }
        Err(error) => {
            let path = found.config_path;
            log::warn!("container's settings cannot be seen container={} path={path} error='{error}'", id.0);
            Ok(false)
        }
    }
}

/// `path` is the host's, as the engine tells it.
async fn read(host_root: &Path, path: &str) -> io::Result<Spec> {
    let below = path.strip_prefix('/').ok_or(io::ErrorKind::NotFound)?;
    let file = host_root.join(below);
    let read = tokio::task::spawn_blocking(move || {
        let mut text = Vec::new();
        std::fs::File::open(file)?.take(MAX_FILE_BYTES).read_to_end(&mut text)?;
        Ok(serde_json::from_slice(&text)?)
    });
    let read = tokio::time::timeout(READ_DEADLINE, read).await;
    read.map_err(|_| io::ErrorKind::TimedOut)?.map_err(io::Error::other)?
}

fn add(spec: Spec, security: &[String], settings: &mut BTreeMap<String, Value>) {
    let Spec { process, linux } = spec;
    let mut missing = Vec::new();
    let mut expect = |module: &str, holds: bool, option: &str| {
        let name = format!("name={module}");
        let has_module = security.iter().any(|option| option.split(',').next() == Some(name.as_str()));
        if has_module && !holds {
            missing.push(json!(option));
        }
    };
    expect("seccomp", refuses_by_default(&linux.seccomp.default_action), "seccomp=unconfined");
    let profile = process.apparmor_profile.as_str();
    expect("apparmor", !matches!(profile, "" | "unconfined"), "apparmor=unconfined");
    expect("selinux", !process.selinux_label.is_empty(), "label=disable");
    if let Some(Value::Array(told)) = settings.get("SecurityOpt") {
        missing.extend(told.iter().cloned());
    }
    let is_usual = |(name, value): &(&String, &String)| (name.as_str(), value.as_str()) == USUAL_SYSCTL;
    let sysctls: BTreeMap<_, _> = linux.sysctl.iter().filter(|sysctl| !is_usual(sysctl)).collect();
    let refuses = |rule: &&Value| rule.get("allow") == Some(&Value::Bool(false));
    let devices: Vec<&Value> = linux.resources.devices.iter().filter(|rule| !refuses(rule)).collect();
    for (name, value) in [
        ("SecurityOpt", json!(missing)),
        ("Sysctls", json!(sysctls)),
        ("DeviceCgroupRules", json!(devices)),
        ("MaskedPaths", linux.masked_paths),
        ("ReadonlyPaths", linux.readonly_paths),
    ] {
        settings.insert(name.to_owned(), value);
    }
}

/// Whether a system call that the profile does not name is refused.
fn refuses_by_default(action: &str) -> bool {
    action.starts_with("SCMP_ACT_ERRNO") || action.starts_with("SCMP_ACT_KILL")
}

#[cfg(test)]
#[path = "podman_settings_tests.rs"]
mod tests;
