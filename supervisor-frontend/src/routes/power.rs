//! `POST /v1/reboot` and `POST /v1/shutdown`.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use supervisor_proto::v1::PowerRequest;

use crate::{
    answer::{self, Action},
    http::request_id::RequestId,
    services::Services,
    wire::body,
};

/// Reboots the device; answered before it happens.
pub async fn reboot(
    request: HttpRequest,
    payload: web::Payload,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    power(Action::Reboot, &request, payload, &services, *id).await
}

/// Powers the device off; answered before it happens.
pub async fn shutdown(
    request: HttpRequest,
    payload: web::Payload,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    power(Action::Shutdown, &request, payload, &services, *id).await
}

async fn power(
    action: Action,
    request: &HttpRequest,
    payload: web::Payload,
    services: &Services,
    id: RequestId,
) -> HttpResponse {
    let force = match body::read(request, payload, services.body_deadline).await {
        Ok(body) => body.force,
        Err(error) => return answer::body_error(action.format(), &error),
    };
    let (message, request_id) = (PowerRequest { force }, id.to_string());
    let outcome = if action == Action::Reboot {
        services.core.reboot(message, &request_id).await
    } else {
        services.core.power_off(message, &request_id).await
    };
    match outcome {
        Ok(_) => answer::go_ok(StatusCode::ACCEPTED),
        Err(error) => answer::call_error(action, &error, id),
    }
}
