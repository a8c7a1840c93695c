//! The unprivileged half of the supervisor: the public HTTP API.
//!
//! It holds the API key, answers what needs no privilege by itself, and asks `supervisor-core` for the
//! rest. It starts without core, outlives core, and finds core again.

pub mod answer;
pub mod auth;
pub mod cloud;
pub mod config;
pub mod core_link;
pub mod device;
pub mod durable_file;
pub mod error_chain;
pub mod health;
pub mod healthcheck;
pub mod http;
pub mod interfaces;
pub mod led;
pub mod routes;
pub mod server;
pub mod services;
pub mod serving;
pub mod terminal;
pub mod watchdog;
pub mod wire;
