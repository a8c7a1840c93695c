//! The requests by which a device becomes known to its cloud.

use reqwest::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    config_json::{self, ProvisioningKey},
    device::DeviceKey,
    provisioning::{Heard, Request},
    record::Record,
};
use crate::cloud::{
    api::{ApiClient, CloudFailure, read_body, success},
    target::MAX_BODY_BYTES,
};

/// More than any answer to these requests.
const MAX_ANSWER: usize = 64 * 1024;

/// What the cloud is told of the device as it registers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Of the supervisor.
    pub supervisor_version: &'static str,
    /// The host's name for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// `dev` or `prod`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_variant: Option<&'static str>,
    /// Hardware addresses, separated by blanks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
}

#[derive(Serialize)]
struct RegisterBody<'a> {
    application: u64,
    device_type: &'a str,
    uuid: &'a str,
    api_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<u64>,
    #[serde(flatten)]
    facts: &'a Facts,
}

#[derive(Deserialize)]
struct RegisterAnswer {
    id: u64,
    api_key: Option<String>,
}

#[derive(Deserialize)]
struct Devices {
    d: Vec<DeviceNumber>,
}

#[derive(Deserialize)]
struct DeviceNumber {
    id: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExchangeBody<'a> {
    api_key: &'a str,
}

/// `POST /device/register`
pub async fn register(client: &ApiClient, request: &Request, facts: &Facts) -> Result<Heard, CloudFailure> {
    let body = RegisterBody {
        application: request.application,
        device_type: &request.device_type,
        uuid: &request.uuid,
        api_key: request.key.expose(),
        user: request.user,
        facts,
    };
    let sending = client.post("/device/register").bearer_auth(request.provisioning_key.expose()).json(&body);
    let answer = sending.send().await?;
    if answer.status() == StatusCode::CONFLICT {
        return Ok(Heard::Conflict);
    }
    let answer: RegisterAnswer = understood(success(answer)?, MAX_ANSWER).await?;
    let key = match answer.api_key {
        None => request.key.clone(),
        Some(key) if config_json::is_key(&key) => DeviceKey::new(key),
        Some(_) => return Err(CloudFailure::NotUnderstood("its api_key is no key".into())),
    };
    Ok(Heard::Registered { device_id: answer.id, key })
}

/// Asks for the device with its own key. Only a refusal of the key says that the cloud does not know it: a server without
/// this part of the API may know it all the same, which its target shows.
pub async fn look_up(client: &ApiClient, record: &Record) -> Result<Heard, CloudFailure> {
    match number_of(client, &record.uuid, record.key.expose()).await {
        Ok(Some(device_id)) => Ok(Heard::Known { device_id: Some(device_id) }),
        Ok(None) => Ok(Heard::Unknown),
        Err(failure) => match failure.status() {
            Some(401 | 403) => Ok(Heard::Unknown),
            Some(400 | 404 | 405 | 410) => look_up_target(client, record).await,
            Some(_) | None => Err(failure),
        },
    }
}

/// Whether the cloud has a target for the device and its key. Anything else than that or a refusal of the key proves nothing.
async fn look_up_target(client: &ApiClient, record: &Record) -> Result<Heard, CloudFailure> {
    let asked = client.get(&format!("/device/v3/{}/state", record.uuid)).bearer_auth(record.key.expose());
    match success(asked.send().await?) {
        Ok(answer) => {
            let states: Map<String, Value> = understood(answer, MAX_BODY_BYTES).await?;
            if states.contains_key(&record.uuid) {
                return Ok(Heard::Known { device_id: None });
            }
            Err(CloudFailure::NotUnderstood("it says nothing of this device".into()))
        }
        Err(CloudFailure::Status { status: 401 | 403, .. }) => Ok(Heard::Unknown),
        Err(failure) => Err(failure),
    }
}

/// Asks, with the provisioning key, that the device's key be accepted.
pub async fn exchange(
    client: &ApiClient,
    record: &Record,
    provisioning_key: &ProvisioningKey,
) -> Result<Heard, CloudFailure> {
    let asked = async {
        let Some(device_id) = number_of(client, &record.uuid, provisioning_key.expose()).await? else {
            return Ok(Heard::ExchangeRefused);
        };
        let body = ExchangeBody { api_key: record.key.expose() };
        let sending = client
            .post(&format!("/api-key/device/{device_id}/device-key"))
            .bearer_auth(provisioning_key.expose())
            .json(&body);
        success(sending.send().await?)?;
        Ok(Heard::Exchanged { device_id })
    };
    match asked.await {
        Err(CloudFailure::Status { status: 400..=407 | 409 | 410, .. }) => Ok(Heard::ExchangeRefused),
        other => other,
    }
}

async fn number_of(client: &ApiClient, uuid: &str, key: &str) -> Result<Option<u64>, CloudFailure> {
    let asked = client.get(&format!("/v7/device(uuid='{uuid}')?$select=id")).bearer_auth(key);
    let devices: Devices = understood(success(asked.send().await?)?, MAX_ANSWER).await?;
    Ok(devices.d.first().map(|device| device.id))
}

async fn understood<T: serde::de::DeserializeOwned>(
    answer: Response,
    limit: usize,
) -> Result<T, CloudFailure> {
    let body = read_body(answer, limit).await?;
    serde_json::from_slice(&body).map_err(|error| CloudFailure::NotUnderstood(Box::new(error)))
}
