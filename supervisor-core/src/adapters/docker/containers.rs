//! Containers: `/containers/…`.

use std::time::Duration;

use hyper014::Method;
use serde_json::json;
use supervisor_proto::ids::{AppId, ServiceName};

use super::{
    answers::{ContainerItem, Created, Inspected},
    bodies::body_of,
    path::{Query, segment},
    refusal::{is_being_removed, is_container_absent, is_no_program},
    request::restart_policy,
    transport::{Call, QUICK, SLOW, Transport, already, label_filter},
};
use crate::{
    domain::{
        container::ContainerSpec,
        labels,
        observed::{Container, ContainerId, ContainerState},
        target::RestartPolicy,
    },
    ports::{
        engine::{Change, EngineError},
        exec::Life,
    },
};

/// `GET /containers/json`.
pub async fn list(transport: &Transport, wanted: &[(&str, &str)]) -> Result<Vec<Container>, EngineError> {
    let path = format!("/containers/json{}", label_filter(wanted).add("all", "true"));
    let items: Vec<ContainerItem> =
        transport.get(Call::new(Method::GET, path, "list containers"), QUICK).await?;
    let mut containers: Vec<Container> = items.into_iter().map(container).collect();
    if !transport.known_dialect().await?.lists_health {
        for container in containers.iter_mut().filter(|c| c.state == ContainerState::Running) {
            container.health = inspected_health(transport, &container.id).await?;
        }
    }
    Ok(containers)
}

/// Health of a container that may be gone by now.
async fn inspected_health(transport: &Transport, id: &ContainerId) -> Result<String, EngineError> {
    match inspect(transport, id).await {
        Ok(found) if found.state.health.status == "none" => Ok(String::new()),
        Ok(found) => Ok(found.state.health.status),
        Err(EngineError::Refused { status: 404, .. }) => Ok(String::new()),
        Err(error) => Err(error),
    }
}

fn container(item: ContainerItem) -> Container {
    let label = |name: &str| item.labels.get(name).map(String::as_str);
    Container {
        name: item.names.first().map(|n| n.trim_start_matches('/').to_owned()).unwrap_or_default(),
        app: label(labels::APP_ID).and_then(|id| AppId::parse(id).ok()),
        service: label(labels::SERVICE_NAME).and_then(|name| ServiceName::parse(name).ok()),
        generation: label(labels::GENERATION).and_then(|g| g.parse().ok()).unwrap_or(0),
        config_hash: label(labels::CONFIG_HASH).unwrap_or_default().to_owned(),
        state: ContainerState::from(item.state.as_str()),
        health: health(&item.status).to_owned(),
        exit_code: exit_code(&item.status),
        networks: item.network_settings.networks.into_keys().collect(),
        created_s: item.created,
        id: ContainerId(item.id),
        labels: item.labels,
    }
}

/// The list tells health only in a sentence: `Up 3 seconds (health: starting)`.
fn health(status: &str) -> &'static str {
    if status.contains("(healthy)") {
        "healthy"
    } else if status.contains("(unhealthy)") {
        "unhealthy"
    } else if status.contains("(health: starting)") || status.contains("(starting)") {
        "starting"
    } else {
        ""
    }
}

/// The list tells the exit code only in a sentence too: `Exited (0) 3 minutes ago`.
fn exit_code(status: &str) -> Option<i64> {
    let (_, rest) = status.strip_prefix("Exited").and_then(|rest| rest.split_once('('))?;
    rest.split_once(')')?.0.parse().ok()
}

/// `GET /containers/{id}/json`, for how it ended.
pub async fn exit_code_of(transport: &Transport, id: &ContainerId) -> Result<Option<i64>, EngineError> {
    let path = format!("/containers/{}/json", segment(&id.0));
    let found: Inspected = transport.get(Call::new(Method::GET, path, "inspect a container"), QUICK).await?;
    let ended = ContainerState::from(found.state.status.as_str()) == ContainerState::Exited;
    Ok(ended.then_some(found.state.exit_code))
}

/// `POST /containers/create`.
pub async fn create(transport: &Transport, spec: &ContainerSpec) -> Result<ContainerId, EngineError> {
    let path = format!("/containers/create{}", Query::new().add("name", &spec.name));
    let call = Call::new(Method::POST, path, "create a container").json(body_of(Change::Container(spec)));
    let created: Created = transport.get(call, SLOW).await?;
    for warning in &created.warnings {
        log::warn!("engine warned container={} warning='{warning}'", spec.name);
    }
    Ok(ContainerId(created.id))
}

/// `POST /containers/{id}/rename`; a container that is gone needs no name.
pub async fn rename(transport: &Transport, id: &ContainerId, name: &str) -> Result<(), EngineError> {
    let path = format!("/containers/{}/rename{}", segment(&id.0), Query::new().add("name", name));
    already(transport.call(Call::new(Method::POST, path, "rename a container"), QUICK).await, &[404])
}

/// `POST /containers/{id}/start`. Of a container that can never start, Podman says 500 as of any other; Docker's
/// word for it is 400.
pub async fn start(transport: &Transport, id: &ContainerId) -> Result<(), EngineError> {
    let path = format!("/containers/{}/start", segment(&id.0));
    let result = transport.call(Call::new(Method::POST, path, "start a container"), SLOW).await;
    let result = result.map_err(|error| match error {
        EngineError::Refused { action, status: 500, message } if is_no_program(&message) => {
            EngineError::Refused { action, status: 400, message }
        }
        other => other,
    });
    already(result, &[304])
}

/// `POST /containers/{id}/stop`; the deadline leaves the engine its time to kill.
pub async fn stop(transport: &Transport, id: &ContainerId, grace: Duration) -> Result<(), EngineError> {
    let seconds = grace.as_millis().div_ceil(1000).to_string();
    let path = format!("/containers/{}/stop{}", segment(&id.0), Query::new().add("t", &seconds));
    let call = Call::new(Method::POST, path, "stop a container");
    already(transport.call(call, grace.saturating_add(QUICK)).await, &[304, 404])
}

/// `DELETE /containers/{id}`; where a removal already runs, its end is waited for.
pub async fn remove(transport: &Transport, id: &ContainerId) -> Result<(), EngineError> {
    let path = format!("/containers/{}{}", segment(&id.0), Query::new().add("v", "true"));
    let result = transport.call(Call::new(Method::DELETE, path, "remove a container"), SLOW).await;
    match result {
        Err(EngineError::Refused { status: 409, message, .. }) if is_being_removed(&message) => {
            let path =
                format!("/containers/{}/wait{}", segment(&id.0), Query::new().add("condition", "removed"));
            already(transport.call(Call::new(Method::POST, path, "wait for a removal"), SLOW).await, &[404])
        }
        other => already(other, &[404]),
    }
}

/// `POST /containers/{id}/update`. Podman 4 has no such call: the policy stays as it was. A container that was
/// stopped rests until the next boot all the same, and core then stops what should not run.
pub async fn set_restart(
    transport: &Transport,
    id: &ContainerId,
    policy: RestartPolicy,
) -> Result<(), EngineError> {
    let path = format!("/containers/{}/update", segment(&id.0));
    let body = json!({ "RestartPolicy": restart_policy(policy) });
    let call = Call::new(Method::POST, path, "change a restart policy").json(body);
    match transport.call(call, QUICK).await {
        Err(EngineError::Refused { status: 404, message, .. }) if !is_container_absent(&message) => {
            log::warn!("engine cannot change a restart policy, it stays container={}", id.0);
            Ok(())
        }
        other => already(other, &[404]),
    }
}

/// Whether the engine was told never to start the container by itself.
pub async fn is_kept_stopped(transport: &Transport, id: &ContainerId) -> Result<bool, EngineError> {
    let found = inspect(transport, id).await?;
    Ok(matches!(found.host_config.restart_policy.name.as_str(), "" | "no"))
}

/// `GET /containers/{id}/json`.
pub async fn inspect(transport: &Transport, id: &ContainerId) -> Result<Inspected, EngineError> {
    let path = format!("/containers/{}/json", segment(&id.0));
    transport.get(Call::new(Method::GET, path, "inspect a container"), QUICK).await
}

/// `GET /containers/{id}/json`: when it was started, if it runs.
pub async fn life(transport: &Transport, id: &ContainerId) -> Result<Option<Life>, EngineError> {
    match inspect(transport, id).await {
        Ok(Inspected { state, .. }) => {
            Ok((state.running && !state.restarting).then_some(Life(state.started_at)))
        }
        Err(EngineError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
