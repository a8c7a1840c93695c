//! Volumes: `/volumes/…`.

use std::collections::BTreeMap;

use hyper014::Method;
use serde_json::json;

use super::{
    answers::{VolumeItem, Volumes},
    path::segment,
    transport::{Call, QUICK, SLOW, Transport, already, label_filter},
};
use crate::ports::engine::EngineError;

/// `GET /volumes`.
pub async fn list(transport: &Transport, labels: &[(&str, &str)]) -> Result<Vec<String>, EngineError> {
    let path = format!("/volumes{}", label_filter(labels));
    let found: Volumes = transport.get(Call::new(Method::GET, path, "list volumes"), QUICK).await?;
    Ok(found.volumes.into_iter().map(|volume| volume.name).collect())
}

/// `POST /volumes/create`; the engine answers with an existing volume of that name whatever its labels.
pub async fn create(
    transport: &Transport,
    name: &str,
    labels: &BTreeMap<String, String>,
) -> Result<(), EngineError> {
    let body = json!({ "Name": name, "Labels": labels });
    let call = Call::new(Method::POST, "/volumes/create".to_owned(), "create a volume").json(body);
    let volume: VolumeItem = transport.get(call, SLOW).await?;
    if labels.iter().all(|(label, value)| volume.labels.get(label) == Some(value)) {
        return Ok(());
    }
    Err(EngineError::Refused {
        action: "create a volume".to_owned(),
        status: 409,
        message: format!("volume {name} exists and belongs to somebody else"),
    })
}

/// `DELETE /volumes/{name}`.
pub async fn remove(transport: &Transport, name: &str) -> Result<(), EngineError> {
    let path = format!("/volumes/{}", segment(name));
    already(transport.call(Call::new(Method::DELETE, path, "remove a volume"), SLOW).await, &[404])
}

/// `GET /volumes/{name}`.
pub async fn exists(transport: &Transport, name: &str) -> Result<bool, EngineError> {
    let path = format!("/volumes/{}", segment(name));
    match transport.call(Call::new(Method::GET, path, "inspect a volume"), QUICK).await {
        Ok(_) => Ok(true),
        Err(EngineError::Refused { status: 404, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
