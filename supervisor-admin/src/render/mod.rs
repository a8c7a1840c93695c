//! Answers as text for people.

mod app;
mod paint;
mod status;
mod table;

pub use app::{app, apps};
pub use status::{heartbeat, status};
