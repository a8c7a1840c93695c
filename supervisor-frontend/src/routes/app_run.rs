//! `POST /v1/apps/<appId>/stop` and `/start`: whether the one container of an app runs. A stopped app
//! stays stopped until it is started again.

use actix_web::HttpResponse;
use supervisor_proto::v1::AppRequest;

use super::{
    app::{Refusal, app_in_path, describe, only_service},
    work::{Call, Work, carry_out, id_of},
};
use crate::wire::{body, response::Container};

/// Stops the container, and keeps it.
pub async fn stop(call: Call) -> HttpResponse {
    run(Work::Stop, call).await
}

/// Starts the container.
pub async fn start(call: Call) -> HttpResponse {
    run(Work::Start, call).await
}

async fn run(work: Work, call: Call) -> HttpResponse {
    let id = id_of(&call);
    attempt(work, call).await.unwrap_or_else(|refusal| refusal.answer(work.action(), id))
}

async fn attempt(work: Work, (request, path, payload, services, id): Call) -> Result<HttpResponse, Refusal> {
    let app = app_in_path(&path)?;
    let body = body::read(&request, payload, services.body_deadline).await?;
    let before = describe(&services, app, *id).await?;
    let container = only_service(&before)?.container_id.as_str();
    let message = AppRequest { app_id: app.get(), force: body.force, services: vec![] };
    carry_out(work, message, &services, *id).await?;
    // A start may have made a new container. Where core goes away just now, the old one is the best there is.
    let after = describe(&services, app, *id).await;
    let newest = after.as_ref().ok().and_then(|app| only_service(app).ok());
    Ok(HttpResponse::Ok().json(Container::new(newest.map_or(container, |service| &service.container_id))))
}
