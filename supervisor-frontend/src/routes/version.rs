//! `GET /v2/version`: the version that clients compare.

use actix_web::HttpResponse;

use crate::wire::response::Version;

/// Answers at once.
pub async fn get() -> HttpResponse {
    HttpResponse::Ok().json(Version::new())
}
