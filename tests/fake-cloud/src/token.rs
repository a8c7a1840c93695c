//! `GET /auth/v1/token`: who may pull what.

use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::{answer, signer::Signer, world::World};

/// A token for what the caller may pull: a device the images of its fleet's releases, anybody else nothing.
/// Credentials that are wrong are refused.
pub fn get(world: &World, signer: &Signer, request: &HttpRequest) -> HttpResponse {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let device = match header {
        None => None,
        Some(given) => match device(world, given) {
            None => return answer::bare(401),
            known => known,
        },
    };
    let query = |name: &str| values(request.query_string(), name);
    let access: Vec<Value> = query("scope")
        .iter()
        .filter_map(|scope| scope.strip_prefix("repository:")?.strip_suffix(":pull"))
        .filter(|name| device.is_some() && is_of_fleet(world, name))
        .map(|name| json!({ "type": "repository", "name": name, "actions": ["pull"] }))
        .collect();
    let service = query("service").into_iter().next().unwrap_or_default();
    match signer.token(&service, device.as_deref().unwrap_or_default(), &access) {
        Some(token) => answer::json(200, &json!({ "token": token }), false),
        None => answer::bare(500),
    }
}

/// `d_<uuid>` with the device's own key.
fn device(world: &World, given: &str) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(given.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, key) = text.split_once(':')?;
    world.device_of_key(key).map(|device| format!("d_{}", device.uuid)).filter(|known| known == user)
}

fn is_of_fleet(world: &World, name: &str) -> bool {
    let mut images = world.releases.iter().flat_map(crate::world::Release::images);
    images.any(|image| image.split_once('/').is_some_and(|(_, path)| path == name))
}

/// The values of a parameter, decoded.
fn values(query: &str, name: &str) -> Vec<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let decoded = |value: &str| percent_decode_str(value).decode_utf8_lossy().into_owned();
    pairs.filter(|(known, _)| *known == name).map(|(_, value)| decoded(value)).collect()
}
