//! How long a terminal may live; pure, so that time is what the caller says.

use std::time::{Duration, Instant};

/// How long terminals may go without use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Until the first tab comes.
    pub unused: Duration,
    /// From the last sign of life: a tab that came or went, a keystroke, output of the shell. A tab that was
    /// forgotten at a prompt does not keep its shell open.
    pub idle: Duration,
}

/// The use that one terminal has seen.
#[derive(Debug)]
pub struct Lifetime {
    last_use: Instant,
    was_opened: bool,
}

impl Lifetime {
    /// Of a terminal that was asked for at `now`.
    pub const fn new(now: Instant) -> Self {
        Self { last_use: now, was_opened: false }
    }

    /// A tab came.
    pub const fn opened(&mut self, now: Instant) {
        self.was_opened = true;
        self.last_use = now;
    }

    /// Somebody typed, the shell wrote, or a tab went.
    pub const fn used(&mut self, now: Instant) {
        self.last_use = now;
    }

    /// When it ends if nothing happens until then.
    pub fn ends_at(&self, allowance: Allowance) -> Instant {
        self.last_use + if self.was_opened { allowance.idle } else { allowance.unused }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWANCE: Allowance = Allowance { unused: Duration::from_mins(10), idle: Duration::from_mins(30) };

    #[test]
    fn terminal_that_nobody_opens_ends_after_the_unused_time() {
        let start = Instant::now();
        assert_eq!(Lifetime::new(start).ends_at(ALLOWANCE), start + ALLOWANCE.unused);
    }

    #[test]
    fn terminal_that_was_opened_ends_the_idle_time_after_its_last_use() {
        let start = Instant::now();
        let later = start + Duration::from_secs(4000);
        let mut lifetime = Lifetime::new(start);
        lifetime.opened(start);
        assert_eq!(lifetime.ends_at(ALLOWANCE), start + ALLOWANCE.idle);
        lifetime.used(later);
        assert_eq!(lifetime.ends_at(ALLOWANCE), later + ALLOWANCE.idle);
    }
}
