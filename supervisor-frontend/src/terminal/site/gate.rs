//! What every answer of the terminal's listener carries, and the access line, which never shows a path: one
//! of them is a secret.

use std::time::Instant;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{
        CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    },
    middleware::Next,
    web,
};

use super::Shared;
use crate::http::access_log::AccessLine;

/// For answers that say nothing of their own about it.
const CLOSED_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// The middleware.
pub(super) async fn gate(
    shared: web::Data<Shared>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let line = AccessLine::begin(request.method().as_str(), kind(request.path()));
    let mut answer = next.call(request).await?;
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CLOSED_POLICY));
    }
    if let Some(line) = line {
        line.end(answer.status(), started.elapsed(), shared.request_ids.next());
    }
    Ok(answer)
}

/// What is asked for, instead of the path.
fn kind(path: &str) -> &'static str {
    if path.starts_with("/assets/") {
        "(terminal-asset)"
    } else if path.ends_with("/socket") {
        "(terminal-socket)"
    } else {
        "(terminal)"
    }
}
