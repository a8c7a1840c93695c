//! The real binary against a fake core on a real Unix socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code outside test functions; a failed step is a failed test"
)]

mod apps;
mod compose;
mod confirm;
mod doctor;
mod errors;
mod events;
mod exec;
mod fake_core;
mod fake_terminal;
mod logs;
mod plan;
mod policy;
mod power_key_ping;
mod script;
mod shell;
mod status;
mod terminal;
mod tool;
mod update;
