//! When to try to register again.

use std::time::Duration;

/// What `config.json` leaves open.
const DEFAULT_DELAY: Duration = Duration::from_secs(30);
/// Attempts do not get further apart than this, unless the owner's delay or the server says so.
const LONGEST: Duration = Duration::from_mins(15);

/// Waits that double, each a random part shorter, so that devices that failed together do not return together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    next: Duration,
    longest: Duration,
}

impl Retry {
    /// `delay` is the owner's, between one second and an hour.
    pub fn new(delay: Option<Duration>) -> Self {
        let first = delay.unwrap_or(DEFAULT_DELAY).clamp(Duration::from_secs(1), Duration::from_hours(1));
        Self { next: first, longest: LONGEST.max(first) }
    }

    /// The next wait: at least what the server asks for. `random` is at least 0 and below 1.
    pub fn wait(&mut self, asked: Option<Duration>, random: f64) -> Duration {
        let wait = self.next.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0);
        self.next = self.next.saturating_mul(2).min(self.longest);
        match asked {
            // Not all in the moment that the server named.
            Some(asked) => asked + wait,
            None => wait,
        }
    }
}

/// At least 0 and below 1; the middle, where the kernel gives nothing.
pub fn random() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / (f64::from(u32::MAX) + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound() {
        let mut retry = Retry::new(None);
        let waits: Vec<u64> = (0..7).map(|_| retry.wait(None, 1.0).as_secs()).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(Retry::new(None).wait(None, 0.0), Duration::from_secs(15));
    }

    #[test]
    fn waits_of_an_owner_with_a_long_delay_are_as_long() {
        let mut retry = Retry::new(Some(Duration::from_mins(30)));
        assert_eq!(retry.wait(None, 1.0), Duration::from_mins(30));
        assert_eq!(retry.wait(None, 1.0), Duration::from_mins(30));
        assert_eq!(Retry::new(Some(Duration::ZERO)).wait(None, 1.0), Duration::from_secs(1));
    }

    #[test]
    fn wait_that_the_server_asks_for_is_not_undercut() {
        for random in [0.0, 0.3, 1.0] {
            let asked = Duration::from_mins(2);
            assert!(Retry::new(None).wait(Some(asked), random) >= asked);
        }
    }
}
