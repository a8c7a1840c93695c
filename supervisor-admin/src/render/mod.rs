//! Answers as text for people.

mod app;
mod paint;
mod plan;
mod status;
mod table;

pub use app::{app, apps};
pub use plan::plan;
pub use status::{heartbeat, status};
