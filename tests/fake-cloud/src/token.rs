//! `GET /auth/v1/token`: who may pull what.

use actix_web::{HttpResponse, http::header::HeaderMap};
use base64::Engine as _;
use serde_json::json;

use crate::{answer, world::World};

/// A token without a signature: enough for whoever only asks whether the device's credentials came.
pub fn get(world: &World, headers: &HeaderMap) -> HttpResponse {
    let Some(given) = headers.get("authorization").and_then(|value| value.to_str().ok()) else {
        return answer::json(200, &json!({ "token": "anonymous" }), false);
    };
    let known = given
        .strip_prefix("Basic ")
        .and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .is_some_and(|text| {
            text.split_once(':').is_some_and(|(user, key)| {
                world.device_of_key(key).is_some_and(|device| format!("d_{}", device.uuid) == user)
            })
        });
    if known { answer::json(200, &json!({ "token": "device" }), false) } else { answer::bare(401) }
}
