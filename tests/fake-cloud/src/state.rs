//! `GET /device/v3/<uuid>/state`.

use actix_web::{HttpResponse, http::header::HeaderMap};

use crate::{answer, world::World};

/// The target state. A device that is not known, or deleted, is told 304 without an `ETag`.
pub fn get(world: &World, uuid: &str, key: Option<&str>, headers: &HeaderMap) -> HttpResponse {
    let Some(known) = key.and_then(|key| world.device_of_key(key)) else { return answer::bare(401) };
    if known.uuid != uuid || known.deleted {
        return answer::bare(304);
    }
    let target = world.target(known);
    let tag = answer::etag(&target.to_string());
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let same = header("if-none-match").trim_start_matches("W/") == tag.trim_start_matches("W/");
    if same && !header("cache-control").contains("no-cache") {
        return answer::builder(304).insert_header(("ETag", tag)).finish();
    }
    answer::json(200, &target, header("accept-encoding").contains("gzip"))
}
