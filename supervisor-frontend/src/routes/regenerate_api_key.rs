//! `POST /v1/regenerate-api-key`: a new key, at once; the old one is worth nothing from then on.

use std::time::Duration;

use actix_web::{HttpResponse, http::StatusCode, rt::task::spawn_blocking, web};

use crate::{
    answer::{self, Format},
    error_chain::chain,
    services::Services,
};

/// A disk that takes longer is broken; what it does afterwards is unknown to the caller, who then
/// finds the current key in the key file.
const DISK_DEADLINE: Duration = Duration::from_secs(30);

/// Needs no core: core learns the key through the link.
pub async fn post(services: web::Data<Services>) -> HttpResponse {
    let keys = services.keys.clone();
    match tokio::time::timeout(DISK_DEADLINE, spawn_blocking(move || keys.rotate())).await {
        Ok(Ok(Ok(key))) => return answer::text_ok(key.expose()),
        Ok(Ok(Err(error))) => {
            log::error!("API key not regenerated, the old one stays error='{}'", chain(&error));
        }
        Ok(Err(error)) => log::error!("API key not regenerated error='{error}'"),
        Err(_) => log::error!("API key not regenerated in time, the disk does not answer"),
    }
    answer::error(Format::Text, StatusCode::SERVICE_UNAVAILABLE, "Key store unavailable")
}
