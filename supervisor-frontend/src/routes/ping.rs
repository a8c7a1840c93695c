//! `GET /ping`: alive, whatever the state of core.

use actix_web::{HttpResponse, http::header::ContentType};

/// Answers `OK`.
pub async fn get() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("OK")
}
