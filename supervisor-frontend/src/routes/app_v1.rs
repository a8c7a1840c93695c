//! `POST /v1/restart` and `/v1/purge`: work on the app that the body names.

use actix_web::{HttpRequest, HttpResponse, web};
use supervisor_proto::v1::AppRequest;

use super::{
    app::{Refusal, ok_or_refusal},
    work::{Work, carry_out},
};
use crate::{answer::Action, http::request_id::RequestId, services::Services, wire::body};

/// A request as these two routes take it.
pub type Call = (HttpRequest, web::Payload, web::Data<Services>, web::ReqData<RequestId>);

/// Recreates the app's containers; answers when core has finished.
pub async fn restart(call: Call) -> HttpResponse {
    run(Action::Restart, Work::Restart, call).await
}

/// Empties the app's data and recreates its containers; answers when core has finished.
pub async fn purge(call: Call) -> HttpResponse {
    run(Action::Purge, Work::Purge, call).await
}

async fn run(action: Action, work: Work, call: Call) -> HttpResponse {
    let (.., id) = &call;
    let id = **id;
    ok_or_refusal(action, attempt(work, call).await, id)
}

async fn attempt(work: Work, (request, payload, services, id): Call) -> Result<(), Refusal> {
    let body = body::read(&request, payload, services.body_deadline).await?;
    let message = AppRequest { app_id: body.app_id()?.get(), force: body.force, services: vec![] };
    Ok(carry_out(work, message, &services, *id).await?)
}
