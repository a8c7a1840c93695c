//! `POST /v1/despawn-tty`: ends the terminal in an app's container.

use actix_web::{HttpRequest, HttpResponse, web};

use super::spawn_tty::{Refusal, known_app};
use crate::{http::request_id::RequestId, services::Services, wire::body};

/// Answers the same without a terminal. One that is there ends in any case, also when core is away or the
/// app is gone: its shell is then gone too.
pub async fn post(
    request: HttpRequest,
    payload: web::Payload,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    match despawn(&request, payload, &services, *id).await {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(refusal) => refusal.answer(*id),
    }
}

async fn despawn(
    request: &HttpRequest,
    payload: web::Payload,
    services: &Services,
    id: RequestId,
) -> Result<(), Refusal> {
    let app = body::read(request, payload, services.body_deadline).await?.app_id()?;
    services.terminals.despawn(app);
    known_app(services, app, id).await.map(drop)
}
