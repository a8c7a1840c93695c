//! `GET /v1/healthy`: whether the supervisor does its work. The only route without a key.

use actix_web::{HttpResponse, http::StatusCode, web};

use crate::{
    answer::{self, Format},
    services::Services,
};

/// Answers `OK`, or 500 with what is wrong.
pub async fn get(services: web::Data<Services>) -> HttpResponse {
    match services.health.check(services.link.core_away()) {
        Ok(()) => answer::text_ok("OK"),
        Err(unhealthy) => {
            let message = format!("Unhealthy: {unhealthy}");
            answer::error(Format::Text, StatusCode::INTERNAL_SERVER_ERROR, &message)
        }
    }
}
