//! A target from the wire, checked field by field and refused by name.

use std::collections::{BTreeMap, BTreeSet};

use supervisor_proto::{
    ids::{AppId, NetworkName, ServiceName, VolumeName},
    v1::{self, restart},
};

use super::{
    dependencies,
    networks::{self, attachments},
    settings::{self, container_path},
    volumes,
};
use crate::{
    domain::{
        local_ids,
        network::AppNetwork,
        order::start_order,
        rollout,
        settings::Settings,
        target::{
            AppFacts, DEFAULT_STOP_GRACE_MS, Healthcheck, Mount, NetworkMode, Port, Protocol, RestartPolicy,
            Service, Target, Volume,
        },
        update_strategy::is_update_label,
    },
    error::CoreError,
};

/// Longest name, commit or uuid.
const MAX_TEXT_BYTES: usize = 255;
/// More services than any device runs.
const MAX_SERVICES: usize = 64;
/// More ports, mounts, variables or labels than any service has.
const MAX_ITEMS: usize = 1024;
/// Longest grace period: an hour.
const MAX_GRACE_MS: u64 = 3_600_000;

pub(super) fn invalid(field: impl Into<String>, problem: impl Into<String>) -> CoreError {
    CoreError::InvalidField { field: field.into(), problem: problem.into() }
}

/// Checks a target and fills in the ids that it leaves out.
pub fn from_wire(wire: v1::Target) -> Result<Target, CoreError> {
    let app_id = AppId::new(wire.app_id)?;
    if wire.services.len() > MAX_SERVICES {
        return Err(invalid("services", format!("there are more than {MAX_SERVICES}")));
    }
    let volumes = volumes::from_wire(app_id, wire.volumes)?;
    let networks = networks::from_wire(wire.networks)?;
    let (mut services, mut without_policy) = (BTreeMap::new(), BTreeSet::new());
    for (name, service) in wire.services {
        let name = ServiceName::parse(&name)?;
        if service.restart.unwrap_or_default().policy() == restart::Policy::Unspecified {
            without_policy.insert(name.clone());
        }
        let service = convert(&format!("services.{name}"), service, &volumes, &networks)?;
        services.insert(name, service);
    }
    dependencies::settle(&mut services, &without_policy)?;
    start_order(&services)?;
    let app = AppFacts {
        app_id,
        name: text("name", wire.name)?,
        commit: word("commit", wire.commit)?,
        app_uuid: word("app_uuid", wire.app_uuid)?,
        release_id: wire.release_id,
        volumes,
        networks,
    };
    let mut target = Target { app, services };
    local_ids::fill(&mut target);
    Ok(target)
}

/// Text for people: no control characters, so that it can stand in a log line.
fn text(field: &str, value: String) -> Result<String, CoreError> {
    if value.len() > MAX_TEXT_BYTES || value.chars().any(char::is_control) {
        return Err(invalid(field, format!("at most {MAX_TEXT_BYTES} bytes without control characters")));
    }
    Ok(value)
}

/// A word that becomes a part of a container's name.
fn word(field: &str, value: String) -> Result<String, CoreError> {
    if value.len() > 64 || !value.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(invalid(field, "at most 64 letters and digits"));
    }
    Ok(value)
}

/// Whatever reaches the engine holds no NUL: programs behind it would read something else than was checked.
pub(super) fn plain(field: &str, value: &str) -> Result<(), CoreError> {
    if value.contains('\0') { Err(invalid(field, "it holds a NUL")) } else { Ok(()) }
}

/// A list without bound would make every later look at it long.
fn bounded(path: &str, wire: &v1::Service) -> Result<(), CoreError> {
    let lists = [
        ("ports", wire.ports.len()),
        ("volumes", wire.volumes.len()),
        ("environment", wire.environment.len()),
        ("labels", wire.labels.len()),
    ];
    if let Some((name, _)) = lists.into_iter().find(|(_, length)| *length > MAX_ITEMS) {
        return Err(invalid(format!("{path}.{name}"), format!("there are more than {MAX_ITEMS}")));
    }
    Ok(())
}

fn convert(
    path: &str,
    mut wire: v1::Service,
    volumes: &BTreeMap<VolumeName, Volume>,
    networks: &BTreeMap<NetworkName, AppNetwork>,
) -> Result<Service, CoreError> {
    let field = |name: &str| format!("{path}.{name}");
    if wire.image.is_empty()
        || wire.image.len() > 4096
        || wire.image.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        return Err(invalid(field("image"), "it is not an image reference"));
    }
    bounded(path, &wire)?;
    let settings = settings::from_wire(path, &mut wire)?;
    let (restart, network) = (restart(wire.restart), network(&field("network_mode"), &wire.network_mode)?);
    let ports = wire.ports.into_iter().map(|p| port(&field("ports"), p)).collect::<Result<Vec<_>, _>>()?;
    if !ports.is_empty() && network != NetworkMode::App && network != NetworkMode::Bridge {
        return Err(invalid(field("ports"), "ports cannot be published with this network_mode"));
    }
    let stop_grace_ms = wire.stop_grace_period_ms.unwrap_or(DEFAULT_STOP_GRACE_MS);
    if stop_grace_ms > MAX_GRACE_MS {
        return Err(invalid(field("stop_grace_period"), "it is longer than an hour"));
    }
    for (name, text) in
        [("user", &wire.user), ("working_dir", &wire.working_dir), ("stop_signal", &wire.stop_signal)]
    {
        plain(&field(name), text)?;
    }
    let mounts = mounts(&field("volumes"), wire.volumes, volumes)?;
    places_used_once(&field("volumes"), &mounts, &settings)?;
    let depends_on = wire.depends_on.iter().map(|n| ServiceName::parse(n)).collect::<Result<_, _>>()?;
    Ok(Service {
        image: wire.image,
        image_id: wire.image_id,
        service_id: wire.service_id,
        command: words(&field("command"), wire.command)?,
        entrypoint: words(&field("entrypoint"), wire.entrypoint)?,
        environment: environment(&field("environment"), wire.environment)?,
        labels: labels(&field("labels"), wire.labels)?,
        ports,
        mounts,
        network,
        networks: attachments(&field("networks"), wire.networks, network, networks)?,
        restart,
        conditions: dependencies::conditions(&field("depends_on"), &depends_on, wire.dependency_conditions)?,
        depends_on,
        user: wire.user,
        working_dir: wire.working_dir,
        healthcheck: wire.healthcheck.map(healthcheck),
        stop_signal: wire.stop_signal,
        stop_grace_ms,
        settings,
        stopped: wire.stopped,
    })
}

fn words(field: &str, list: Option<v1::StringList>) -> Result<Option<Vec<String>>, CoreError> {
    let Some(list) = list else { return Ok(None) };
    list.items.iter().try_for_each(|item| plain(field, item))?;
    Ok(Some(list.items))
}

fn environment(
    field: &str,
    wire: std::collections::HashMap<String, String>,
) -> Result<BTreeMap<String, String>, CoreError> {
    for (name, value) in &wire {
        if name.is_empty() || name.contains('=') {
            return Err(invalid(field, "a variable's name is empty or holds ="));
        }
        plain(field, name)?;
        plain(field, value)?;
    }
    Ok(wire.into_iter().collect())
}

/// Labels by which core knows its own containers are core's alone; those that say how an update goes are not.
fn labels(
    field: &str,
    wire: std::collections::HashMap<String, String>,
) -> Result<BTreeMap<String, String>, CoreError> {
    let is_reserved = |name: &str| name.starts_with("io.supervisor.") && !is_update_label(name);
    if let Some(name) = wire.keys().find(|name| name.is_empty() || is_reserved(name)) {
        return Err(invalid(field, format!("label '{name}' is reserved")));
    }
    for (name, value) in &wire {
        if let Some(problem) = rollout::problem_of_label(name, value) {
            return Err(invalid(format!("{field}.{name}"), problem));
        }
    }
    Ok(wire.into_iter().collect())
}

fn mounts(
    field: &str,
    wire: Vec<v1::Mount>,
    volumes: &BTreeMap<VolumeName, Volume>,
) -> Result<Vec<Mount>, CoreError> {
    wire.into_iter()
        .map(|mount| {
            let volume = VolumeName::parse(&mount.volume)?;
            if !volumes.contains_key(&volume) {
                return Err(invalid(field, format!("volume {volume} is not declared")));
            }
            let Some(target) = container_path(&mount.target) else {
                return Err(invalid(field, "a path in the container is absolute and plain"));
            };
            Ok(Mount { volume, target, read_only: mount.read_only, no_copy: mount.no_copy })
        })
        .collect()
}

fn places_used_once(field: &str, mounts: &[Mount], settings: &Settings) -> Result<(), CoreError> {
    let mut places = BTreeSet::new();
    let targets = mounts.iter().map(|m| &m.target).chain(settings.targets());
    for target in targets {
        if !places.insert(target) {
            return Err(invalid(field, format!("two things are mounted on {target}")));
        }
    }
    Ok(())
}

fn port(field: &str, wire: v1::Port) -> Result<Port, CoreError> {
    let number = |value: u32| u16::try_from(value).map_err(|_| invalid(field, "a port is at most 65535"));
    if !wire.host_address.is_empty() && wire.host_address.parse::<std::net::IpAddr>().is_err() {
        return Err(invalid(field, "the host address is not an IP address"));
    }
    let protocol = match wire.protocol.as_str() {
        "tcp" | "" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "sctp" => Protocol::Sctp,
        _ => return Err(invalid(field, "a protocol is tcp, udp or sctp")),
    };
    let container_port = number(wire.container_port)?;
    if container_port == 0 {
        return Err(invalid(field, "a container port is at least 1"));
    }
    Ok(Port { host_address: wire.host_address, host_port: number(wire.host_port)?, container_port, protocol })
}

fn network(field: &str, mode: &str) -> Result<NetworkMode, CoreError> {
    match mode {
        "" => Ok(NetworkMode::App),
        "host" => Ok(NetworkMode::Host),
        "none" => Ok(NetworkMode::None),
        "bridge" => Ok(NetworkMode::Bridge),
        _ => Err(invalid(field, "it is host, none, bridge or absent")),
    }
}

fn restart(wire: Option<v1::Restart>) -> RestartPolicy {
    let wire = wire.unwrap_or_default();
    match wire.policy() {
        restart::Policy::Unspecified | restart::Policy::Always => RestartPolicy::Always,
        restart::Policy::No => RestartPolicy::No,
        restart::Policy::OnFailure => RestartPolicy::OnFailure(wire.maximum_retry_count),
        restart::Policy::UnlessStopped => RestartPolicy::UnlessStopped,
    }
}

fn healthcheck(wire: v1::Healthcheck) -> Healthcheck {
    Healthcheck {
        test: wire.test,
        interval_ms: wire.interval_ms,
        timeout_ms: wire.timeout_ms,
        start_period_ms: wire.start_period_ms,
        retries: wire.retries,
    }
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
