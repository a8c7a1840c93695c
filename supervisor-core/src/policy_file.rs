//! The owner's policy file: read at start, and again on SIGHUP.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
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

/// Reads the file again whenever SIGHUP comes; one with a mistake in it changes nothing.
pub fn read_again_on_hangup(
    path: Option<PathBuf>,
    policy: watch::Sender<Policy>,
    reconciler: Arc<Reconciler>,
) -> Result<(), io::Error> {
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            match read(path.as_deref()).await {
                Ok(new) => {
                    policy.send_replace(new);
                    // What was refused may be granted now.
                    reconciler.nudge_all(false, false);
                }
                Err(error) => log::error!("policy not read again, the old one stays error='{error}'"),
            }
        }
    });
    Ok(())
}
