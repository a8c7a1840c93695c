//! What the apps ask for that the engine ignores.

use supervisor_proto::ids::AppId;
use tokio::time::timeout;

use super::DEADLINE;
use crate::reconcile::Reconciler;

/// Of every app with a record, in order; as much as is known within the deadline. That engine or store say nothing
/// is told elsewhere.
pub async fn of_all_apps(reconciler: &Reconciler) -> Vec<(AppId, String)> {
    let apps: Vec<AppId> = reconciler.context().status.watch().borrow().apps.keys().copied().collect();
    let mut found = Vec::new();
    let all = async {
        for app in apps {
            if let Ok(Some(record)) = reconciler.context().store.read_app(app).await {
                let ignored = reconciler.ignored_fields(&record.target).await;
                found.extend(ignored.fields.into_iter().map(|field| (app, field)));
            }
        }
    };
    let _ = timeout(DEADLINE, all).await;
    found
}
