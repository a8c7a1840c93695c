//! The privileged half of the supervisor.

pub mod ports;
