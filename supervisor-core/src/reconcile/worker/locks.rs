//! Which update locks a worker holds: for its own work, and for who wants the app to keep still.

use tokio::sync::oneshot;

use super::{Worker, waiters::Reply};
use crate::{
    domain::record::AppRecord,
    error::CoreError,
    reconcile::cycle::{Held, Outcome, release_locks, take_locks},
};

impl Worker {
    /// The app's locks, beside those that are held already.
    pub(super) async fn take_locks_of(&self, record: &AppRecord) -> Result<Held, CoreError> {
        take_locks(&self.context, record, self.held.clone().unwrap_or_default()).await
    }

    /// What waits is obeyed next, and whatever made way for it goes on with the same locks.
    pub(super) async fn let_go_after(&mut self, result: &Result<Outcome, CoreError>) {
        self.makes_way =
            matches!(result, Err(CoreError::StillInProgress { .. })) && !self.commands.is_empty();
        if !self.makes_way {
            self.let_go().await;
        }
    }

    pub(super) async fn let_go(&mut self) {
        if let Some(held) = self.held.take()
            && let Some(record) = &self.record
        {
            release_locks(&self.context, record, &held).await;
        }
    }

    pub(super) async fn hold(&mut self, reply: Reply, release: oneshot::Receiver<()>) {
        let Some(record) = &self.record else {
            let _ = reply.send(Ok(()));
            return;
        };
        let taken = self.take_locks_of(record).await.map(|held| self.held = Some(held));
        if reply.send(taken).is_ok() && self.held.is_some() {
            // An error means that the holder is gone, which is just as well.
            let _ = release.await;
        }
        self.let_go().await;
    }
}
