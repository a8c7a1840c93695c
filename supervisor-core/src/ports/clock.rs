//! The time of the day.

use async_trait::async_trait;

/// A clock that may be wrong, and may be set.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Seconds since 1970.
    fn now_s(&self) -> u64;

    /// Whether the time can be believed: false only where the device knows that nothing keeps it right.
    async fn is_right(&self) -> bool;

    /// Resolves when it is `at_s`, or as soon as the clock is set.
    async fn reaches(&self, at_s: u64);
}
