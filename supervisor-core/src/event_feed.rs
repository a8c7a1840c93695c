//! Where events are told and followed. Bounded: a follower that is too slow loses the oldest, and is told how
//! many. With no follower nothing is made or kept.

use std::time::{SystemTime, UNIX_EPOCH};

use supervisor_proto::ids::AppId;
use tokio::sync::broadcast;

use crate::domain::event::{Event, What};

/// How many events a follower may lag behind.
pub const DEPTH: usize = 256;

/// Tells events to every follower.
#[derive(Debug, Clone)]
pub struct EventFeed {
    sender: broadcast::Sender<Event>,
}

impl Default for EventFeed {
    fn default() -> Self {
        Self { sender: broadcast::channel(DEPTH).0 }
    }
}

impl EventFeed {
    /// Events from now on.
    pub fn follow(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }

    /// Whether anybody follows.
    pub fn has_followers(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Tells what happened just now to `app`. `what` is made only when somebody follows.
    pub fn tell(&self, app: AppId, what: impl FnOnce() -> What) {
        self.send(Some(app), now_ms, what);
    }

    /// Tells what happened just now to no app in particular.
    pub fn tell_all(&self, what: impl FnOnce() -> What) {
        self.send(None, now_ms, what);
    }

    /// Tells what happened to `app` at `time_ms`, milliseconds since 1970.
    pub fn tell_of(&self, app: AppId, time_ms: u64, what: impl FnOnce() -> What) {
        self.send(Some(app), || time_ms, what);
    }

    fn send(&self, app: Option<AppId>, time_ms: impl FnOnce() -> u64, what: impl FnOnce() -> What) {
        if self.has_followers() {
            // The last follower may have gone meanwhile; then nobody misses the event.
            let _ = self.sender.send(Event { time_ms: time_ms(), app, what: what() });
        }
    }
}

/// Milliseconds since 1970.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_without_a_follower_is_not_even_made() {
        EventFeed::default().tell_all(|| panic!("nobody follows"));
    }

    #[tokio::test]
    async fn follower_gets_what_is_told_after_it_came_and_learns_what_it_missed() {
        let feed = EventFeed::default();
        let told = |available| What::EngineChanged { available };
        feed.tell_all(|| told(false));
        let mut follower = feed.follow();
        for _ in 0..=DEPTH {
            feed.tell_all(|| told(true));
        }
        assert!(matches!(follower.recv().await, Err(broadcast::error::RecvError::Lagged(1))));
        assert_eq!(follower.recv().await.unwrap().what, told(true));
    }
}
