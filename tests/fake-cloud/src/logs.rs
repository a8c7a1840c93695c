//! A device's log: batches, and the stream.

use std::{
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{HttpRequest, HttpResponse, web};
use flate2::write::GzDecoder;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::{
    answer, body,
    shared::Shared,
    world::{LogLine, World},
};

const BATCHES: usize = 14;
const BATCHES_IN: Duration = Duration::from_secs(10);
const BATCH_LINES: usize = 10;

/// `POST /device/v2/<uuid>/logs`
pub fn batch(world: &mut World, uuid: &str, key: Option<&str>, body: &Value) -> HttpResponse {
    if !may_write(world, uuid, key) {
        return answer::key_required();
    }
    let now = Instant::now();
    world.log_batches.retain(|at| now.duration_since(*at) < BATCHES_IN);
    if world.log_batches.len() >= BATCHES {
        let refusal =
            answer::builder(429).insert_header(("Retry-After", "10")).json(json!("Too Many Requests"));
        return refusal;
    }
    world.log_batches.push_back(now);
    let Some(lines) = body.as_array().filter(|lines| lines.len() <= BATCH_LINES) else {
        return answer::bare(400);
    };
    keep(world, uuid, lines.iter().cloned());
    answer::bare(201)
}

/// `POST /device/v2/<uuid>/log-stream`: lines count as they come; the answer comes when the body ends.
pub async fn stream(
    shared: &Arc<Shared>,
    request: &HttpRequest,
    uuid: &str,
    key: Option<&str>,
    mut payload: web::Payload,
) -> HttpResponse {
    if !shared.with(|world| may_write(world, uuid, key)) {
        return answer::key_required();
    }
    if request.headers().get("content-type").is_none_or(|value| value != "application/x-ndjson") {
        return answer::text(400, "<!DOCTYPE html>\n<html lang=\"en\">\n</html>\n");
    }
    let packed = body::is_gzip(request.headers());
    let mut unpacker = GzDecoder::new(Vec::new());
    let mut pending = Vec::new();
    while let Some(piece) = payload.next().await {
        let Ok(piece) = piece else { return answer::bare(400) };
        if packed {
            if unpacker.write_all(&piece).and_then(|()| unpacker.flush()).is_err() {
                return answer::text(400, "Could not unpack");
            }
            pending.append(unpacker.get_mut());
        } else {
            pending.extend_from_slice(&piece);
        }
        if take_lines(shared, uuid, &mut pending).is_err() {
            return answer::text(400, "Could not parse row not json...");
        }
    }
    answer::bare(201)
}

fn take_lines(shared: &Shared, uuid: &str, pending: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
        let line: Vec<u8> = pending.drain(..=end).collect();
        if line.trim_ascii().is_empty() {
            continue;
        }
        let line = serde_json::from_slice(&line)?;
        shared.with(|world| keep(world, uuid, std::iter::once(line)));
    }
    Ok(())
}

fn may_write(world: &World, uuid: &str, key: Option<&str>) -> bool {
    key.and_then(|key| world.device_of_key(key)).is_some_and(|device| device.uuid == uuid && !device.deleted)
}

/// Lines of a wrong shape are dropped without a word.
fn keep(world: &mut World, uuid: &str, lines: impl Iterator<Item = Value>) {
    let Some(device) = world.devices.get_mut(uuid) else { return };
    let is_good = |line: &Value| {
        let is = |name: &str, test: fn(&Value) -> bool| line.get(name).is_none_or(test);
        line.get("message").is_some_and(Value::is_string)
            && line.get("timestamp").is_some_and(Value::is_number)
            && line.get("uuid").is_none()
            && is("isSystem", Value::is_boolean)
            && is("isStdErr", Value::is_boolean)
            && is("serviceId", Value::is_number)
    };
    device.log.extend(lines.filter(is_good).map(LogLine));
}
