//! The whole HTTP surface: one table, one file per route.

pub mod app;
pub mod app_run;
pub mod app_state;
pub mod app_v2;
pub mod blink;
pub mod despawn_tty;
pub mod device;
pub mod healthy;
pub mod ping;
pub mod power;
pub mod purge;
pub mod regenerate_api_key;
pub mod restart;
pub mod service_run;
pub mod spawn_tty;
pub mod state_status;
pub mod tcp_ping;
pub mod update;
pub mod version;

use actix_web::{
    HttpResponse, Resource,
    http::{StatusCode, header::ALLOW},
    web::{self, ServiceConfig},
};

use crate::answer::{self, Format};

const GET: &str = "GET, HEAD, OPTIONS";
const POST: &str = "POST, OPTIONS";
const POST_DELETE: &str = "POST, DELETE, OPTIONS";

/// Mounts every route. Paths are written in lower case without a trailing slash; the gate brings
/// requests into that form.
#[rustfmt::skip]
pub fn configure(app: &mut ServiceConfig) {
    app .service(at("/ping",                  GET)        .route(web::get().to(ping::get)).route(web::head().to(ping::get)))
        .service(at("/v1/blink",              POST)       .route(web::post().to(blink::post)))
        .service(at("/v1/update",             POST)       .route(web::post().to(update::post)))
        .service(at("/v1/reboot",             POST)       .route(web::post().to(power::reboot)))
        .service(at("/v1/shutdown",           POST)       .route(web::post().to(power::shutdown)))
        .service(at("/v1/purge",              POST)       .route(web::post().to(purge::post)))
        .service(at("/v1/restart",            POST)       .route(web::post().to(restart::post)))
        .service(at("/v1/tcp-ping",           POST_DELETE).route(web::post().to(tcp_ping::enable)).route(web::delete().to(tcp_ping::disable)))
        .service(at("/v1/spawn-tty",          POST)       .route(web::post().to(spawn_tty::post)))
        .service(at("/v1/despawn-tty",        POST)       .route(web::post().to(despawn_tty::post)))
        .service(at("/v1/regenerate-api-key", POST)       .route(web::post().to(regenerate_api_key::post)))
        .service(at("/v1/device",             GET)        .route(web::get().to(device::get)).route(web::head().to(device::get)))
        .service(at("/v1/healthy",            GET)        .route(web::get().to(healthy::get)).route(web::head().to(healthy::get)))
        .service(at("/v1/apps/{app_id}",      GET)        .route(web::get().to(app::get)).route(web::head().to(app::get)))
        .service(at("/v1/apps/{app_id}/stop", POST)       .route(web::post().to(app_run::stop)))
        .service(at("/v1/apps/{app_id}/start", POST)      .route(web::post().to(app_run::start)))
        .service(at("/v2/applications/{app_id}/restart", POST).route(web::post().to(app_v2::restart)))
        .service(at("/v2/applications/{app_id}/purge",   POST).route(web::post().to(app_v2::purge)))
        .service(at("/v2/applications/{app_id}/start-service",   POST).route(web::post().to(service_run::start)))
        .service(at("/v2/applications/{app_id}/stop-service",    POST).route(web::post().to(service_run::stop)))
        .service(at("/v2/applications/{app_id}/restart-service", POST).route(web::post().to(service_run::restart)))
        .service(at("/v2/applications/{app_id}/state", GET)   .route(web::get().to(app_state::get)).route(web::head().to(app_state::get)))
        .service(at("/v2/state/status",       GET)        .route(web::get().to(state_status::get)).route(web::head().to(state_status::get)))
        .service(at("/v2/version",            GET)        .route(web::get().to(version::get)).route(web::head().to(version::get)))
        .default_service(web::to(not_found));
}

/// A path that tells its methods: `OPTIONS` is answered with them, any other method is refused with
/// them.
fn at(path: &str, allow: &'static str) -> Resource {
    let options = move || async move { HttpResponse::NoContent().insert_header((ALLOW, allow)).finish() };
    let refused = move || async move {
        let mut answer = answer::error(Format::Text, StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
        answer.headers_mut().insert(ALLOW, actix_web::http::header::HeaderValue::from_static(allow));
        answer
    };
    web::resource(path)
        .route(web::route().guard(actix_web::guard::Options()).to(options))
        .default_service(web::to(refused))
}

async fn not_found() -> HttpResponse {
    answer::error(Format::Text, StatusCode::NOT_FOUND, "Not found")
}
