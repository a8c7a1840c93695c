//! Networks: `/networks/…`.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use hyper014::Method;
use serde_json::{Value, json};

use super::{
    answers::NetworkAnswer,
    bodies::body_of,
    path::segment,
    refusal::{is_connected, is_network_there, is_network_used, is_subnet_taken},
    transport::{Call, QUICK, SLOW, Transport, already},
};
use crate::{
    domain::{
        labels,
        network::{Endpoint, NetworkOptions},
        observed::ContainerId,
        wanted::{SUPERVISOR_GATEWAY, SUPERVISOR_NETWORK},
    },
    ports::engine::{Change, EngineError, NetworkRemoval, SeenNetwork},
};

/// Where the balena supervisor puts its bridge.
const SUBNET: &str = "10.114.104.0/25";

/// How often, and after which pauses, a network is looked for that somebody else is making.
const LOOKS: u32 = 30;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// `GET /networks`: one call for everything that a plan asks about networks.
pub async fn list(transport: &Transport) -> Result<Vec<SeenNetwork>, EngineError> {
    let call = Call::new(Method::GET, "/networks".to_owned(), "list networks");
    let answers: Vec<NetworkAnswer> = transport.get(call, QUICK).await?;
    Ok(answers.into_iter().map(seen).collect())
}

fn seen(network: NetworkAnswer) -> SeenNetwork {
    let gateway = network.ipam.config.iter().find_map(|c| address(&c.gateway));
    SeenNetwork { name: network.name, gateway, labels: network.labels }
}

async fn has_supervisor_network(transport: &Transport) -> Result<bool, EngineError> {
    Ok(list(transport).await?.iter().any(|network| network.name == SUPERVISOR_NETWORK))
}

/// Some engines write the gateway with its prefix length.
fn address(text: &str) -> Option<IpAddr> {
    text.split('/').next()?.parse().ok()
}

/// `POST /networks/create`.
pub async fn create(
    transport: &Transport,
    name: &str,
    options: &NetworkOptions,
    labels: &BTreeMap<String, String>,
) -> Result<(), EngineError> {
    post(transport, body_of(Change::Network { name, options, labels })).await?;
    // One of that name may have been there already, of whomever.
    let made = list(transport).await?.into_iter().find(|network| network.name == name);
    let bears = |label: &str| made.as_ref().is_some_and(|made| made.labels.get(label) == labels.get(label));
    let ours =
        [labels::SUPERVISED, labels::INSTANCE, labels::APP_ID, labels::NETWORK_HASH].into_iter().all(bears);
    if ours { Ok(()) } else { Err(another(name)) }
}

fn another(network: &str) -> EngineError {
    EngineError::Refused {
        action: "create a network".to_owned(),
        status: 409,
        message: format!("network {network} exists and is not the one that was asked for"),
    }
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
        Err(EngineError::Refused { .. }) if has_supervisor_network(transport).await? => Ok(()),
        Err(EngineError::Refused { message, .. }) if is_subnet_taken(&message) => {
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
        if has_supervisor_network(transport).await? {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Err(refused)
}

async fn post(transport: &Transport, body: Value) -> Result<(), EngineError> {
    let call = Call::new(Method::POST, "/networks/create".to_owned(), "create a network").json(body);
    match transport.call(call, SLOW).await {
        Err(EngineError::Refused { message, .. }) if is_network_there(&message) => Ok(()),
        other => already(other, &[409]),
    }
}

/// `DELETE /networks/{name}`.
pub async fn remove(transport: &Transport, name: &str) -> Result<NetworkRemoval, EngineError> {
    let path = format!("/networks/{}", segment(name));
    match transport.call(Call::new(Method::DELETE, path, "remove a network"), SLOW).await {
        Err(EngineError::Refused { message, .. }) if is_network_used(&message) => Ok(NetworkRemoval::InUse),
        other => already(other, &[404]).map(|()| NetworkRemoval::Gone),
    }
}

/// `POST /networks/{name}/connect`; a container that is on it already is refused.
pub async fn connect(
    transport: &Transport,
    endpoint: &Endpoint,
    id: &ContainerId,
) -> Result<(), EngineError> {
    let path = format!("/networks/{}/connect", segment(&endpoint.network));
    let body = body_of(Change::Connection { endpoint, container: id });
    let call = Call::new(Method::POST, path, "connect a network").json(body);
    match transport.call(call, SLOW).await {
        Err(EngineError::Refused { message, .. }) if is_connected(&message) => Ok(()),
        other => other.map(drop),
    }
}
