//! `POST /v1/apps/<appId>/stop` and `/start`: whether the one container of an app runs. A stopped app
//! stays stopped until it is started again.

use actix_web::{HttpRequest, HttpResponse, web};
use supervisor_proto::v1::AppRequest;

use super::app::{Refusal, app_in_path, describe, only_service};
use crate::{
    answer::Action,
    http::request_id::RequestId,
    services::Services,
    wire::{body, response::Container},
};

/// Stops the container, and keeps it.
pub async fn stop(
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    run(Action::Stop, &request, &path, payload, &services, *id).await
}

/// Starts the container.
pub async fn start(
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    run(Action::Start, &request, &path, payload, &services, *id).await
}

async fn run(
    action: Action,
    request: &HttpRequest,
    path: &str,
    payload: web::Payload,
    services: &Services,
    id: RequestId,
) -> HttpResponse {
    let done = attempt(action, request, path, payload, services, id).await;
    done.unwrap_or_else(|refusal| refusal.answer(action, id))
}

async fn attempt(
    action: Action,
    request: &HttpRequest,
    path: &str,
    payload: web::Payload,
    services: &Services,
    id: RequestId,
) -> Result<HttpResponse, Refusal> {
    let app = app_in_path(path)?;
    let body = body::read(request, payload, services.body_deadline).await?;
    let before = describe(services, app, id).await?;
    let container = only_service(&before)?.container_id.as_str();
    let message = AppRequest { app_id: app.get(), force: body.force, services: vec![] };
    if action == Action::Stop {
        services.core.stop(message, &id.to_string()).await?;
    } else {
        services.core.start(message, &id.to_string()).await?;
    }
    // A start may have made a new container. Where core goes away just now, the old one is the best there is.
    let after = describe(services, app, id).await;
    let newest = after.as_ref().ok().and_then(|app| only_service(app).ok());
    Ok(HttpResponse::Ok().json(Container::new(newest.map_or(container, |service| &service.container_id))))
}
