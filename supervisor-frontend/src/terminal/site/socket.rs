//! `GET /s/<id>/socket`: the WebSocket of a tab, and `GET /s/<id>/alive`: whether another one would be taken.

use actix_web::{
    Error, HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, COOKIE, HeaderMap},
    web,
};

use super::{Shared, origin, page};
use crate::terminal::{FRAME_MAX_BYTES, session::Session, tab};

/// Checks who asks, and hands the tab over.
pub(super) async fn open(
    id: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Error> {
    let Some(terminals) = shared.terminals() else { return Ok(page::gone().await) };
    let Some(session) = terminals.by_id(&id) else { return Ok(page::gone().await) };
    if !origin::is_own(request.headers()) || !has_cookie(request.headers(), &session) {
        return Ok(HttpResponse::Forbidden().finish());
    }
    let (answer, socket, frames) = actix_ws::handle(&request, payload)?;
    let frames = frames
        .max_frame_size(FRAME_MAX_BYTES)
        .aggregate_continuations()
        .max_continuation_size(FRAME_MAX_BYTES);
    actix_web::rt::spawn(tab::run(session, socket, frames, terminals.limits().ping_interval));
    Ok(answer)
}

/// Tells a page that lost its WebSocket whether there is any use in trying again: without the cookie there is
/// none. The page itself cannot tell by its own path: a browser that came from another site reloads it without
/// the cookie.
pub(super) async fn alive(
    id: web::Path<String>,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let found = shared.terminals().and_then(|terminals| terminals.by_id(&id));
    match found {
        Some(session) if has_cookie(request.headers(), &session) => {
            HttpResponse::NoContent().insert_header((CACHE_CONTROL, "no-store")).finish()
        }
        _ => page::gone().await,
    }
}

fn has_cookie(headers: &HeaderMap, session: &Session) -> bool {
    headers
        .get_all(COOKIE)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .any(|(name, value)| name == page::COOKIE && session.identity.cookie.matches(value))
}
