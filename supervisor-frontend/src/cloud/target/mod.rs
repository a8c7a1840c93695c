//! What the cloud wants to run: asked for, kept, and passed on to core.

pub mod cache;
pub mod device_target;
pub mod schedule;

/// The longest answer that is read, decompressed.
pub const MAX_BODY_BYTES: usize = 4 << 20;
