//! The key that counts now: loaded at start, compared with every request, replaced on demand.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    api_key::{ApiKey, KeyDigest},
    key_file::{KeyFile, KeyStoreError, Stored},
};
use crate::error_chain::chain;

/// An unreadable key file is tried again at most this often, so that requests without a key cannot
/// keep the disk busy.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// What the key that a request presents is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the key.
    Accepted,
    /// It is missing or wrong.
    Denied,
    /// There is no key to compare with.
    StoreUnavailable,
}

#[derive(Debug)]
struct Current {
    key: ApiKey,
    digest: KeyDigest,
}

#[derive(Debug)]
enum Source {
    Fixed(ApiKey),
    File(KeyFile),
}

/// Holds the current key and its file.
#[derive(Debug)]
pub struct KeyRing {
    source: Source,
    current: watch::Sender<Option<Current>>,
    /// Held while the file is read or written; never across an await.
    disk: Mutex<Option<Instant>>,
}

impl KeyRing {
    /// A ring whose key never changes.
    pub fn fixed(key: ApiKey) -> Self {
        Self {
            source: Source::Fixed(key.clone()),
            current: watch::Sender::new(Some(current(key))),
            disk: Mutex::default(),
        }
    }

    /// A ring over the key file in `directory`; generates a key when there is none. Blocks on the
    /// disk. A failure is logged, and tried again when a key is next needed.
    pub fn open(directory: &Path) -> Self {
        let ring = Self {
            source: Source::File(KeyFile::new(directory)),
            current: watch::Sender::new(None),
            disk: Mutex::default(),
        };
        ring.reopen();
        ring
    }

    /// Compares what a request presents with the key.
    pub fn check(&self, presented: Option<&[u8]>) -> Verdict {
        match (self.current.borrow().as_ref(), presented) {
            (None, _) => Verdict::StoreUnavailable,
            (Some(current), Some(presented)) if current.digest.matches(presented) => Verdict::Accepted,
            (Some(_), _) => Verdict::Denied,
        }
    }

    /// Reads the key file again when there is no key yet and the last attempt is long enough ago.
    /// Blocks on the disk.
    pub fn reopen(&self) {
        let mut last_attempt = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last_attempt.is_none_or(|at| at.elapsed() >= RETRY_INTERVAL);
        if self.current.borrow().is_some() || !due {
            return;
        }
        *last_attempt = Some(Instant::now());
        let Source::File(file) = &self.source else { return };
        match load_or_generate(file) {
            Ok(key) => {
                self.current.send_replace(Some(current(key)));
            }
            Err(error) => log::error!(
                "key store unavailable, all requests get 503: let this user write FRONTEND_STATE_DIR error='{}'",
                chain(&error)
            ),
        }
    }

    /// Replaces the key and returns the new one; a fixed key is returned as it is. Blocks on the
    /// disk. When the new key cannot be persisted, the old one stays.
    pub fn rotate(&self) -> Result<ApiKey, KeyStoreError> {
        let _disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &self.source {
            Source::File(file) => file,
            Source::Fixed(key) => return Ok(key.clone()),
        };
        let key = ApiKey::generate().map_err(KeyStoreError::Random)?;
        file.store(&key)?;
        self.current.send_replace(Some(current(key.clone())));
        log::info!("API key regenerated");
        Ok(key)
    }

    /// The current key, if there is one.
    pub fn key(&self) -> Option<ApiKey> {
        self.current.borrow().as_ref().map(|current| current.key.clone())
    }

    /// Tells when the key changes.
    pub fn changes(&self) -> KeyChanges {
        KeyChanges(self.current.subscribe())
    }
}

/// Wakes whoever has to know of a new key.
#[derive(Debug)]
pub struct KeyChanges(watch::Receiver<Option<Current>>);

impl KeyChanges {
    /// Waits for a key that [`take`](Self::take) has not returned yet.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // The ring is gone: there will be no other key.
            std::future::pending::<()>().await;
        }
    }

    /// The current key; it no longer counts as changed.
    pub fn take(&mut self) -> Option<ApiKey> {
        self.0.borrow_and_update().as_ref().map(|current| current.key.clone())
    }
}

fn current(key: ApiKey) -> Current {
    Current { digest: key.digest(), key }
}

fn load_or_generate(file: &KeyFile) -> Result<ApiKey, KeyStoreError> {
    match file.load()? {
        Stored::Key(key) => return Ok(key),
        Stored::Absent => {}
        Stored::SetAside(aside) => {
            log::error!(
                "key file held no whole key and was set aside, a new key follows aside={}",
                aside.display()
            );
        }
    }
    let key = ApiKey::generate().map_err(KeyStoreError::Random)?;
    file.store(&key)?;
    log::info!("API key generated");
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn ring_reopened_after_restart_keeps_its_key() {
        let root = tempfile::tempdir().unwrap();
        let first = KeyRing::open(root.path()).key().unwrap();
        let second = KeyRing::open(root.path()).key().unwrap();
        assert_eq!(first.expose(), second.expose());
    }

    #[test]
    fn ring_with_a_torn_file_generates_a_new_key() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("api-key"), "torn").unwrap();
        let key = KeyRing::open(root.path()).key().unwrap();
        assert_eq!(key.expose().len(), 64);
        assert!(root.path().join("api-key.corrupt-1").exists());
    }

    #[test]
    fn ring_without_a_writable_directory_is_unavailable_and_later_recovers() {
        let root = tempfile::tempdir().unwrap();
        let blocked = root.path().join("state");
        fs::write(&blocked, "a file where a directory should be").unwrap();
        let ring = KeyRing::open(&blocked);
        assert_eq!(ring.check(Some(b"x")), Verdict::StoreUnavailable);
        fs::remove_file(&blocked).unwrap();
        ring.reopen();
        assert_eq!(ring.check(Some(b"x")), Verdict::StoreUnavailable, "the retry is rate limited");
        *ring.disk.lock().unwrap() = None;
        ring.reopen();
        assert_eq!(ring.check(Some(ring.key().unwrap().expose().as_bytes())), Verdict::Accepted);
    }

    #[test]
    fn rotate_makes_the_old_key_worthless_at_once() {
        let root = tempfile::tempdir().unwrap();
        let ring = KeyRing::open(root.path());
        let old = ring.key().unwrap();
        let new = ring.rotate().unwrap();
        assert_eq!(ring.check(Some(old.expose().as_bytes())), Verdict::Denied);
        assert_eq!(ring.check(Some(new.expose().as_bytes())), Verdict::Accepted);
        assert_eq!(KeyRing::open(root.path()).key().unwrap().expose(), new.expose());
    }

    #[test]
    fn rotate_that_cannot_be_persisted_keeps_the_old_key() {
        let root = tempfile::tempdir().unwrap();
        let state = root.path().join("state");
        let ring = KeyRing::open(&state);
        let old = ring.key().unwrap();
        fs::remove_dir_all(&state).unwrap();
        fs::write(&state, "").unwrap();
        assert!(ring.rotate().is_err());
        assert_eq!(ring.check(Some(old.expose().as_bytes())), Verdict::Accepted);
    }

    #[test]
    fn rotate_of_a_fixed_key_returns_it() {
        let ring = KeyRing::fixed(ApiKey::parse("bananas").unwrap());
        assert_eq!(ring.rotate().unwrap().expose(), "bananas");
        assert_eq!(ring.check(Some(b"bananas")), Verdict::Accepted);
        assert_eq!(ring.check(None), Verdict::Denied);
    }

    #[test]
    fn debug_of_a_ring_shows_no_key() {
        let ring = KeyRing::fixed(ApiKey::parse("bananas").unwrap());
        assert!(!format!("{ring:?} {:?}", ring.changes()).contains("bananas"));
    }
}
