//! One request: found out what it is, failed where that is wanted, and answered.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{Error, HttpRequest, HttpResponse, body::SizedStream, error, rt, web};
use futures_util::{StreamExt as _, stream};
use serde_json::{Map, Value};

use crate::{
    answer,
    body::{self, BodyError},
    exchange,
    fault::Fault,
    logs, register, report,
    route::Route,
    seen::Seen,
    shared::Shared,
    state, token,
    world::World,
};

/// Answers a request as the contract says, or as the test wants it to fail.
pub async fn serve_request(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Error> {
    let shared = shared.into_inner();
    let (route, subject) = Route::of(request.method().as_str(), request.path());
    let fault = shared.with(|world| world.take_fault(route));
    match fault {
        None => Ok(answer(&shared, &request, payload, route, subject).await),
        Some(Fault::Slow(delay)) => {
            rt::time::sleep(delay).await;
            Ok(answer(&shared, &request, payload, route, subject).await)
        }
        Some(Fault::Truncated) => {
            Ok(truncated(answer(&shared, &request, payload, route, subject).await).await)
        }
        Some(Fault::Lost) => {
            answer(&shared, &request, payload, route, subject).await;
            Ok(broken())
        }
        Some(other) => {
            let body = body::read(request.headers(), payload).await.unwrap_or_default();
            let failed = fail(other).await;
            note(&shared, &request, route, body, failed.status().as_u16());
            Ok(failed)
        }
    }
}

async fn fail(fault: Fault) -> HttpResponse {
    match fault {
        Fault::Status(status, retry_after) => {
            let mut answer = answer::builder(status);
            if let Some(seconds) = retry_after {
                answer.insert_header(("Retry-After", seconds.to_string()));
            }
            answer.finish()
        }
        Fault::Silent => std::future::pending().await,
        Fault::Body(body) => answer::builder(200).content_type("application/json; charset=utf-8").body(body),
        Fault::GzipBomb(bytes) => answer::builder(200)
            .content_type("application/json; charset=utf-8")
            .insert_header(("Content-Encoding", "gzip"))
            .body(answer::gzip(&vec![b' '; bytes])),
        Fault::NotModified => answer::bare(304),
        Fault::Closed | Fault::Slow(_) | Fault::Truncated | Fault::Lost => broken(),
    }
}

/// An answer that breaks off before its body.
fn broken() -> HttpResponse {
    let nothing =
        stream::once(async { Err::<web::Bytes, Error>(error::ErrorInternalServerError("broken off")) });
    answer::builder(200).body(SizedStream::new(1, nothing))
}

async fn truncated(whole: HttpResponse) -> HttpResponse {
    let headers = whole.headers().clone();
    let body = actix_web::body::to_bytes(whole.into_body()).await.unwrap_or_default();
    let size = body.len() as u64;
    let half = stream::once(std::future::ready(Ok(body.slice(..body.len() / 2))));
    let end = stream::once(async {
        // Until the half is on its way; an error at once would take it back.
        rt::time::sleep(Duration::from_millis(50)).await;
        Err::<web::Bytes, Error>(error::ErrorInternalServerError("broken off"))
    });
    let mut answer = answer::builder(200);
    for (name, value) in &headers {
        answer.insert_header((name.clone(), value.clone()));
    }
    answer.body(SizedStream::new(size.max(1), half.chain(end)))
}

async fn answer(
    shared: &Arc<Shared>,
    request: &HttpRequest,
    payload: web::Payload,
    route: Route,
    subject: &str,
) -> HttpResponse {
    let key = key(request);
    let key = key.as_deref();
    if route == Route::LogStream {
        // Seen when it begins, as it may not end.
        note(shared, request, route, Vec::new(), 0);
        return logs::stream(shared, request, subject, key, payload).await;
    }
    let body = match body::read(request.headers(), payload).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => return answer::bare(413),
        Err(BodyError::Broken) => return answer::bare(400),
    };
    let mut answer = shared.with(|world| match route {
        Route::Token => token::get(world, shared.signer(), request),
        _ => known(world, request, route, subject, key, &body),
    });
    let ahead = shared.with(|world| world.clock_ahead_s);
    if let Some(date) = date(ahead) {
        answer.headers_mut().insert(actix_web::http::header::DATE, date);
    }
    note(shared, request, route, body, answer.status().as_u16());
    answer
}

fn known(
    world: &mut World,
    request: &HttpRequest,
    route: Route,
    subject: &str,
    key: Option<&str>,
    body: &[u8],
) -> HttpResponse {
    let json = || body_value(request, body);
    match route {
        Route::Register => {
            json().map_or_else(|| answer::bare(400), |body| register::register(world, key, &body))
        }
        Route::Devices => exchange::look_up(world, &request.path().replace("%27", "'"), key, request),
        Route::KeyExchange => {
            json().map_or_else(|| answer::bare(400), |body| exchange::exchange(world, subject, key, &body))
        }
        Route::State => state::get(world, subject, key, request.headers()),
        Route::Report => json().map_or_else(|| answer::bare(400), |body| report::patch(world, key, &body)),
        Route::Logs => {
            json().map_or_else(|| answer::bare(400), |body| logs::batch(world, subject, key, &body))
        }
        Route::Ping => answer::builder(200).body("OK"),
        Route::Connectivity => answer::bare(204),
        Route::LogStream | Route::Token | Route::Other => answer::bare(404),
    }
}

/// A body that is no JSON by its type counts as an empty object, as the framework makes it one.
fn body_value(request: &HttpRequest, body: &[u8]) -> Option<Value> {
    let kind =
        request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_slice(body).ok();
    }
    Some(Value::Object(Map::new()))
}

fn key(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| value.strip_prefix("Bearer ")).map(ToOwned::to_owned);
    let mut query = request.query_string().split('&');
    bearer.or_else(|| query.find_map(|pair| pair.strip_prefix("apikey=")).map(ToOwned::to_owned))
}

fn date(ahead_s: i64) -> Option<actix_web::http::header::HeaderValue> {
    let offset = Duration::from_secs(ahead_s.unsigned_abs());
    let now = std::time::SystemTime::now();
    let shown = if ahead_s < 0 { now.checked_sub(offset)? } else { now.checked_add(offset)? };
    actix_web::http::header::HttpDate::from(shown).to_string().parse().ok()
}

fn note(shared: &Shared, request: &HttpRequest, route: Route, body: Vec<u8>, status: u16) {
    let headers = request.headers().iter();
    let seen = Seen {
        route,
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body,
        status,
        at: Instant::now(),
    };
    shared.with(|world| world.seen.push(seen));
}
