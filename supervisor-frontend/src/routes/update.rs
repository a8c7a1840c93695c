//! `POST /v1/update`: asks for a cycle over every app, and the cloud for its word.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::{
    answer::{self, Format},
    core_link::pending_update::UpdateWish,
    services::Services,
    wire::body,
};

/// Answers at once and never refuses; the outcome shows in `/v1/device`. While core is away the
/// wish is kept.
pub async fn post(
    request: HttpRequest,
    payload: web::Payload,
    services: web::Data<Services>,
) -> HttpResponse {
    match body::read(&request, payload, services.body_deadline).await {
        Ok(body) => {
            let wish = UpdateWish { force: body.force, cancel: body.cancel, apply: body.apply };
            services.link.request_update(wish);
            if !body.cancel {
                services.cloud.nudge(body.force);
            }
            HttpResponse::NoContent().finish()
        }
        Err(error) => answer::body_error(Format::Text, &error),
    }
}
