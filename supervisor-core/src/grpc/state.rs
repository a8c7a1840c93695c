//! The status board on the wire.

use supervisor_proto::v1::{self, Activity as WireActivity, AppState, Applier, AppsState, ServiceState};

use crate::{
    domain::{record::AppliedBy, rollout::FailedRelease},
    reconcile::status::{Activity, AppStatus, ServiceStatus, Snapshot},
};

/// Translates a snapshot.
pub fn to_wire(snapshot: &Snapshot) -> AppsState {
    AppsState {
        apps: snapshot.apps.iter().map(|(id, app)| app_to_wire(id.get(), app)).collect(),
        engine_available: snapshot.engine_available,
    }
}

fn app_to_wire(app_id: u64, app: &AppStatus) -> AppState {
    let (activity, percent) = match app.shown_activity() {
        Activity::Idle => (WireActivity::Idle, None),
        Activity::Downloading(percent) => (WireActivity::Downloading, Some(percent)),
        Activity::Installing => (WireActivity::Installing, None),
        Activity::Starting => (WireActivity::Starting, None),
        Activity::Stopping => (WireActivity::Stopping, None),
    };
    AppState {
        app_id,
        name: app.name.clone(),
        commit: app.commit.clone(),
        services: app
            .services
            .iter()
            .map(|(name, service)| service_to_wire(name.as_str(), service))
            .collect(),
        activity: activity.into(),
        download_progress_percent: percent,
        update_pending: app.update_pending,
        update_downloaded: app.update_downloaded,
        update_failed: app.update_failed,
        last_error: app.last_error.clone(),
        waiting_for: app.waiting_for.clone(),
        apply_waits_for: app.apply_waits_for.clone(),
        waiting_commit: app.waiting_commit.clone(),
        app_uuid: app.app_uuid.clone(),
        release_id: app.release_id,
        applied_by: applier(app.applied_by).into(),
        running_commit: app.running_commit.clone(),
        failed_release: app.failed.as_ref().map(failed_release),
    }
}

fn failed_release(failed: &FailedRelease) -> v1::FailedRelease {
    v1::FailedRelease {
        commit: failed.commit.clone(),
        restored_commit: failed.restored_commit.clone(),
        reason: failed.reason.clone(),
        at_s: failed.at_s,
    }
}

const fn applier(by: AppliedBy) -> Applier {
    match by {
        AppliedBy::Admin => Applier::Admin,
        AppliedBy::Frontend => Applier::Frontend,
    }
}

fn service_to_wire(name: &str, service: &ServiceStatus) -> ServiceState {
    ServiceState {
        name: name.to_owned(),
        image: service.image.clone(),
        should_run: service.should_run,
        container_id: service.container_id.clone(),
        container_state: service.container_state.clone(),
        health: service.health.clone(),
        image_id: service.image_id,
        service_id: service.service_id,
        made_because: service.made_because.clone(),
        made_at_s: service.made_at_s,
        container_image: service.container_image.clone(),
        container_commit: service.container_commit.clone(),
        download_progress_percent: service.download_percent,
    }
}
