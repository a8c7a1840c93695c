//! `POST /v1/blink`: identifies the device by its light.

use actix_web::{HttpResponse, web};

use crate::services::Services;

/// Starts the pattern, or its 15 seconds anew, and answers at once; a device without a light
/// answers the same.
pub async fn post(services: web::Data<Services>) -> HttpResponse {
    services.led.identify();
    HttpResponse::Ok().finish()
}
