//! What callers can have done that is not one app's desired state.

pub mod api_access;
mod choose;
pub mod device_identity;
pub mod diagnose;
pub mod journal;
pub mod logs;
pub mod power;
pub mod registry_access;
pub mod terminal;
pub mod vpn;
