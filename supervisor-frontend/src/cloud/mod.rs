//! The cloud client: a server of openBalena's contract tells what should run, and is told what does.
//!
//! ```text
//! identity ─▶ api ─▶ target ─▶ core        what should run
//!                 ◀─ report ◀─ core        what runs
//!                 ◀─ log_stream ◀─ core    what it says
//! ```
//!
//! Without an API endpoint the device is unmanaged, and nothing is ever sent anywhere.

pub mod api;
pub mod identity;
pub mod settings;
