//! What core needs from the outside world: one small trait for each outside system.
//! The adapters implement them; tests replace them with fakes.

pub mod clock;
pub mod config_file;
pub mod engine;
pub mod exec;
pub mod host_facts;
pub mod host_files;
pub mod power;
pub mod store;
pub mod vpn;
