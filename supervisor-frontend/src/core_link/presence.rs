//! Since when core has been there, or away.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

/// How often core has come, for whoever has something to tell it each time.
pub type Sessions = watch::Receiver<u64>;

/// Whether there is a connection to core; away at first.
#[derive(Debug)]
pub struct Presence {
    away_since: Mutex<Option<Instant>>,
    sessions: watch::Sender<u64>,
}

impl Default for Presence {
    fn default() -> Self {
        Self { away_since: Mutex::new(Some(Instant::now())), sessions: watch::Sender::new(0) }
    }
}

impl Presence {
    /// Core has answered.
    pub fn came(&self) {
        self.set(|_| None);
        self.sessions.send_modify(|count| *count += 1);
    }

    /// The connection has ended, or could not be made. The first time counts.
    pub fn went(&self) {
        self.set(|since| Some(since.unwrap_or_else(Instant::now)));
    }

    /// How long core has been away; `None` while it is there.
    pub fn away(&self) -> Option<Duration> {
        self.away_since.lock().unwrap_or_else(PoisonError::into_inner).map(|since| since.elapsed())
    }

    /// Changes whenever core comes; 0 before it first does.
    pub fn sessions(&self) -> Sessions {
        self.sessions.subscribe()
    }

    fn set(&self, change: impl FnOnce(Option<Instant>) -> Option<Instant>) {
        let mut since = self.away_since.lock().unwrap_or_else(PoisonError::into_inner);
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

    #[test]
    fn core_that_comes_again_is_a_session_of_its_own() {
        let presence = Presence::default();
        let mut sessions = presence.sessions();
        presence.came();
        assert_eq!(*sessions.borrow_and_update(), 1);
        presence.went();
        assert!(!sessions.has_changed().unwrap());
        presence.came();
        assert!(sessions.has_changed().unwrap());
    }
}
