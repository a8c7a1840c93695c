//! `POST /v1/purge`: empties the app's data and recreates its containers.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use supervisor_proto::v1::AppRequest;

use crate::{
    answer::{self, Action},
    http::request_id::RequestId,
    services::Services,
    wire::body,
};

const ACTION: Action = Action::Purge;

/// Answers when core has finished.
pub async fn post(
    request: HttpRequest,
    payload: web::Payload,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    let body = match body::read(&request, payload, services.body_deadline).await {
        Ok(body) => body,
        Err(error) => return answer::body_error(ACTION.format(), &error),
    };
    let app_id = match body.app_id() {
        Ok(app_id) => app_id.get(),
        Err(error) => return answer::app_id_error(ACTION.format(), error),
    };
    let message = AppRequest { app_id, force: body.force, services: Vec::new() };
    match services.core.purge(message, &id.to_string()).await {
        Ok(_) => answer::go_ok(StatusCode::OK),
        Err(error) => answer::call_error(ACTION, &error, *id),
    }
}
