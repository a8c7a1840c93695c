//! Networks: `/networks/…`.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use hyper014::Method;
use serde_json::{Value, json};

use super::{
    answers::NetworkAnswer,
    path::segment,
    transport::{Call, QUICK, SLOW, Transport, already},
};
use crate::{
    domain::{
        observed::ContainerId,
        wanted::{SUPERVISOR_GATEWAY, SUPERVISOR_NETWORK},
    },
    ports::engine::EngineError,
};

/// Where the balena supervisor puts its bridge.
const SUBNET: &str = "10.114.104.0/25";

/// How often, and after which pauses, a network is looked for that somebody else is making.
const LOOKS: u32 = 30;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// `GET /networks/{name}`.
pub async fn find(transport: &Transport, name: &str) -> Result<Option<Option<IpAddr>>, EngineError> {
    let path = format!("/networks/{}", segment(name));
    let found: Result<NetworkAnswer, _> =
        transport.get(Call::new(Method::GET, path, "inspect a network"), QUICK).await;
    match found {
        Ok(network) => Ok(Some(network.ipam.config.iter().find_map(|c| address(&c.gateway)))),
        Err(EngineError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Some engines write the gateway with its prefix length.
fn address(text: &str) -> Option<IpAddr> {
    text.split('/').next()?.parse().ok()
}

/// `POST /networks/create`, a bridge on addresses of the engine's choice.
pub async fn create(
    transport: &Transport,
    name: &str,
    labels: &BTreeMap<String, String>,
) -> Result<(), EngineError> {
    post(transport, json!({ "Name": name, "Driver": "bridge", "CheckDuplicate": true, "Labels": labels }))
        .await
}

/// `POST /networks/create`, the supervisor's bridge. Where its subnet is taken, the engine chooses one.
pub async fn create_supervisor(
    transport: &Transport,
    labels: &BTreeMap<String, String>,
) -> Result<(), EngineError> {
    let mut body = json!({
        "Name": SUPERVISOR_NETWORK,
        "Driver": "bridge",
        "CheckDuplicate": true,
        "Labels": labels,
        "Options": { "com.docker.network.bridge.name": SUPERVISOR_NETWORK },
        "IPAM": { "Config": [{ "Subnet": SUBNET, "Gateway": SUPERVISOR_GATEWAY }] },
    });
    match post(transport, body.clone()).await {
        Err(EngineError::Refused { .. }) if find(transport, SUPERVISOR_NETWORK).await?.is_some() => Ok(()),
        Err(EngineError::Refused { message, .. }) if message.to_lowercase().contains("overlap") => {
            if let Some(fields) = body.as_object_mut() {
                fields.remove("IPAM");
            }
            match post(transport, body).await {
                Err(refused @ EngineError::Refused { .. }) => appears(transport, refused).await,
                other => other,
            }
        }
        other => other,
    }
}

/// Two apps that start at once both ask for the network, and the engine refuses the second while it still
/// makes the first one's.
async fn appears(transport: &Transport, refused: EngineError) -> Result<(), EngineError> {
    for _ in 0..LOOKS {
        if find(transport, SUPERVISOR_NETWORK).await?.is_some() {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Err(refused)
}

async fn post(transport: &Transport, body: Value) -> Result<(), EngineError> {
    let call = Call::new(Method::POST, "/networks/create".to_owned(), "create a network").json(body);
    already(transport.call(call, SLOW).await, &[409])
}

/// `DELETE /networks/{name}`.
pub async fn remove(transport: &Transport, name: &str) -> Result<(), EngineError> {
    let path = format!("/networks/{}", segment(name));
    match transport.call(Call::new(Method::DELETE, path, "remove a network"), SLOW).await {
        // Somebody else's container is on it; it is theirs to keep.
        Err(EngineError::Refused { message, .. }) if message.contains("active endpoints") => {
            log::warn!("network left, others use it network={name}");
            Ok(())
        }
        other => already(other, &[404]),
    }
}

/// `POST /networks/{name}/connect`; a container that is on it already is refused with 403.
pub async fn connect(transport: &Transport, network: &str, id: &ContainerId) -> Result<(), EngineError> {
    let path = format!("/networks/{}/connect", segment(network));
    let call = Call::new(Method::POST, path, "connect a network").json(json!({ "Container": id.0 }));
    match transport.call(call, SLOW).await {
        Err(EngineError::Refused { message, .. }) if message.contains("already exists") => Ok(()),
        other => other.map(drop),
    }
}
