//! `GET /v2/applications/<appId>/state`: an app's services and what their containers do.

use actix_web::{HttpResponse, web};

use super::app::{Refusal, app_in_path, describe};
use crate::{answer::Action, http::request_id::RequestId, services::Services, wire::app_state::AppStateBody};

/// Answers what core knows of the app at the moment.
pub async fn get(
    path: web::Path<String>,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    show(&path, &services, *id).await.unwrap_or_else(|refusal| refusal.answer(Action::Describe, *id))
}

async fn show(path: &str, services: &Services, id: RequestId) -> Result<HttpResponse, Refusal> {
    let described = describe(services, app_in_path(path)?, id).await?;
    Ok(HttpResponse::Ok().json(AppStateBody::of(&described)))
}
