//! The gRPC contract over a real Unix socket, with a fake device behind it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use supervisor_core::{adapters, domain, error, event_feed, ports, reconcile};

mod apply;
mod audit;
mod diagnostics;
mod errors;
mod events;
#[path = "../../src/reconcile/fakes/mod.rs"]
mod fakes;
mod hostile;
mod identity;
mod inspection;
mod journal;
mod plan;
mod policy;
mod raw;
mod registry;
mod roles;
mod served;
mod streams;
mod terminal;
