//! Wishes for a question now. Several become one, so that nothing piles up behind a slow server.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Holds at most one wish. One that comes while a question is under way is carried out after it.
#[derive(Debug, Default)]
pub struct Nudges {
    wanted: Notify,
    is_forced: AtomicBool,
}

impl Nudges {
    /// Asks for a question now; what it brings is applied over the apps' locks if `force`.
    pub fn nudge(&self, force: bool) {
        self.is_forced.fetch_or(force, Ordering::AcqRel);
        self.wanted.notify_one();
    }

    /// Waits for a wish, and takes it.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Whether any wish since the last call was forced.
    pub(super) fn take_force(&self) -> bool {
        self.is_forced.swap(false, Ordering::AcqRel)
    }
}
