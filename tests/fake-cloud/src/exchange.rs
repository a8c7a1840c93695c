//! Which device a uuid is, and another key for it.

use actix_web::{HttpRequest, HttpResponse, http::header::CACHE_CONTROL};
use serde_json::{Map, Value, json};

use crate::{
    answer,
    world::{Device, PROVISIONING_KEY, USER_KEY, World},
};

/// `GET /v7/device(uuid='<uuid>')` and `GET /v7/device?$filter=uuid eq '<uuid>'`: a device sees itself, a user all of
/// them. A key that may see no device at all is refused, and so is, unless a test lets it, the one that registers.
pub fn look_up(world: &World, subject: &str, key: Option<&str>, request: &HttpRequest) -> HttpResponse {
    let Some(key) = key.filter(|key| world.device_of_key(key).is_some() || may_manage(world, key)) else {
        let mut refusal = answer::builder(401);
        return refusal.insert_header((CACHE_CONTROL, "no-cache")).finish();
    };
    let query = request.query_string().replace("%20", " ").replace("%27", "'");
    let uuid = uuid_of(subject).or_else(|| uuid_of(query.split("$filter=uuid eq ").nth(1)?));
    let is_seen = |device: &&Device| !device.deleted && (device.key == key || may_manage(world, key));
    let found = uuid.and_then(|uuid| world.devices.get(uuid)).filter(is_seen);
    let selected = query.split('&').find_map(|part| part.strip_prefix("$select=")).unwrap_or("id");
    let shown: Vec<Value> = found.map(|device| fields(device, selected)).into_iter().collect();
    let mut answer = answer::json(200, &json!({ "d": shown }), false);
    answer.headers_mut().insert(CACHE_CONTROL, actix_web::http::header::HeaderValue::from_static("no-cache"));
    answer
}

/// `POST /api-key/device/<id>/device-key`
pub fn exchange(world: &mut World, id: &str, key: Option<&str>, body: &Value) -> HttpResponse {
    let may = key.is_some_and(|key| may_manage(world, key));
    let device = world.devices.values_mut().find(|device| device.id.to_string() == id && !device.deleted);
    let wanted = body.get("apiKey").and_then(Value::as_str);
    let (Some(device), Some(wanted), true) = (device, wanted, may) else { return answer::bare(401) };
    wanted.clone_into(&mut device.key);
    world.used_keys.push(wanted.to_owned());
    answer::json(200, &json!(wanted), false)
}

fn may_manage(world: &World, key: &str) -> bool {
    key == USER_KEY || (key == PROVISIONING_KEY && world.may_exchange)
}

/// What stands between quotes.
fn uuid_of(text: &str) -> Option<&str> {
    text.split('\'').nth(1)
}

fn fields(device: &Device, selected: &str) -> Value {
    let mut shown = Map::new();
    for name in selected.split(',') {
        let value = match name {
            "id" => json!(device.id),
            "uuid" => json!(device.uuid),
            "device_name" => json!("brave-ham"),
            _ => continue,
        };
        shown.insert(name.to_owned(), value);
    }
    Value::Object(shown)
}
