//! How long to wait between attempts to stream: pure, driven by a number that is drawn for it.

use std::time::Duration;

const LONGEST: Duration = Duration::from_mins(5);
/// How long a server can keep a device away.
const RETRY_AFTER: Duration = Duration::from_hours(1);

/// Doubles from its first wait to five minutes.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    failures: u32,
}

impl Backoff {
    /// With this wait after the first failure.
    pub const fn new(first: Duration) -> Self {
        Self { first, failures: 0 }
    }

    /// The wait after a failure; half of it is drawn, from 0 to 1, so that a fleet does not come back as one.
    pub fn next_wait(&mut self, retry_after: Option<Duration>, draw: f64) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        let own = doubled.min(LONGEST);
        let draw = draw.clamp(0.0, 1.0);
        match retry_after.map(|asked| asked.min(RETRY_AFTER)) {
            Some(asked) if asked >= own => asked + own.mul_f64(draw),
            Some(_) | None => own / 2 + (own / 2).mul_f64(draw),
        }
    }

    /// The cloud has taken a stream.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_five_minutes_and_begin_anew_after_success() {
        let mut backoff = Backoff::new(Duration::from_secs(5));
        let waits: Vec<u64> = (0..8).map(|_| backoff.next_wait(None, 1.0).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300]);
        backoff.reset();
        assert_eq!(backoff.next_wait(None, 0.0), Duration::from_millis(2500));
    }

    #[test]
    fn day_without_a_cloud_costs_a_few_hundred_streams() {
        for draw in [0.0, 0.5, 1.0] {
            let mut backoff = Backoff::new(Duration::from_secs(5));
            let (mut passed, mut streams) = (Duration::ZERO, 0);
            while passed < Duration::from_hours(24) {
                passed += backoff.next_wait(None, draw);
                streams += 1;
            }
            assert!((280..600).contains(&streams), "{streams}");
        }
    }

    #[test]
    fn server_that_asks_for_patience_gets_it_within_an_hour() {
        let mut backoff = Backoff::new(Duration::from_secs(5));
        assert_eq!(backoff.next_wait(Some(Duration::from_secs(30)), 0.0), Duration::from_secs(30));
        assert_eq!(backoff.next_wait(Some(Duration::from_hours(20)), 0.0), RETRY_AFTER);
    }
}
