//! The gate in front of every route, known or not: names the request, checks its key before
//! anything else but the path is looked at, and writes the access line.

use std::time::{Duration, Instant};

use actix_web::{
    Error, HttpMessage as _, HttpResponse,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
    rt::task::spawn_blocking,
    web,
};

use super::{access_log::AccessLine, path};
use crate::{
    answer::{self, Format},
    auth::{credentials, key_ring::Verdict},
    services::Services,
};

/// How long a request waits for a key file that was unreadable before.
const REOPEN_DEADLINE: Duration = Duration::from_secs(5);

/// The middleware.
pub async fn gate(
    services: web::Data<Services>,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let request_id = services.request_ids.next();
    let line = AccessLine::begin(request.method().as_str(), request.path());
    let verdict =
        if path::is_open(request.path()) { Verdict::Accepted } else { check(&services, &request).await };
    let answered = match verdict {
        Verdict::Accepted => {
            request.extensions_mut().insert(request_id);
            path::normalise(&mut request);
            next.call(request).await
        }
        Verdict::Denied => Ok(request.into_response(unauthorized())),
        Verdict::StoreUnavailable => Ok(request.into_response(store_unavailable())),
    };
    if let Some(line) = line {
        let status = match &answered {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        line.end(status, started.elapsed(), request_id);
    }
    answered
}

async fn check(services: &Services, request: &ServiceRequest) -> Verdict {
    let verdict = verdict(services, request);
    if verdict != Verdict::StoreUnavailable {
        return verdict;
    }
    let keys = services.keys.clone();
    // A failure is the same as before: there is no key, and `reopen` has logged why.
    let _ = tokio::time::timeout(REOPEN_DEADLINE, spawn_blocking(move || keys.reopen())).await;
    self::verdict(services, request)
}

fn verdict(services: &Services, request: &ServiceRequest) -> Verdict {
    let presented = credentials::presented(request.query_string(), request.headers());
    services.keys.check(presented.as_deref())
}

fn unauthorized() -> HttpResponse {
    answer::error(Format::Text, StatusCode::UNAUTHORIZED, "Unauthorized")
}

fn store_unavailable() -> HttpResponse {
    answer::error(Format::Text, StatusCode::SERVICE_UNAVAILABLE, "Key store unavailable")
}
