//! What the end-to-end tests share: commands, containers, HTTP by curl, and the small device.

pub mod app;
pub mod browser;
pub mod bus;
pub mod cable;
pub mod command;
pub mod compose;
pub mod curl;
pub mod device;
pub mod engine;
pub mod engine_gate;
pub mod fleet;
pub mod fleet_app;
pub mod host_install;
pub mod image;
pub mod live;
pub mod live_app;
pub mod network;
pub mod private_engine;
pub mod process;
pub mod pty;
pub mod registry;
pub mod registry_gate;
pub mod relay;
pub mod scratch;
pub mod suite;
pub mod supervisor;
pub mod wait;
pub mod web_tab;

/// A failure of a step, in words.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
/// What a step gives, or why it could not.
pub type Result<T> = std::result::Result<T, Failure>;
