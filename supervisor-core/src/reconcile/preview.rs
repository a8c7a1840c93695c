//! What would be done now, without doing it and without a word to the app's worker, which may be busy.

use std::time::Duration;

use supervisor_proto::ids::{AppId, ServiceName};

use super::{
    IgnoredFields, Reconciler,
    due::verdict,
    observe::{observe, render_for},
};
use crate::{
    domain::{
        apply_time::Verdict,
        intent::{Action, edit},
        preview::{Preview, preview},
        record::{AppRecord, AppliedBy},
        target::Target,
        waiting_update::put_off,
    },
    error::CoreError,
    ports::{engine::EngineError, host_files::LockToken},
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
    /// Update locks of the app's own, as the app sees them, that would hold it off.
    pub held_off_by: Vec<String>,
    /// What would be waited for after the pulls, to complete "waits for"; empty: nothing.
    pub apply_waits_for: String,
    /// What would come to nothing.
    pub ignored: IgnoredFields,
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
            (Some(stored), Some(target)) => {
                let applied = applied(&stored, target.clone(), AppliedBy::Admin)?;
                put_off(&stored, applied, &target, AppliedBy::Admin, &context.boot_id)
            }
            (None, Some(target)) => AppRecord::new(target, String::new()),
            (None, None) => return Err(CoreError::AppNotFound(app)),
        };
        let (record, apply_waits_for) = self.when_its_time_comes(record).await?;
        let (_, observed) = observe(context, &record).await?;
        let render = |record: &AppRecord, observed: &_| render_for(context, record, observed);
        let preview = preview(&record, observed, &render);
        let held_off_by = self.held_off_by(&record, &preview).await?;
        Ok(Outlook {
            stored_commit,
            commit: record.target.app.commit.clone(),
            preview,
            held_off_by,
            apply_waits_for,
            ignored: self.ignored_fields(&record.target).await,
        })
    }

    /// The record once the update that waits, if one does, is carried out, and what it waits for.
    async fn when_its_time_comes(&self, record: AppRecord) -> Result<(AppRecord, String), CoreError> {
        let Some(update) = record.waiting.as_deref() else { return Ok((record, String::new())) };
        let what = match verdict(self.context(), update).await {
            Verdict::Due => String::new(),
            Verdict::Waits { what, .. } => what,
        };
        Ok((applied(&record, update.target.clone(), update.applied_by)?, what))
    }

    async fn held_off_by(&self, record: &AppRecord, preview: &Preview) -> Result<Vec<String>, CoreError> {
        if !preview.is_disruptive || record.override_locks {
            return Ok(Vec::new());
        }
        let services: Vec<ServiceName> = preview.services.keys().cloned().collect();
        let token = LockToken::parse(&record.lock_token);
        let files = &self.context().files;
        let locks = files.held_locks(record.app_id(), &services, token.as_ref()).await?;
        Ok(locks.into_iter().filter(|lock| !lock.ours).map(|lock| lock.path).collect())
    }
}

fn applied(record: &AppRecord, target: Target, by: AppliedBy) -> Result<AppRecord, CoreError> {
    let app = record.app_id();
    edit(record, &Action::Apply(Box::new(target), by))
        .map_err(|missing| CoreError::ServiceNotFound { app, service: missing.0 })
}
