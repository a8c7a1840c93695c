//! The fake device's clock: it begins at midnight, UTC, and goes on in the test's own time.

use async_trait::async_trait;
use tokio::time::{Duration, Instant, sleep};

use super::device::FakeDevice;
use crate::ports::clock::Clock;

#[async_trait]
impl Clock for FakeDevice {
    fn now_s(&self) -> u64 {
        self.state().made_at_s + (Instant::now() - self.made).as_secs()
    }

    async fn is_right(&self) -> bool {
        !self.state().clock_is_wrong
    }

    async fn reaches(&self, at_s: u64) {
        tokio::select! {
            () = sleep(Duration::from_secs(at_s.saturating_sub(self.now_s()))) => {}
            () = self.clock_was_set.notified() => {}
        }
    }
}

impl FakeDevice {
    /// Somebody sets the clock, which is right from now on.
    pub fn set_clock(&self, now_s: u64) {
        let since = (Instant::now() - self.made).as_secs();
        let mut state = self.state();
        (state.made_at_s, state.clock_is_wrong) = (now_s - since, false);
        self.clock_was_set.notify_waiters();
    }
}
