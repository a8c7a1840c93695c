//! Work on the app that the path names, or on one of its services: `POST /v2/applications/<appId>/restart` and
//! `/purge`, which do as `/v1/restart` and `/v1/purge`, and `…/start-service`, `…/stop-service` and
//! `…/restart-service`, whose body names the service by `serviceName` or `imageId`. All answer in plain text.

use actix_web::HttpResponse;
use supervisor_proto::{ids::AppId, v1::AppRequest};

use super::{
    app::{Refusal, app_in_path, describe, ok_or_refusal},
    work::{Call, Work, carry_out, id_of},
};
use crate::{
    http::request_id::RequestId,
    services::Services,
    wire::{body, request::RequestBody, service_choice::ServiceChoiceError},
};

/// What the work is done on.
#[derive(Debug, Clone, Copy)]
enum Scope {
    /// Every service.
    App,
    /// The service that the body names.
    Service,
}

/// Recreates the app's containers.
pub async fn restart(call: Call) -> HttpResponse {
    run(Work::Restart, Scope::App, call).await
}

/// Empties the app's data and recreates its containers.
pub async fn purge(call: Call) -> HttpResponse {
    run(Work::Purge, Scope::App, call).await
}

/// Starts the service.
pub async fn start_service(call: Call) -> HttpResponse {
    run(Work::Start, Scope::Service, call).await
}

/// Stops the service; it stays stopped until it is started again.
pub async fn stop_service(call: Call) -> HttpResponse {
    run(Work::Stop, Scope::Service, call).await
}

/// Recreates the service's container.
pub async fn restart_service(call: Call) -> HttpResponse {
    run(Work::Restart, Scope::Service, call).await
}

async fn run(work: Work, scope: Scope, call: Call) -> HttpResponse {
    let id = id_of(&call);
    ok_or_refusal(work.action(), attempt(work, scope, call).await, id)
}

async fn attempt(
    work: Work,
    scope: Scope,
    (request, path, payload, services, id): Call,
) -> Result<(), Refusal> {
    let app = app_in_path(&path)?;
    let body = body::read(&request, payload, services.body_deadline).await?;
    let meant = match scope {
        Scope::App => vec![],
        Scope::Service => vec![service_meant(&body, app, &services, *id).await?],
    };
    let message = AppRequest { app_id: app.get(), force: body.force, services: meant };
    Ok(carry_out(work, message, &services, *id).await?)
}

/// The name of the one service that the body means.
async fn service_meant(
    body: &RequestBody,
    app: AppId,
    services: &Services,
    id: RequestId,
) -> Result<String, Refusal> {
    let choice = body.service()?;
    let described = describe(services, app, id).await?;
    let mut meant = described.services.into_iter().filter(|service| choice.means(service));
    let name = meant.next().ok_or(Refusal::NoService)?.name;
    if meant.next().is_some() {
        return Err(ServiceChoiceError::Ambiguous.into());
    }
    Ok(name)
}
