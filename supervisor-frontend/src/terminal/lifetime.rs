//! How long a terminal may live; pure, so that time is what the caller says.

use std::time::{Duration, Instant};

/// How long terminals may go without use.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// Until the first tab comes.
    pub unused: Duration,
    /// From when the last tab went. Keystrokes need a tab, and with a tab there it lives on.
    pub idle: Duration,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { unused: Duration::from_mins(10), idle: Duration::from_mins(30) }
    }
}

/// The use that one terminal has seen.
#[derive(Debug)]
pub struct Lifetime {
    last_use: Instant,
    was_used: bool,
    tabs: usize,
}

impl Lifetime {
    /// Of a terminal that was asked for at `now`.
    pub const fn new(now: Instant) -> Self {
        Self { last_use: now, was_used: false, tabs: 0 }
    }

    /// A tab came.
    pub const fn tab_came(&mut self, now: Instant) {
        self.tabs += 1;
        self.was_used = true;
        self.last_use = now;
    }

    /// A tab went.
    pub const fn tab_went(&mut self, now: Instant) {
        self.tabs = self.tabs.saturating_sub(1);
        self.last_use = now;
    }

    /// When it ends if nothing happens until then; `None` while a tab is there.
    pub fn ends_at(&self, allowance: Allowance) -> Option<Instant> {
        let allowed = if self.was_used { allowance.idle } else { allowance.unused };
        (self.tabs == 0).then(|| self.last_use + allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWANCE: Allowance = Allowance { unused: Duration::from_mins(10), idle: Duration::from_mins(30) };

    #[test]
    fn terminal_that_nobody_opens_ends_after_the_unused_time() {
        let start = Instant::now();
        assert_eq!(Lifetime::new(start).ends_at(ALLOWANCE), Some(start + ALLOWANCE.unused));
    }

    #[test]
    fn terminal_lives_while_a_tab_is_there_and_the_idle_time_after_the_last() {
        let start = Instant::now();
        let later = start + Duration::from_secs(4000);
        let mut lifetime = Lifetime::new(start);
        lifetime.tab_came(start);
        lifetime.tab_came(start);
        assert_eq!(lifetime.ends_at(ALLOWANCE), None);
        lifetime.tab_went(start);
        assert_eq!(lifetime.ends_at(ALLOWANCE), None);
        lifetime.tab_went(later);
        assert_eq!(lifetime.ends_at(ALLOWANCE), Some(later + ALLOWANCE.idle));
    }
}
