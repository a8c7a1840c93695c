//! `POST /v2/applications/<appId>/restart` and `/purge`: the same as `/v1/restart` and `/v1/purge`, with the app in
//! the path and answers in plain text.

use actix_web::HttpResponse;
use supervisor_proto::v1::AppRequest;

use super::{
    app::{Refusal, app_in_path, ok_or_refusal},
    work::{Call, Work, carry_out, id_of},
};
use crate::wire::body;

/// Recreates the app's containers.
pub async fn restart(call: Call) -> HttpResponse {
    run(Work::Restart, call).await
}

/// Empties the app's data and recreates its containers.
pub async fn purge(call: Call) -> HttpResponse {
    run(Work::Purge, call).await
}

async fn run(work: Work, call: Call) -> HttpResponse {
    let id = id_of(&call);
    ok_or_refusal(work.action(), attempt(work, call).await, id)
}

async fn attempt(work: Work, (request, path, payload, services, id): Call) -> Result<(), Refusal> {
    let app = app_in_path(&path)?;
    let body = body::read(&request, payload, services.body_deadline).await?;
    let message = AppRequest { app_id: app.get(), force: body.force, services: vec![] };
    Ok(carry_out(work, message, &services, *id).await?)
}
