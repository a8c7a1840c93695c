//! Power, API access and terminals on a fake device.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use supervisor_core::{adapters, domain, error, event_feed, ports, reconcile};

mod api_access;
mod device_identity;
#[path = "../../src/reconcile/fakes/mod.rs"]
mod fakes;
mod journal;
mod power;
mod terminal;
