//! Answers as text for people.

mod app;
mod event;
mod paint;
mod plan;
mod status;
mod table;

pub use app::{app, apps};
pub use event::{event, said};
pub use plan::plan;
pub use status::{heartbeat, status};
