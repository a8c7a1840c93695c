//! Ends a process whose async loop is stuck, so that its restart policy can help, and tells systemd how it is.
//!
//! The loop ticks; a thread of its own, which nothing in the loop can block, counts its own looks without a
//! tick. Looks, not seconds: a device that was suspended has not been stuck. Both wake up once in 5 s.

use std::{
    io, process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use sd_notify::NotifyState;
use tokio::task::JoinHandle;

/// After this long without a tick the loop counts as stuck.
pub const STUCK_AFTER: Duration = Duration::from_secs(30);

/// An internal software error, as in sysexits: <https://man7.org/linux/man-pages/man3/sysexits.h.3head.html>
const EXIT_SOFTWARE: i32 = 70;

const PERIOD: Duration = Duration::from_secs(5);

/// How long the last line may take: what blocks the loop may be the log.
const LAST_LINE: Duration = Duration::from_secs(1);

/// What a look at the tick counter shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Alive,
    Silent,
    Stuck,
}

/// Judges a loop by its ticks.
#[derive(Debug)]
struct Judge {
    ticks: u64,
    silent_looks: u32,
    allowed_looks: u32,
}

impl Judge {
    /// `limit` is counted in looks, one each `period`.
    fn new(limit: Duration, period: Duration) -> Self {
        let looks = limit.as_nanos().div_ceil(period.as_nanos().max(1));
        let allowed_looks = u32::try_from(looks).unwrap_or(u32::MAX).max(1);
        Self { ticks: 0, silent_looks: 0, allowed_looks }
    }

    fn look(&mut self, ticks: u64) -> Verdict {
        if ticks != self.ticks {
            (self.ticks, self.silent_looks) = (ticks, 0);
            return Verdict::Alive;
        }
        self.silent_looks = self.silent_looks.saturating_add(1);
        if self.silent_looks < self.allowed_looks { Verdict::Silent } else { Verdict::Stuck }
    }
}

/// How often both sides wake up: at least twice in systemd's interval, if it has set one.
fn period(systemd: Option<Duration>) -> Duration {
    const SHORTEST: Duration = Duration::from_millis(100);
    systemd.map_or(PERIOD, |interval| (interval / 3).clamp(SHORTEST, PERIOD))
}

/// A running watchdog; dropping it ends it.
#[derive(Debug)]
pub struct Watchdog {
    ticker: JoinHandle<()>,
    _running: mpsc::Sender<()>,
}

impl Watchdog {
    /// Watches the runtime it is called in. A stuck loop ends the process with exit code 70.
    ///
    /// # Errors
    ///
    /// The operating system gave no thread.
    pub fn start() -> io::Result<Self> {
        let systemd = sd_notify::watchdog_enabled();
        let alive = move || {
            if systemd.is_some() {
                notify(&NotifyState::Watchdog);
            }
        };
        Self::start_with(STUCK_AFTER, period(systemd), alive, end_process)
    }

    /// `alive` is called for every look that finds a tick; `stuck` once, then the watchdog has ended.
    fn start_with(
        limit: Duration,
        period: Duration,
        alive: impl Fn() + Send + 'static,
        stuck: impl FnOnce(Duration) + Send + 'static,
    ) -> io::Result<Self> {
        let ticks = Arc::new(AtomicU64::new(0));
        let (running, ended) = mpsc::channel::<()>();
        let seen = Arc::clone(&ticks);
        thread::Builder::new().name("watchdog".to_owned()).spawn(move || {
            let mut judge = Judge::new(limit, period);
            while ended.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                match judge.look(seen.load(Ordering::Relaxed)) {
                    Verdict::Alive => alive(),
                    Verdict::Silent => {}
                    Verdict::Stuck => return stuck(limit),
                }
            }
        })?;
        let ticker = tokio::spawn(async move {
            let mut interval = tokio::time::interval(period);
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                interval.tick().await;
                ticks.fetch_add(1, Ordering::Relaxed);
            }
        });
        Ok(Self { ticker, _running: running })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.ticker.abort();
    }
}

fn end_process(limit: Duration) {
    let (done, written) = mpsc::channel();
    let line = thread::Builder::new().spawn(move || {
        log::error!("the async loop has been stuck for {} s, the process ends", limit.as_secs());
        // The receiver may have stopped waiting.
        done.send(()).ok();
    });
    if line.is_ok() {
        // Written or not, the process ends now.
        written.recv_timeout(LAST_LINE).ok();
    }
    process::exit(EXIT_SOFTWARE)
}

/// Tells systemd that the program serves. Nothing happens when systemd did not start it:
/// <https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>
pub fn notify_ready() {
    notify(&NotifyState::Ready);
}

/// Sets the line that `systemctl status` shows.
pub fn notify_status(status: &str) {
    notify(&NotifyState::Status(&status.replace('\n', " ")));
}

fn notify(state: &NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        log::warn!("systemd was not notified error={error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    #[test]
    fn judge_of_a_ticking_loop_says_alive() {
        let mut judge = Judge::new(LIMIT, PERIOD);
        assert!((1..100).all(|ticks| judge.look(ticks) == Verdict::Alive));
    }

    #[test]
    fn judge_of_a_silent_loop_says_stuck_after_the_limit() {
        let mut judge = Judge::new(LIMIT, PERIOD);
        judge.look(1);
        let looks: Vec<_> = (0..6).map(|_| judge.look(1)).collect();
        assert_eq!(looks.iter().filter(|verdict| **verdict == Verdict::Silent).count(), 5);
        assert_eq!(looks.last(), Some(&Verdict::Stuck));
    }

    #[test]
    fn judge_forgives_a_pause_that_ends() {
        let mut judge = Judge::new(LIMIT, PERIOD);
        for ticks in 0..10 {
            assert!((0..5).all(|_| judge.look(ticks) != Verdict::Stuck));
        }
    }

    #[test]
    fn period_fits_into_systemds_interval() {
        assert_eq!(period(None), PERIOD);
        assert_eq!(period(Some(Duration::from_mins(1))), PERIOD);
        assert_eq!(period(Some(Duration::from_secs(3))), Duration::from_secs(1));
        assert_eq!(period(Some(Duration::ZERO)), Duration::from_millis(100));
    }

    #[test]
    fn stuck_loop_is_reported_once_by_the_thread() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (report, reports) = mpsc::channel();
        let (limit, period) = (Duration::from_millis(50), Duration::from_millis(10));
        // The loop never runs after this: it is stuck.
        let _watchdog = runtime
            .block_on(async { Watchdog::start_with(limit, period, || (), move |l| report.send(l).unwrap()) })
            .unwrap();
        assert_eq!(reports.recv_timeout(Duration::from_secs(10)), Ok(limit));
        assert!(reports.recv().is_err());
    }

    #[test]
    fn running_loop_is_reported_alive_until_the_watchdog_is_dropped() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (beat, mut beats) = tokio::sync::mpsc::unbounded_channel();
        runtime.block_on(async {
            let alive = move || beat.send(()).unwrap();
            let watchdog = Watchdog::start_with(LIMIT, Duration::from_millis(5), alive, drop).unwrap();
            assert_eq!(beats.recv().await, Some(()));
            drop(watchdog);
            while beats.recv().await.is_some() {}
        });
    }
}
