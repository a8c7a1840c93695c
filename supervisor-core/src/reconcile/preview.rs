//! What would be done now, without doing it and without a word to the app's worker, which may be busy.

use std::time::Duration;

use supervisor_proto::ids::AppId;

use super::{
    Reconciler,
    observe::{observe, render_for},
};
use crate::{
    domain::{
        intent::{Action, edit},
        preview::{Preview, preview},
        record::{AppRecord, AppliedBy},
        target::Target,
    },
    error::CoreError,
    ports::engine::EngineError,
};

/// How long store and engine may take. Under the clients' deadline for quick calls.
const DEADLINE: Duration = Duration::from_secs(8);

/// A preview, and which releases it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// The release of the stored target; empty when the app is not known yet.
    pub stored_commit: String,
    /// The release that the preview leads to.
    pub commit: String,
    /// What would be done.
    pub preview: Preview,
}

impl Reconciler {
    /// What would be done now for the app's stored target, or if `target` were applied.
    pub async fn preview(&self, app: AppId, target: Option<Target>) -> Result<Outlook, CoreError> {
        let work = self.look_ahead(app, target);
        tokio::time::timeout(DEADLINE, work)
            .await
            .unwrap_or_else(|elapsed| Err(EngineError::Unavailable(Box::new(elapsed)).into()))
    }

    async fn look_ahead(&self, app: AppId, target: Option<Target>) -> Result<Outlook, CoreError> {
        let context = self.context();
        let stored = context.store.read_app(app).await?;
        let stored_commit = stored.as_ref().map(|r| r.target.app.commit.clone()).unwrap_or_default();
        let record = match (stored, target) {
            (Some(stored), None) => stored,
            (Some(stored), Some(target)) => edit(&stored, &Action::Apply(Box::new(target), AppliedBy::Admin))
                .map_err(|missing| CoreError::ServiceNotFound { app, service: missing.0 })?,
            (None, Some(target)) => AppRecord::new(target, String::new()),
            (None, None) => return Err(CoreError::AppNotFound(app)),
        };
        let (_, observed) = observe(context, &record).await?;
        let render = |record: &AppRecord, observed: &_| render_for(context, record, observed);
        let preview = preview(&record, observed, &render);
        Ok(Outlook { stored_commit, commit: record.target.app.commit.clone(), preview })
    }
}
