//! The reconcile loop on a fake device.

mod actions;
mod adoption;
mod api_key;
mod clean_up;
mod crash;
mod dependencies;
mod download;
mod engine_away;
mod events;
mod locks;
mod networks;
mod pull;
mod shutdown;
mod status;
mod strategies;
mod together;
mod waiting;
mod warrant;

pub use super::fakes::{
    APP, DATA_LOCK, FakeDevice, Fault, INSTANCE, World, api, api_service, app, apply, name, restart, service,
    target, target_of,
};
