//! Where a worker's first record comes from: the store at its start, an action, or adoption. A worker may be there
//! before any of them, as when an app's very first target could not be stored.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::record::AppRecord;

#[derive(Debug, Default)]
enum State {
    #[default]
    Awaited,
    /// Adoption has found it, and the worker does not have it yet.
    Found(Box<AppRecord>),
    /// The worker has or had one: what adoption finds is older.
    Had,
}

/// A worker's first record.
#[derive(Debug, Default)]
pub struct FirstRecord(Mutex<State>);

impl FirstRecord {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there has been none yet.
    pub fn is_awaited(&self) -> bool {
        matches!(*self.state(), State::Awaited)
    }

    /// Puts down a record that was rebuilt, for a worker that never had one.
    pub fn offer(&self, record: AppRecord) {
        let mut state = self.state();
        if matches!(*state, State::Awaited) {
            *state = State::Found(Box::new(record));
        }
    }

    /// What was put down for the worker.
    pub fn take(&self) -> Option<AppRecord> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Had) {
            State::Found(record) => Some(*record),
            State::Awaited => {
                *state = State::Awaited;
                None
            }
            State::Had => None,
        }
    }

    /// The worker has got one from elsewhere.
    pub fn is_here(&self) {
        *self.state() = State::Had;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::fakes::{APP, target};

    fn record() -> AppRecord {
        AppRecord::new(target(APP), "token".to_owned())
    }

    #[test]
    fn offered_record_is_taken_once_and_not_awaited_any_more() {
        let (first, found) = (FirstRecord::default(), record());
        assert!(first.is_awaited());
        assert_eq!(first.take(), None);
        first.offer(found.clone());
        assert!(!first.is_awaited());
        assert_eq!(first.take(), Some(found));
        assert_eq!(first.take(), None);
    }

    #[test]
    fn record_offered_to_a_worker_that_has_or_had_one_is_dropped() {
        let first = FirstRecord::default();
        first.is_here();
        first.offer(record());
        assert_eq!(first.take(), None);
    }

    #[test]
    fn record_that_was_not_taken_before_another_came_is_dropped() {
        let first = FirstRecord::default();
        first.offer(record());
        first.is_here();
        assert_eq!(first.take(), None);
    }
}
