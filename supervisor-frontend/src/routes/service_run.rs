//! `POST /v2/applications/<appId>/start-service`, `/stop-service` and `/restart-service`: one service of an app,
//! named by `serviceName` or `imageId`.

use actix_web::HttpResponse;
use supervisor_proto::v1::AppRequest;

use super::{
    app::{Refusal, app_in_path, describe, ok_or_refusal},
    work::{Call, Work, carry_out, id_of},
};
use crate::wire::{body, service_choice::ServiceChoiceError};

/// Starts the service.
pub async fn start(call: Call) -> HttpResponse {
    run(Work::Start, call).await
}

/// Stops the service; it stays stopped until it is started again.
pub async fn stop(call: Call) -> HttpResponse {
    run(Work::Stop, call).await
}

/// Recreates the service's container.
pub async fn restart(call: Call) -> HttpResponse {
    run(Work::Restart, call).await
}

async fn run(work: Work, call: Call) -> HttpResponse {
    let id = id_of(&call);
    ok_or_refusal(work.action(), attempt(work, call).await, id)
}

async fn attempt(work: Work, (request, path, payload, services, id): Call) -> Result<(), Refusal> {
    let app = app_in_path(&path)?;
    let body = body::read(&request, payload, services.body_deadline).await?;
    let choice = body.service()?;
    let described = describe(&services, app, *id).await?;
    let mut meant = described.services.into_iter().filter(|service| choice.means(service));
    let name = meant.next().ok_or(Refusal::NoService)?.name;
    if meant.next().is_some() {
        return Err(ServiceChoiceError::Ambiguous.into());
    }
    let message = AppRequest { app_id: app.get(), force: body.force, services: vec![name] };
    Ok(carry_out(work, message, &services, *id).await?)
}
