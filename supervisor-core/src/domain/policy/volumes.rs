//! The bodies of `POST /volumes/create`, and volumes in a container.

use serde_json::{Map, Value, json};
use supervisor_proto::policy::VolumeGrant;

use super::{case::Case, shape::is_text_map, wish::without_values};
use crate::domain::volume::MadeVolume;

const LOCAL: &str = "local";

/// A volume that a container would have.
pub(super) fn check_mounted(case: &mut Case<'_>, name: &str) {
    if let Some(body) = case.judge.requests.volumes.get(name) {
        return check(case, name, body);
    }
    if !case.granted(|grant| grant.volumes.iter().any(|volume| volume.name == name)) {
        let why = format!("the volume {name} is not the app's own and needs the owner's grant");
        case.needs("volumes", why, "volumes", json!([{ "name": name }]));
    }
}

/// A volume that core would make: plain and of the app's own name, or as granted in all its options.
pub(super) fn check(case: &mut Case<'_>, name: &str, body: &Value) {
    case.each("volumes", body, |case, key, value| match key {
        "Name" | "Driver" => case.expect("volumes", value.is_string()),
        "Labels" | "DriverOpts" => case.expect("volumes", is_text_map(value)),
        _ => case.unknown(&format!("volumes.{key}")),
    });
    case.expect("volumes", body.get("Name").and_then(Value::as_str) == Some(name));
    let empty = Map::new();
    let driver =
        body.get("Driver").and_then(Value::as_str).filter(|driver| !driver.is_empty()).unwrap_or(LOCAL);
    let options = body.get("DriverOpts").and_then(Value::as_object).unwrap_or(&empty);
    let is_plain = driver == LOCAL && options.is_empty() && name.starts_with(&format!("{}_", case.app()));
    if !is_plain && !is_granted(case, name, driver, options) {
        let why =
            format!("the volume {name} is not a plain one of the app's own and needs the owner's grant");
        case.needs("volumes", why, "volumes", json!([wish(name, driver, options)]));
    }
}

/// A volume that is there: its name alone opens it only where it holds nothing but what the engine keeps,
/// since it may have been made after the grant was written, by whomever.
pub(super) fn check_made(case: &mut Case<'_>, name: &str, made: &MadeVolume) {
    let driver = if made.driver.is_empty() { LOCAL } else { &made.driver };
    let options: Map<String, Value> =
        made.driver_options.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let is_plain = driver == LOCAL && options.is_empty();
    if !is_plain && !is_granted(case, name, driver, &options) {
        let why = format!("the volume {name} was made with a driver's options and needs a grant with them");
        case.needs("volumes", why, "volumes", json!([wish(name, driver, &options)]));
    }
}

fn is_granted(case: &Case<'_>, name: &str, driver: &str, options: &Map<String, Value>) -> bool {
    let allows = |volume: &VolumeGrant| {
        let same = volume.driver_opts.iter().all(|(name, value)| options.get(name) == Some(&json!(value)));
        volume.name == name
            && volume.driver.as_deref().unwrap_or(LOCAL) == driver
            && same
            && volume.driver_opts.len() == options.len()
    };
    case.granted(|grant| grant.volumes.iter().any(allows))
}

fn wish(name: &str, driver: &str, options: &Map<String, Value>) -> Value {
    let mut wish = Map::from_iter([("name".to_owned(), json!(name))]);
    if driver != LOCAL {
        wish.insert("driver".to_owned(), json!(driver));
    }
    if !options.is_empty() {
        wish.insert("driver_opts".to_owned(), without_values(options));
    }
    Value::Object(wish)
}
