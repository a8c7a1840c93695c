//! `POST /v2/applications/<appId>/start-service`, `/stop-service` and `/restart-service`: one service of an app,
//! named by `serviceName` or `imageId`.

use actix_web::{HttpRequest, HttpResponse, web};
use supervisor_proto::v1::AppRequest;

use super::app::{Refusal, app_in_path, describe, ok_or_refusal};
use crate::{
    answer::Action,
    http::request_id::RequestId,
    services::Services,
    wire::{body, service_choice::ServiceChoiceError},
};

/// Starts the service.
pub async fn start(
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    let asked = ask(&request, &path, payload, &services, *id).await;
    let done = match asked {
        Ok(message) => services.core.start(message, &id.to_string()).await.map_err(Refusal::from),
        Err(refusal) => Err(refusal),
    };
    ok_or_refusal(Action::Start, done, *id)
}

/// Stops the service; it stays stopped until it is started again.
pub async fn stop(
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    let asked = ask(&request, &path, payload, &services, *id).await;
    let done = match asked {
        Ok(message) => services.core.stop(message, &id.to_string()).await.map_err(Refusal::from),
        Err(refusal) => Err(refusal),
    };
    ok_or_refusal(Action::Stop, done, *id)
}

/// Recreates the service's container.
pub async fn restart(
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    let asked = ask(&request, &path, payload, &services, *id).await;
    let done = match asked {
        Ok(message) => services.core.restart(message, &id.to_string()).await.map_err(Refusal::from),
        Err(refusal) => Err(refusal),
    };
    ok_or_refusal(Action::Restart, done, *id)
}

/// What is to be asked of core.
async fn ask(
    request: &HttpRequest,
    path: &str,
    payload: web::Payload,
    services: &Services,
    id: RequestId,
) -> Result<AppRequest, Refusal> {
    let app = app_in_path(path)?;
    let body = body::read(request, payload, services.body_deadline).await?;
    let choice = body.service()?;
    let described = describe(services, app, id).await?;
    let mut meant = described.services.into_iter().filter(|service| choice.means(service));
    let name = meant.next().ok_or(Refusal::NoService)?.name;
    if meant.next().is_some() {
        return Err(ServiceChoiceError::Ambiguous.into());
    }
    Ok(AppRequest { app_id: app.get(), force: body.force, services: vec![name] })
}
