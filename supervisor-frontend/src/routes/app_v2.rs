//! `POST /v2/applications/<appId>/restart` and `/purge`: the same as `/v1/restart` and `/v1/purge`, with the app in
//! the path and answers in plain text.

use actix_web::{HttpRequest, HttpResponse, web};
use supervisor_proto::v1::AppRequest;

use super::app::{Refusal, app_in_path, ok_or_refusal};
use crate::{answer::Action, http::request_id::RequestId, services::Services, wire::body};

/// Recreates the app's containers.
pub async fn restart(
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    let done = match ask(&request, &path, payload, &services).await {
        Ok(message) => services.core.restart(message, &id.to_string()).await.map_err(Refusal::from),
        Err(refusal) => Err(refusal),
    };
    ok_or_refusal(Action::Restart, done, *id)
}

/// Empties the app's data and recreates its containers.
pub async fn purge(
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    let done = match ask(&request, &path, payload, &services).await {
        Ok(message) => services.core.purge(message, &id.to_string()).await.map_err(Refusal::from),
        Err(refusal) => Err(refusal),
    };
    ok_or_refusal(Action::PurgeV2, done, *id)
}

async fn ask(
    request: &HttpRequest,
    path: &str,
    payload: web::Payload,
    services: &Services,
) -> Result<AppRequest, Refusal> {
    let app = app_in_path(path)?;
    let body = body::read(request, payload, services.body_deadline).await?;
    Ok(AppRequest { app_id: app.get(), force: body.force, services: vec![] })
}
