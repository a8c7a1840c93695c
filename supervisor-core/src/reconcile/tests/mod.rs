//! The reconcile loop on a fake device.

mod actions;
mod adoption;
mod api_key;
mod cancel;
mod clean_up;
mod crash;
mod dependencies;
mod download;
mod engine_away;
mod events;
mod locks;
mod networks;
mod no_room;
mod pull;
mod rollout;
mod rollout_crash;
mod shutdown;
mod starts;
mod status;
mod strategies;
mod together;
mod waiting;
mod waiting_download;
mod warrant;

pub use super::fakes::{
    APP, Behaviour, DATA_LOCK, FakeDevice, Fault, INSTANCE, World, api, api_service, app, apply, by_frontend,
    name, release, restart, service, target, target_of, unchecked_release,
};
