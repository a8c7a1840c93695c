//! `POST` and `DELETE /v1/tcp-ping`: switches core's heartbeat on and off.

use actix_web::{HttpResponse, web};
use supervisor_proto::v1::SetHeartbeatRequest;

use crate::{
    answer::{self, Action},
    http::request_id::RequestId,
    services::Services,
};

/// Switches it on.
pub async fn enable(services: web::Data<Services>, id: web::ReqData<RequestId>) -> HttpResponse {
    switch(&services, true, *id).await
}

/// Switches it off, until core restarts.
pub async fn disable(services: web::Data<Services>, id: web::ReqData<RequestId>) -> HttpResponse {
    switch(&services, false, *id).await
}

async fn switch(services: &Services, enabled: bool, id: RequestId) -> HttpResponse {
    match services.core.set_heartbeat(SetHeartbeatRequest { enabled }, &id.to_string()).await {
        Ok(_) => HttpResponse::NoContent().finish(),
        Err(error) => answer::call_error(Action::Heartbeat, &error, id),
    }
}
