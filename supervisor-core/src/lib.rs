//! The privileged half of the supervisor.
//!
//! ```text
//! grpc (who may call what) ──▶ actions ──▶ reconcile ──▶ ports ◀── adapters
//!                                             │
//!                                             ▼
//!                                     domain (pure: plan)
//! ```

pub mod domain;
pub mod error;
pub mod ports;
