//! The whole last state of the apps, kept only where somebody needs it.

use std::sync::Arc;

use supervisor_proto::v1::AppsState;
use tokio::sync::watch;

/// What a follower sees: the last state of this connection to core; `None` while there is none.
pub type LastState = Option<Arc<AppsState>>;

/// Passes the states on to followers. Without one nothing is kept, so that a device without a cloud pays nothing.
#[derive(Debug, Clone)]
pub struct AppsStates(watch::Sender<LastState>);

impl Default for AppsStates {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl AppsStates {
    /// Follows the states. Whoever follows from before the first connection misses none.
    pub fn follow(&self) -> watch::Receiver<LastState> {
        self.0.subscribe()
    }

    /// Takes over what core streamed.
    pub fn keep(&self, state: AppsState) {
        if self.0.receiver_count() > 0 {
            self.0.send_replace(Some(Arc::new(state)));
        }
    }

    /// Core is gone.
    pub fn forget(&self) {
        self.0.send_if_modified(|last| last.take().is_some());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_without_a_follower_is_not_kept() {
        let states = AppsStates::default();
        states.keep(AppsState::default());
        assert_eq!(*states.follow().borrow(), None);
    }

    #[test]
    fn follower_sees_the_last_state_until_core_is_gone() {
        let states = AppsStates::default();
        let follower = states.follow();
        states.keep(AppsState { engine_available: true, ..AppsState::default() });
        assert!(follower.borrow().as_ref().unwrap().engine_available);
        states.forget();
        assert_eq!(*follower.borrow(), None);
    }
}
