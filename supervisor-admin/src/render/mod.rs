//! Answers as text for people.

mod app;
mod doctor;
mod event;
mod paint;
mod plan;
mod policy;
mod status;
mod table;

pub use app::{app, apps};
pub use doctor::doctor;
pub use event::{event, said};
pub use plan::plan;
pub use policy::{explanation, policy};
pub use status::{heartbeat, status};
