//! The gRPC side: the socket, who may call what, and one thin service for each part of the contract.

mod api_access;
mod apps;
mod audit;
mod connectivity;
mod contract;
mod dependencies;
mod device_identity;
mod diagnostics;
mod events;
mod gate;
mod inspection;
mod journal;
mod networks;
mod plan;
mod planner;
mod policy;
mod power;
mod registry;
pub mod roles;
pub mod server;
mod settings;
pub mod socket;
mod state;
pub mod status;
mod target;
mod terminal;
mod volumes;
