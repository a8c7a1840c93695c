//! Volumes: `/volumes/…`.

use std::collections::BTreeMap;

use hyper014::Method;
use serde_json::{Map, Value, json};

use super::{
    answers::{VolumeItem, Volumes},
    bodies::body_of,
    path::segment,
    transport::{Call, QUICK, SLOW, Transport, already, label_filter},
};
use crate::{
    domain::{
        labels,
        volume::{MadeVolume, OwnVolume},
    },
    ports::engine::{Change, EngineError},
};

/// `GET /volumes`.
pub async fn list(
    transport: &Transport,
    wanted: &[(&str, &str)],
) -> Result<BTreeMap<String, String>, EngineError> {
    let path = format!("/volumes{}", label_filter(wanted));
    let found: Volumes = transport.get(Call::new(Method::GET, path, "list volumes"), QUICK).await?;
    Ok(found
        .volumes
        .into_iter()
        .map(|volume| (volume.name.clone(), fingerprint(&volume).to_owned()))
        .collect())
}

fn fingerprint(volume: &VolumeItem) -> &str {
    volume.labels.get(labels::VOLUME).map_or("", String::as_str)
}

/// `POST /volumes/create`; the engine answers with an existing volume of that name whatever its labels and
/// options.
pub async fn create(transport: &Transport, name: &str, volume: &OwnVolume) -> Result<(), EngineError> {
    let call = Call::new(Method::POST, "/volumes/create".to_owned(), "create a volume");
    let made: VolumeItem = transport.get(call.json(body_of(Change::Volume { name, volume })), SLOW).await?;
    let ours = |label: &str| made.labels.get(label) == volume.labels.get(label);
    if ![labels::SUPERVISED, labels::INSTANCE, labels::APP_ID].into_iter().all(ours) {
        return Err(conflict(format!("volume {name} exists and belongs to somebody else")));
    }
    if fingerprint(&made) != volume.fingerprint() {
        let way_out = if volume.options.is_kept_by_engine() { "purge the app" } else { "remove the volume" };
        return Err(conflict(format!("volume {name} exists with other options; {way_out} to make it anew")));
    }
    Ok(())
}

fn conflict(message: String) -> EngineError {
    EngineError::Refused { action: "create a volume".to_owned(), status: 409, message }
}

/// The body of `POST /volumes/create`.
pub fn create_body(name: &str, volume: &OwnVolume) -> Value {
    let mut body =
        Map::from_iter([("Name".to_owned(), json!(name)), ("Labels".to_owned(), json!(volume.labels))]);
    let options = &volume.options;
    if !options.driver.is_empty() {
        body.insert("Driver".to_owned(), json!(options.driver));
    }
    if !options.driver_options.is_empty() {
        body.insert("DriverOpts".to_owned(), json!(options.driver_options));
    }
    Value::Object(body)
}

/// `DELETE /volumes/{name}`.
pub async fn remove(transport: &Transport, name: &str) -> Result<(), EngineError> {
    let path = format!("/volumes/{}", segment(name));
    already(transport.call(Call::new(Method::DELETE, path, "remove a volume"), SLOW).await, &[404])
}

/// `GET /volumes/{name}`.
pub async fn inspect(transport: &Transport, name: &str) -> Result<Option<MadeVolume>, EngineError> {
    let path = format!("/volumes/{}", segment(name));
    match transport.get::<VolumeItem>(Call::new(Method::GET, path, "inspect a volume"), QUICK).await {
        Ok(made) => Ok(Some(MadeVolume { driver: made.driver, driver_options: made.options })),
        Err(EngineError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
