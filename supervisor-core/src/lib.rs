//! The privileged half of the supervisor.
//!
//! ```text
//! grpc (who may call what) ──▶ actions ──▶ reconcile ──▶ ports ◀── adapters
//!                                             │
//!                                             ▼
//!                                     domain (pure: plan)
//! ```

pub mod actions;
pub mod adapters;
pub mod closing;
pub mod config;
pub mod config_json;
pub mod domain;
pub mod error;
pub mod event_feed;
pub mod grpc;
pub mod healthcheck;
pub mod heartbeat;
pub mod instance;
pub mod policy_file;
pub mod ports;
pub mod reconcile;
pub mod run;
pub mod watchdog;
