//! `GET /v2/state/status`: whether the device is as it should be, and its containers.

use actix_web::{HttpResponse, web};
use supervisor_proto::v1::ListRequest;

use crate::{
    answer::{self, Action},
    http::request_id::RequestId,
    services::Services,
    wire::state_status::StateStatus,
};

/// Answers what core knows at the moment.
pub async fn get(services: web::Data<Services>, id: web::ReqData<RequestId>) -> HttpResponse {
    match services.core.list(ListRequest {}, &id.to_string()).await {
        Ok(state) => HttpResponse::Ok().json(StateStatus::of(&state)),
        Err(error) => answer::call_error(Action::Describe, &error, *id),
    }
}
