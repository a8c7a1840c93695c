//! The whole HTTP surface: one table, one file per route.

pub mod app;
pub mod app_run;
pub mod app_state;
pub mod app_v1;
pub mod app_v2;
pub mod blink;
pub mod despawn_tty;
pub mod device;
pub mod healthy;
pub mod ping;
pub mod power;
pub mod regenerate_api_key;
pub mod spawn_tty;
pub mod state_status;
pub mod tcp_ping;
pub mod update;
pub mod version;
mod work;

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder,
    http::{StatusCode, header::ALLOW},
    web::{self, ServiceConfig},
};

use crate::answer::{self, Format};

const GET: &str = "GET, HEAD, OPTIONS";
const POST: &str = "POST, OPTIONS";
const POST_DELETE: &str = "POST, DELETE, OPTIONS";

/// A path and what is served there.
struct Route {
    /// In lower case without a trailing slash; the gate brings requests into that form.
    path: &'static str,
    /// The methods that it has.
    allow: &'static str,
    mount: fn(Resource) -> Resource,
}

/// Every route.
#[rustfmt::skip]
const ROUTES: &[Route] = &[
    Route { path: "/ping",                                     allow: GET,         mount: |at| get(at, ping::get) },
    Route { path: "/v1/blink",                                 allow: POST,        mount: |at| post(at, blink::post) },
    Route { path: "/v1/update",                                allow: POST,        mount: |at| post(at, update::post) },
    Route { path: "/v1/reboot",                                allow: POST,        mount: |at| post(at, power::reboot) },
    Route { path: "/v1/shutdown",                              allow: POST,        mount: |at| post(at, power::shutdown) },
    Route { path: "/v1/purge",                                 allow: POST,        mount: |at| post(at, app_v1::purge) },
    Route { path: "/v1/restart",                               allow: POST,        mount: |at| post(at, app_v1::restart) },
    Route { path: "/v1/tcp-ping",                              allow: POST_DELETE, mount: |at| post(at, tcp_ping::enable).route(web::delete().to(tcp_ping::disable)) },
    Route { path: "/v1/spawn-tty",                             allow: POST,        mount: |at| post(at, spawn_tty::post) },
    Route { path: "/v1/despawn-tty",                           allow: POST,        mount: |at| post(at, despawn_tty::post) },
    Route { path: "/v1/regenerate-api-key",                    allow: POST,        mount: |at| post(at, regenerate_api_key::post) },
    Route { path: "/v1/device",                                allow: GET,         mount: |at| get(at, device::get) },
    Route { path: "/v1/healthy",                               allow: GET,         mount: |at| get(at, healthy::get) },
    Route { path: "/v1/apps/{app_id}",                         allow: GET,         mount: |at| get(at, app::get) },
    Route { path: "/v1/apps/{app_id}/stop",                    allow: POST,        mount: |at| post(at, app_run::stop) },
    Route { path: "/v1/apps/{app_id}/start",                   allow: POST,        mount: |at| post(at, app_run::start) },
    Route { path: "/v2/applications/{app_id}/restart",         allow: POST,        mount: |at| post(at, app_v2::restart) },
    Route { path: "/v2/applications/{app_id}/purge",           allow: POST,        mount: |at| post(at, app_v2::purge) },
    Route { path: "/v2/applications/{app_id}/start-service",   allow: POST,        mount: |at| post(at, app_v2::start_service) },
    Route { path: "/v2/applications/{app_id}/stop-service",    allow: POST,        mount: |at| post(at, app_v2::stop_service) },
    Route { path: "/v2/applications/{app_id}/restart-service", allow: POST,        mount: |at| post(at, app_v2::restart_service) },
    Route { path: "/v2/applications/{app_id}/state",           allow: GET,         mount: |at| get(at, app_state::get) },
    Route { path: "/v2/state/status",                          allow: GET,         mount: |at| get(at, state_status::get) },
    Route { path: "/v2/version",                               allow: GET,         mount: |at| get(at, version::get) },
];

/// Every path, and the methods that it has as `Allow` names them.
pub fn paths() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|route| (route.path, route.allow))
}

/// Mounts every route.
pub fn configure(app: &mut ServiceConfig) {
    for route in ROUTES {
        app.service((route.mount)(at(route.path, route.allow)));
    }
    app.default_service(web::to(not_found));
}

fn post<F, Args>(at: Resource, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    at.route(web::post().to(handler))
}

/// HEAD answers as GET.
fn get<F, Args>(at: Resource, handler: F) -> Resource
where
    F: Handler<Args> + Copy,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    at.route(web::get().to(handler)).route(web::head().to(handler))
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

#[cfg(test)]
mod documentation_tests;
