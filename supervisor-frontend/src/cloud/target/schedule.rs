//! When to ask for the target: pure, driven by what happened and by a number that is drawn for it.
//!
//! A fleet that loses power comes back at once, and a server that was away is missed by everybody. So the first
//! question after a start is spread, the one after it is drawn over a whole interval, which leaves the fleet even
//! over time, and failures back off to the interval with half of each wait drawn.

use std::time::Duration;

/// The first wait after a failure; each next one is four times as long, up to the interval. Doubling would have a
/// fleet ask a server that is away seven times where this asks four times.
const BACKOFF: Duration = Duration::from_secs(15);
const GROWTH: u32 = 4;
/// The first question after a start is spread over a third of the interval, and never over more.
const FIRST_SPREAD: Duration = Duration::from_mins(5);
/// What is added to an interval at random: a tenth of it, and never more.
const JITTER: Duration = Duration::from_mins(1);
/// How long a server can keep a device away with `Retry-After`, unless the interval is longer.
const RETRY_AFTER: Duration = Duration::from_hours(1);

/// A number drawn from 0 (inclusive) to 1 (exclusive).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw(f64);

impl Draw {
    /// From 64 random bits.
    pub fn from_bits(bits: u64) -> Self {
        // The 32 upper bits have an exact value as a float.
        let upper = u32::try_from(bits >> 32).unwrap_or_default();
        Self(f64::from(upper) / (f64::from(u32::MAX) + 1.0))
    }

    fn of(self, whole: Duration) -> Duration {
        whole.mul_f64(self.0)
    }
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The cloud gave its word, changed or not.
    Answered,
    /// It did not; it may have asked for patience.
    Failed {
        /// `Retry-After`.
        retry_after: Option<Duration>,
    },
}

/// The waits between questions.
#[derive(Debug, Clone)]
pub struct Schedule {
    interval: Duration,
    failures: u32,
    /// The next wait after an answer is drawn over the whole interval.
    is_in_step: bool,
}

impl Schedule {
    /// A device that has just started, with this long between two questions.
    pub const fn new(interval: Duration) -> Self {
        Self { interval, failures: 0, is_in_step: true }
    }

    /// Takes another interval, from the next wait on.
    pub const fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// The wait before the first question. A device that has no target has nothing to run, and asks at once;
    /// `is_patient`: the owner wants no question before an interval has passed.
    pub fn first(&self, has_target: bool, is_patient: bool, draw: Draw) -> Duration {
        match (has_target, is_patient) {
            (false, _) => Duration::ZERO,
            (true, false) => draw.of((self.interval / 3).min(FIRST_SPREAD)),
            (true, true) => self.interval + draw.of(self.jitter()),
        }
    }

    /// The wait before the next question.
    pub fn after(&mut self, outcome: Outcome, draw: Draw) -> Duration {
        match outcome {
            Outcome::Answered => {
                self.failures = 0;
                if std::mem::take(&mut self.is_in_step) {
                    return self.jitter() + draw.of(self.interval);
                }
                self.interval + draw.of(self.jitter())
            }
            Outcome::Failed { retry_after } => {
                let own = self.backoff();
                self.failures = self.failures.saturating_add(1);
                self.is_in_step = true;
                match retry_after.map(|asked| asked.min(RETRY_AFTER.max(self.interval))) {
                    // Everybody was told the same: who comes when is drawn on top.
                    Some(asked) if asked >= own => asked + draw.of(asked.max(BACKOFF)),
                    Some(_) | None => own / 2 + draw.of(own / 2),
                }
            }
        }
    }

    fn backoff(&self) -> Duration {
        let grown = BACKOFF.saturating_mul(GROWTH.saturating_pow(self.failures));
        grown.min(self.interval.max(BACKOFF))
    }

    fn jitter(&self) -> Duration {
        (self.interval / 10).min(JITTER)
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
