//! The kernel's clock: one timer that knows when the clock is set, and nothing that polls.

use std::{
    io,
    os::fd::OwnedFd,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::{Interest, unix::AsyncFd};

use crate::ports::{clock::Clock, host_facts::HostFacts};

/// Without a timer of the kernel's, the time is looked at again after this.
const LOOK_AGAIN: Duration = Duration::from_mins(5);

/// [`Clock`] of this device.
pub struct SystemClock {
    facts: Arc<dyn HostFacts>,
}

impl SystemClock {
    /// `facts` tells whether the clock is kept right.
    pub fn new(facts: Arc<dyn HostFacts>) -> Self {
        Self { facts }
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now_s(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
    }

    /// Where nobody tells, whoever sets the clock is believed.
    async fn is_right(&self) -> bool {
        self.facts.is_clock_synchronised().await.unwrap_or(true)
    }

    async fn reaches(&self, at_s: u64) {
        if let Err(error) = wait(at_s).await {
            log::warn!("no timer of the kernel's, the time is looked at now and then error='{error}'");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// See `TFD_TIMER_CANCEL_ON_SET` in <https://man7.org/linux/man-pages/man2/timerfd_create.2.html>: the timer of a
/// clock that is set becomes readable too.
async fn wait(at_s: u64) -> io::Result<()> {
    let timer: OwnedFd =
        timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
    let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
    // A timer of 0 seconds would never expire.
    let at = Timespec { tv_sec: i64::try_from(at_s.max(1)).unwrap_or(i64::MAX), tv_nsec: 0 };
    let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
    timerfd_settime(&timer, flags, &Itimerspec { it_interval: zero, it_value: at })?;
    #[expect(deprecated, reason = "what takes its place is unsafe; a timer that is owned stays open")]
    let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
    timer.readable().await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::host_facts::{ClockUnknown, DiskSpace};

    struct Facts(Option<bool>);

    #[async_trait]
    impl HostFacts for Facts {
        async fn disk_space(&self, _: &std::path::Path) -> io::Result<DiskSpace> {
            Ok(DiskSpace::default())
        }

        async fn is_clock_synchronised(&self) -> Result<bool, ClockUnknown> {
            self.0.ok_or_else(|| ClockUnknown("nobody".into()))
        }
    }

    fn clock(known: Option<bool>) -> SystemClock {
        SystemClock::new(Arc::new(Facts(known)))
    }

    #[tokio::test]
    async fn clock_is_wrong_only_where_the_device_says_so() {
        assert!(clock(Some(true)).is_right().await);
        assert!(!clock(Some(false)).is_right().await);
        assert!(clock(None).is_right().await);
    }

    #[tokio::test]
    async fn time_that_is_over_or_comes_is_reached() {
        let clock = clock(None);
        for at_s in [0, 1, clock.now_s(), clock.now_s() + 1] {
            clock.reaches(at_s).await;
            assert!(clock.now_s() >= at_s);
        }
    }

    #[tokio::test]
    async fn time_that_is_far_is_not_reached() {
        let clock = clock(None);
        let soon = tokio::time::timeout(Duration::from_millis(100), clock.reaches(clock.now_s() + 3_600));
        assert!(soon.await.is_err());
    }
}
