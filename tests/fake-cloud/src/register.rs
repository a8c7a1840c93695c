//! `POST /device/register`.

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use crate::{
    answer,
    world::{Device, PROVISIONING_KEY, World},
};

const DEVICE_TYPES: [&str; 6] =
    ["intel-nuc", "generic-amd64", "generic-aarch64", "raspberrypi3", "raspberrypi4-64", "qemux86-64"];

/// Registers a device, once for each uuid and each key, also after it was deleted.
pub fn register(world: &mut World, key: Option<&str>, body: &Value) -> HttpResponse {
    if key != Some(PROVISIONING_KEY) {
        return answer::key_required();
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let Some(application) = number(body.get("application")) else {
        return answer::json(400, &json!("Application must be specified"), false);
    };
    let Some(device_type) = text("device_type") else {
        return answer::json(400, &json!("Device type must be specified"), false);
    };
    let Some(uuid) = text("uuid").filter(|uuid| !uuid.is_empty()) else {
        return answer::json(400, &json!("UUID must be specified"), false);
    };
    if application != world.fleet_id {
        return answer::bare(401);
    }
    if !DEVICE_TYPES.contains(&device_type) {
        return answer::json(404, &json!(format!("Unknown device type {device_type}")), false);
    }
    let id = world.used_keys.len() as u64 + 1;
    let chosen = text("api_key").map_or_else(|| format!("{id:032x}"), ToOwned::to_owned);
    if world.devices.get(uuid).is_some_and(|device| !device.deleted) {
        return answer::text(409, "\"uuid\" must be unique.");
    }
    if world.used_keys.contains(&chosen) {
        return answer::json(409, &json!("\"key\" must be unique."), false);
    }
    world.used_keys.push(chosen.clone());
    let device = Device {
        uuid: uuid.to_owned(),
        id,
        key: chosen.clone(),
        registration: body.clone(),
        state: Map::new(),
        reports: Vec::new(),
        log: Vec::new(),
        pinned: None,
        deleted: false,
    };
    world.devices.insert(uuid.to_owned(), device);
    answer::json(201, &json!({ "id": id, "uuid": uuid, "api_key": chosen }), false)
}

/// A number, or one in a string.
fn number(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::FLEET_ID;

    fn world() -> World {
        World { fleet_id: FLEET_ID, ..World::default() }
    }

    fn request() -> Value {
        json!({ "application": FLEET_ID, "device_type": "intel-nuc", "uuid": "ab12", "api_key": "k1" })
    }

    #[test]
    fn device_registers_once_for_each_uuid_and_each_key() {
        let mut world = world();
        let mut status = |body: &Value| register(&mut world, Some(PROVISIONING_KEY), body).status().as_u16();
        assert_eq!(status(&request()), 201);
        assert_eq!(status(&request()), 409);
        let mut other = request();
        other["uuid"] = json!("cd34");
        assert_eq!(status(&other), 409, "the same key again");
    }

    #[test]
    fn request_that_lacks_something_is_refused_as_the_server_does() {
        let refused = |key: &str, change: &dyn Fn(&mut Value)| {
            let mut body = request();
            change(&mut body);
            register(&mut world(), Some(key), &body).status().as_u16()
        };
        assert_eq!(refused("other", &|_| {}), 401);
        assert_eq!(refused(PROVISIONING_KEY, &|body| body["application"] = json!(99_999)), 401);
        assert_eq!(refused(PROVISIONING_KEY, &|body| body["device_type"] = json!("nosuch")), 404);
        assert_eq!(refused(PROVISIONING_KEY, &|body| body["uuid"] = Value::Null), 400);
        assert_eq!(refused(PROVISIONING_KEY, &|body| body["application"] = json!("1667")), 201);
    }
}
