//! `GET /v1/device`: the device's state, as far as it is known.

use actix_web::{HttpResponse, web};

use crate::{services::Services, wire::response::Device};

/// Answers from what core has streamed so far; never waits for core.
pub async fn get(services: web::Data<Services>) -> HttpResponse {
    let addresses = services.device.addresses().await;
    let apps = services.link.apps();
    let cloud = services.cloud.board.read();
    let facts = &services.device;
    let shown = (addresses.ip.as_deref(), addresses.mac.as_deref());
    HttpResponse::Ok().json(Device::new(facts.port(), facts.os_version(), shown, &apps, &cloud))
}
