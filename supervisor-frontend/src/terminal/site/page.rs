//! The page: with its URL's token it gives the cookie, without it is an empty frame.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, SET_COOKIE},
    },
    web,
};

use super::{Shared, assets};
use crate::{error_chain::chain, terminal::session::Session};

/// The cookie's name. Each terminal has its own, told apart by their paths.
pub(super) const COOKIE: &str = "terminal";

/// `GET /<token>`: the page, and the cookie that the token is exchanged for. No redirect: a browser that comes
/// from another site would not send the cookie along it.
pub(super) async fn by_token(token: web::Path<String>, shared: web::Data<Shared>) -> HttpResponse {
    let found = shared.terminals().and_then(|terminals| terminals.by_token(&token));
    match found {
        Some(session) => show(&session, true),
        None => gone().await,
    }
}

/// `GET /s/<id>/`: the page again, for a reload.
pub(super) async fn by_id(id: web::Path<String>, shared: web::Data<Shared>) -> HttpResponse {
    let found = shared.terminals().and_then(|terminals| terminals.by_id(&id));
    match found {
        Some(session) => show(&session, false),
        None => gone().await,
    }
}

/// Any other path, and that of a terminal that is no more.
pub(super) async fn gone() -> HttpResponse {
    HttpResponse::NotFound()
        .content_type(ContentType::html())
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
        ))
        .body(assets::GONE_PAGE)
}

fn show(session: &Session, with_cookie: bool) -> HttpResponse {
    let nonce = match getrandom::u64() {
        Ok(number) => format!("{number:016x}"),
        Err(error) => {
            log::error!("terminal's page not shown error='{}'", chain(&error));
            return HttpResponse::ServiceUnavailable().finish();
        }
    };
    let path = format!("/s/{}/", session.identity.id);
    let mut answer: HttpResponseBuilder = HttpResponse::build(StatusCode::OK);
    answer
        .content_type(ContentType::html())
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, policy(&nonce)));
    if with_cookie {
        let value = session.identity.cookie.expose();
        answer
            .insert_header((SET_COOKIE, format!("{COOKIE}={value}; Path={path}; HttpOnly; SameSite=Strict")));
    }
    answer.body(assets::PAGE.replace("{nonce}", &nonce).replace("{session}", &path))
}

/// Everything from this listener and nothing else. xterm.js makes style elements, which get the nonce.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; \
         img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
