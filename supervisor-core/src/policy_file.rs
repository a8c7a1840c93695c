//! The owner's policy file: read at start, and again on SIGHUP.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use supervisor_proto::policy::{self, Policy, PolicyFileError};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::reconcile::Reconciler;

/// Reads the file; without one nothing is granted.
pub async fn read(path: Option<&Path>) -> Result<Policy, PolicyFileError> {
    let Some(path) = path.map(Path::to_owned) else { return Ok(Policy::default()) };
    let named = path.clone();
    let read = tokio::task::spawn_blocking(move || policy::read(&path)).await;
    let policy = read.unwrap_or_else(|error| {
        Err(PolicyFileError::Unreadable { path: named.clone(), source: io::Error::other(error) })
    })?;
    log::info!("policy read file={} grants={}", named.display(), policy.grants.len());
    Ok(policy)
}

/// The owner's file, for whoever explains what is in force.
#[derive(Debug, Clone, Default)]
pub struct PolicyFile {
    /// Where it is; `None`: unset.
    pub path: Option<PathBuf>,
    /// Why it was not read again when that was asked for last; empty: it was, or was never asked for.
    problem: Arc<Mutex<String>>,
}

impl PolicyFile {
    /// A file that has been read once.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path, problem: Arc::default() }
    }

    /// Why it was not read again when that was asked for last; empty: it was, or was never asked for.
    pub fn reload_problem(&self) -> String {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the file again; `None` when it has a mistake in it, which changes nothing.
    pub async fn read_again(&self) -> Option<Policy> {
        let outcome = read(self.path.as_deref()).await;
        let problem = outcome.as_ref().err().map(ToString::to_string).unwrap_or_default();
        if !problem.is_empty() {
            log::error!("policy not read again, the old one stays error='{problem}'");
        }
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = problem;
        outcome.ok()
    }
}

/// Reads the file again whenever SIGHUP comes; one with a mistake in it changes nothing.
pub fn read_again_on_hangup(
    file: PolicyFile,
    policy: watch::Sender<Policy>,
    reconciler: Arc<Reconciler>,
) -> Result<(), io::Error> {
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            if let Some(new) = file.read_again().await {
                policy.send_replace(new);
                // What was refused may be granted now.
                reconciler.look_again();
            }
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const GRANT: &str = "[[grant]]\napp = 7\nservice = \"web\"\nimage = \"acme/web\"\nprivileged = true\n";

    #[tokio::test]
    async fn file_with_a_mistake_is_told_until_it_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        let file = PolicyFile::new(Some(path.clone()));
        assert_eq!(file.reload_problem(), "");
        fs::write(&path, "odd = 1").unwrap();
        assert_eq!(file.read_again().await, None);
        assert!(file.reload_problem().contains("policy.toml"), "{}", file.reload_problem());
        fs::write(&path, GRANT).unwrap();
        assert_eq!(file.clone().read_again().await.unwrap().grants.len(), 1);
        assert_eq!(file.reload_problem(), "");
    }
}
