//! The body of `POST /containers/create`.

use serde_json::{Map, Value, json};

use super::{network_request, settings};

use crate::domain::{
    container::{Bind, ContainerSpec, Network},
    target::{Healthcheck, Port, Protocol, RestartPolicy},
};

/// The engine counts times in nanoseconds.
const NS_PER_MS: u64 = 1_000_000;

/// Translates a container's specification.
pub fn create_body(spec: &ContainerSpec) -> Value {
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("Image", json!(spec.image));
    set("Env", spec.environment.iter().map(|(name, value)| json!(format!("{name}={value}"))).collect());
    set("Labels", json!(spec.labels));
    set("StopTimeout", json!(spec.stop_grace_ms.div_ceil(1000)));
    if let Some(command) = &spec.command {
        set("Cmd", json!(command));
    }
    if let Some(entrypoint) = &spec.entrypoint {
        // One empty word is how the engine is told "none": an empty list would mean the image's own.
        set("Entrypoint", if entrypoint.is_empty() { json!([""]) } else { json!(entrypoint) });
    }
    let texts = [("User", &spec.user), ("WorkingDir", &spec.working_dir), ("StopSignal", &spec.stop_signal)];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        set(name, json!(text));
    }
    if let Some(check) = &spec.healthcheck {
        set("Healthcheck", healthcheck(check));
    }
    set("ExposedPorts", spec.ports.iter().map(|port| (port_key(port), json!({}))).collect());
    for (name, value) in settings::of_container(&spec.settings) {
        set(name, value);
    }
    set("HostConfig", host_config(spec));
    if let Network::Named { name, alias } = &spec.network {
        let config =
            spec.first_endpoint().map_or_else(|| json!({ "Aliases": [alias] }), network_request::endpoint);
        set("NetworkingConfig", json!({ "EndpointsConfig": { name.as_str(): config } }));
    }
    Value::Object(body)
}

/// `RestartPolicy` of a container.
pub fn restart_policy(policy: RestartPolicy) -> Value {
    match policy {
        RestartPolicy::Always => json!({ "Name": "always" }),
        RestartPolicy::No => json!({ "Name": "no" }),
        RestartPolicy::OnFailure(count) => json!({ "Name": "on-failure", "MaximumRetryCount": count }),
        RestartPolicy::UnlessStopped => json!({ "Name": "unless-stopped" }),
    }
}

fn host_config(spec: &ContainerSpec) -> Value {
    let network = match &spec.network {
        Network::Host => "host",
        Network::None => "none",
        Network::Bridge => "bridge",
        Network::Named { name, .. } => name,
    };
    let mut body = json!({
        "NetworkMode": network,
        "RestartPolicy": restart_policy(spec.restart),
        "PortBindings": port_bindings(&spec.ports),
    });
    let mounts = spec.binds.iter().map(mount).chain(settings::mounts(&spec.settings)).collect();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("Mounts".to_owned(), mounts);
        let more = settings::of_host(&spec.settings);
        fields.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    body
}

fn mount(bind: &Bind) -> Value {
    let kind = if bind.source.starts_with('/') { "bind" } else { "volume" };
    let mut body =
        json!({ "Type": kind, "Source": bind.source, "Target": bind.target, "ReadOnly": bind.read_only });
    if let Some(fields) = body.as_object_mut().filter(|_| bind.no_copy) {
        fields.insert("VolumeOptions".to_owned(), json!({ "NoCopy": true }));
    }
    body
}

fn port_key(port: &Port) -> String {
    let protocol = match port.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
    };
    format!("{}/{protocol}", port.container_port)
}

fn port_bindings(ports: &[Port]) -> Value {
    let mut bindings: Map<String, Value> = Map::new();
    for port in ports {
        let host_port = if port.host_port == 0 { String::new() } else { port.host_port.to_string() };
        let binding = json!({ "HostIp": port.host_address, "HostPort": host_port });
        let entry = bindings.entry(port_key(port)).or_insert_with(|| json!([]));
        if let Value::Array(list) = entry {
            list.push(binding);
        }
    }
    Value::Object(bindings)
}

fn healthcheck(check: &Healthcheck) -> Value {
    let mut body = Map::new();
    if !check.test.is_empty() {
        body.insert("Test".to_owned(), json!(check.test));
    }
    let times = [
        ("Interval", check.interval_ms),
        ("Timeout", check.timeout_ms),
        ("StartPeriod", check.start_period_ms),
    ];
    for (name, ms) in times {
        if let Some(ms) = ms {
            body.insert(name.to_owned(), json!(ms.saturating_mul(NS_PER_MS)));
        }
    }
    if let Some(retries) = check.retries {
        body.insert("Retries".to_owned(), json!(retries));
    }
    Value::Object(body)
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
