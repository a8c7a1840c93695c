//! `GET /v2/version`: this program's version.

use actix_web::HttpResponse;

use crate::wire::response::Version;

/// Answers at once.
pub async fn get() -> HttpResponse {
    HttpResponse::Ok().json(Version::new())
}
