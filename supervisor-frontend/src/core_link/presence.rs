//! Since when core has been there, or away.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Whether there is a connection to core; away at first.
#[derive(Debug)]
pub struct Presence(Mutex<Option<Instant>>);

impl Default for Presence {
    fn default() -> Self {
        Self(Mutex::new(Some(Instant::now())))
    }
}

impl Presence {
    /// Core has answered.
    pub fn came(&self) {
        self.set(|_| None);
    }

    /// The connection has ended, or could not be made. The first time counts.
    pub fn went(&self) {
        self.set(|since| Some(since.unwrap_or_else(Instant::now)));
    }

    /// How long core has been away; `None` while it is there.
    pub fn away(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).map(|since| since.elapsed())
    }

    fn set(&self, change: impl FnOnce(Option<Instant>) -> Option<Instant>) {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *since = change(*since);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_that_comes_is_there_and_attempts_in_vain_do_not_shorten_its_absence() {
        let presence = Presence::default();
        let first = presence.away().unwrap();
        presence.went();
        assert!(presence.away().unwrap() >= first);
        presence.came();
        assert_eq!(presence.away(), None);
        presence.went();
        assert!(presence.away().is_some());
    }
}
