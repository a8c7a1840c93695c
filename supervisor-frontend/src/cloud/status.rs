//! How the device stands with its cloud, for `/v1/device` and whoever asks it.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::sync::watch;

/// The longest sentence that is kept; what it is about may come from the cloud.
const MAX_SENTENCE_CHARS: usize = 500;
/// More refused apps than this are counted by nobody.
const MAX_REFUSED: usize = 32;

/// Where the device and its cloud are with each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// There is no cloud, and nothing is ever sent.
    #[default]
    Unmanaged,
    /// The device is not registered yet.
    Unregistered,
    /// It is, and has not had an answer since the start.
    Connecting,
    /// The last question was answered.
    Connected,
    /// The cloud does not accept the device's key.
    Unauthorised,
    /// The cloud does not know the device, or has deleted it: what it last wanted stays in force.
    UnknownDevice,
    /// No answer, or none that could be used.
    Unreachable,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloudStatus {
    /// Where they are.
    pub standing: Standing,
    /// When the cloud last gave its word on the target.
    pub answered_at: Option<Instant>,
    /// What went wrong last, one sentence; none after an answer.
    pub last_error: Option<String>,
    /// Apps that the cloud wants and that are not carried out as it wants, by uuid, with the reason.
    pub refused: BTreeMap<String, String>,
    /// Releases that are not carried out, by core's word or as they are not understood: the commit, by the app's uuid.
    pub refused_releases: BTreeMap<String, String>,
    /// The API's key has changed, and the cloud has not been told yet.
    pub is_key_unreported: bool,
}

impl CloudStatus {
    /// How long ago the cloud last gave its word.
    pub fn answered_ago(&self) -> Option<Duration> {
        self.answered_at.map(|at| at.elapsed())
    }
}

/// Written by the parts of the cloud client, read by routes. A clone is the same board.
#[derive(Debug, Clone)]
pub struct CloudBoard(Arc<watch::Sender<CloudStatus>>);

impl Default for CloudBoard {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(CloudStatus::default())))
    }
}

impl CloudBoard {
    /// What stands there.
    pub fn read(&self) -> CloudStatus {
        self.0.borrow().clone()
    }

    /// Follows it.
    pub fn follow(&self) -> watch::Receiver<CloudStatus> {
        self.0.subscribe()
    }

    /// There is a cloud, and this is how far the device is with it.
    pub fn set_standing(&self, standing: Standing) {
        self.0.send_modify(|status| status.standing = standing);
    }

    /// The cloud gave its word, now.
    pub fn answered(&self) {
        self.0.send_modify(|status| {
            status.standing = Standing::Connected;
            status.answered_at = Some(Instant::now());
            status.last_error = None;
        });
    }

    /// It did not.
    pub fn failed(&self, standing: Standing, error: &str) {
        self.0.send_modify(|status| {
            status.standing = standing;
            status.last_error = Some(sentence(error));
        });
    }

    /// These apps, and no others, are not carried out.
    pub fn set_refused(&self, refused: &BTreeMap<String, String>) {
        let shown: BTreeMap<String, String> =
            refused.iter().take(MAX_REFUSED).map(|(uuid, why)| (sentence(uuid), sentence(why))).collect();
        self.0.send_if_modified(|status| std::mem::replace(&mut status.refused, shown.clone()) != shown);
    }

    /// These releases, by the app's uuid, and no others are not carried out.
    pub fn set_refused_releases(&self, refused: BTreeMap<String, String>) {
        let kept: BTreeMap<String, String> = refused.into_iter().take(MAX_REFUSED).collect();
        self.0.send_if_modified(|status| {
            let is_new = status.refused_releases != kept;
            status.refused_releases = kept;
            is_new
        });
    }

    /// Whether the cloud knows the API's key.
    pub fn set_key_reported(&self, is_reported: bool) {
        self.0.send_if_modified(|status| {
            std::mem::replace(&mut status.is_key_unreported, !is_reported) == is_reported
        });
    }
}

fn sentence(text: &str) -> String {
    text.chars().take(MAX_SENTENCE_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn board_after_an_answer_has_no_error_and_knows_when() {
        let board = CloudBoard::default();
        assert_eq!(board.read().standing, Standing::Unmanaged);
        board.failed(Standing::Unauthorised, "no\nkey");
        assert_eq!(board.read().last_error.as_deref(), Some("no key"));
        board.answered();
        let status = board.read();
        assert_eq!((status.standing, status.last_error), (Standing::Connected, None));
        assert!(status.answered_at.is_some());
        board.failed(Standing::Unreachable, "x");
        assert!(board.read().answered_at.is_some(), "it stays known");
    }

    #[test]
    fn board_keeps_what_the_cloud_can_fill_within_bounds() {
        let board = CloudBoard::default();
        let many = (0..1000).map(|n| (format!("{n:04}"), "x".repeat(10_000))).collect();
        board.set_refused(&many);
        let refused = board.read().refused;
        assert_eq!(refused.len(), MAX_REFUSED);
        assert!(refused.values().all(|why| why.len() == MAX_SENTENCE_CHARS));
        board.set_refused(&BTreeMap::new());
        assert!(board.read().refused.is_empty());
    }

    #[test]
    fn board_wakes_followers_only_when_the_keys_standing_changes() {
        let board = CloudBoard::default();
        let mut follower = board.follow();
        board.set_key_reported(true);
        assert!(!follower.has_changed().unwrap());
        board.set_key_reported(false);
        assert!(follower.borrow_and_update().is_key_unreported);
        board.set_key_reported(true);
        assert!(!follower.borrow_and_update().is_key_unreported);
    }
}
