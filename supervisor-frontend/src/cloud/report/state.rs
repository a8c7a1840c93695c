//! What runs, in the cloud's words: from core's state of the apps to `apps` of a report.
//!
//! The cloud takes `apps` whole: an image that is not in it counts as deleted, and one release or image that it does
//! not know makes it refuse all. So only apps that were applied for the cloud are in it, each image as the target named it.

use std::collections::BTreeMap;

use serde::Serialize;
use supervisor_proto::v1::{Activity, AppState, Applier, AppsState, ServiceState};

/// By the app's uuid.
pub type AppReports = BTreeMap<String, AppReport>;

/// One app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AppReport {
    /// The release that runs whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_uuid: Option<String>,
    /// By commit: the release that is wanted, one that still runs, and one that was given up.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub releases: BTreeMap<String, ReleaseReport>,
}

/// One release of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReleaseReport {
    /// How far the device is with it; absent for a release that is on its way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_status: Option<UpdateStatus>,
    /// By name.
    pub services: BTreeMap<String, ServiceReport>,
}

/// One service of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceReport {
    /// As the target names it.
    pub image: String,
    /// What its container or image is doing.
    pub status: &'static str,
    /// Percent of its image; null where nothing is being pulled.
    pub download_progress: Option<u32>,
}

/// How far a device is with a release; the words are the contract's, which knows no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum UpdateStatus {
    /// It did not become healthy, was taken back, and is not tried again; or it is not allowed or not understood here.
    #[serde(rename = "rejected")]
    Rejected,
    /// The last attempt failed; there will be another.
    #[serde(rename = "aborted")]
    Aborted,
    /// Its images are being pulled.
    #[serde(rename = "downloading")]
    Downloading,
    /// Its images are here, and it waits for something.
    #[serde(rename = "downloaded")]
    Downloaded,
    /// Its containers are being made and started.
    #[serde(rename = "applying changes")]
    ApplyingChanges,
    /// It is as it should be.
    #[serde(rename = "done")]
    Done,
}

/// The apps that are the cloud's. `refused` are releases that are not carried out: the commit, by the app's uuid.
pub fn apps(state: &AppsState, refused: &BTreeMap<String, String>) -> AppReports {
    let is_the_clouds = |app: &&AppState| app.applied_by() == Applier::Frontend && !app.app_uuid.is_empty();
    let of_the_cloud = state.apps.iter().filter(is_the_clouds);
    let mut reports: AppReports = of_the_cloud.map(|app| (app.app_uuid.clone(), report(app))).collect();
    for (uuid, commit) in refused {
        let release = reports.entry(uuid.clone()).or_default().releases.entry(commit.clone()).or_default();
        // One that runs with other variables is what it is.
        release.update_status.get_or_insert(UpdateStatus::Rejected);
    }
    reports
}

fn report(app: &AppState) -> AppReport {
    // Without a commit it has not been filled in yet; without services its commit is core's own, not the cloud's.
    if app.commit.is_empty() || app.services.is_empty() {
        return AppReport::default();
    }
    let mut releases: BTreeMap<String, ReleaseReport> = BTreeMap::new();
    let wanted = releases.entry(app.commit.clone()).or_default();
    wanted.update_status = Some(update_status(app));
    for service in &app.services {
        let is_replaced = runs_another(app, service);
        let commit = if is_replaced { &service.container_commit } else { &app.commit };
        let image = if is_replaced { &service.container_image } else { &service.image };
        let status = container_status(app, service);
        if let Some(status) = status {
            let told = ServiceReport { image: image.clone(), status, download_progress: None };
            releases.entry(commit.clone()).or_default().services.insert(service.name.clone(), told);
        }
        if is_replaced || status.is_none() {
            let wanted = releases.entry(app.commit.clone()).or_default();
            wanted.services.insert(service.name.clone(), image_report(app, service));
        }
    }
    if waits_for_its_time(app) && app.waiting_commit != app.commit {
        releases.entry(app.waiting_commit.clone()).or_default().update_status = Some(waiting_status(app));
    }
    if let Some(failed) = &app.failed_release
        && failed.commit != app.commit
    {
        releases.entry(failed.commit.clone()).or_default().update_status = Some(UpdateStatus::Rejected);
    }
    AppReport { release_uuid: running_release(app), releases }
}

/// Whether the service's container was made from an image of another release.
fn runs_another(app: &AppState, service: &ServiceState) -> bool {
    app.update_pending
        && !service.container_commit.is_empty()
        && service.container_commit != app.commit
        && service.container_image != service.image
}

fn running_release(app: &AppState) -> Option<String> {
    if !app.running_commit.is_empty() {
        return Some(app.running_commit.clone());
    }
    let is_settled = !app.update_pending || waits_for_its_time(app);
    let is_up = |service: &ServiceState| !service.should_run || service.container_state == "running";
    (is_settled && !app.services.is_empty() && app.services.iter().all(is_up)).then(|| app.commit.clone())
}

fn update_status(app: &AppState) -> UpdateStatus {
    if app.failed_release.as_ref().is_some_and(|failed| failed.commit == app.commit) {
        return UpdateStatus::Rejected;
    }
    if !app.update_pending {
        return UpdateStatus::Done;
    }
    match app.activity() {
        Activity::Idle | Activity::Downloading if waits_for_its_time(app) => UpdateStatus::Done,
        Activity::Installing | Activity::Starting | Activity::Stopping => UpdateStatus::ApplyingChanges,
        Activity::Idle if app.update_failed => UpdateStatus::Aborted,
        Activity::Idle if app.update_downloaded => UpdateStatus::Downloaded,
        Activity::Downloading | Activity::Idle => UpdateStatus::Downloading,
    }
}

/// Whether an update is only downloaded for now: then the release that runs is the app's target.
const fn waits_for_its_time(app: &AppState) -> bool {
    !app.waiting_commit.is_empty()
}

fn waiting_status(app: &AppState) -> UpdateStatus {
    if app.update_downloaded {
        UpdateStatus::Downloaded
    } else if app.update_failed {
        UpdateStatus::Aborted
    } else {
        UpdateStatus::Downloading
    }
}

/// The contract's word for what the container does; `None` without one.
fn container_status(app: &AppState, service: &ServiceState) -> Option<&'static str> {
    let is_starting = app.activity() == Activity::Starting;
    Some(match service.container_state.as_str() {
        "" => return None,
        "created" if is_starting => "Starting",
        "created" => "Installed",
        "running" => "Running",
        "restarting" => "restarting",
        "paused" => "paused",
        "exited" if service.should_run => "exited",
        "exited" => "Stopped",
        "removing" => "removing",
        "dead" => "Dead",
        _ => "Unknown",
    })
}

/// A service of the wanted release that has no container yet.
fn image_report(app: &AppState, service: &ServiceState) -> ServiceReport {
    let pulling = service.download_progress_percent;
    let status = match app.activity() {
        _ if pulling.is_some_and(|percent| percent < 100) => "Downloading",
        Activity::Downloading if !app.update_downloaded && pulling.is_none() => "Downloading",
        Activity::Installing => "Installing",
        _ if app.update_downloaded || pulling.is_some() => "Downloaded",
        _ => "Idle",
    };
    let download_progress = pulling.filter(|_| status == "Downloading");
    ServiceReport { image: service.image.clone(), status, download_progress }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
