//! The JSON of every answer. The field names are a contract with scripts, documented in
//! `docs/admin.md`: fields are added, never renamed; units are in the names.

mod doctor;
mod event;
mod plan;
mod policy;

use serde::Serialize;
use supervisor_proto::v1::{self, Activity, Role};

use crate::{cloud_standing::CloudStanding, timestamp};

pub use self::{
    doctor::DoctorView,
    event::{EventView, WhatView},
    plan::{ChangeView, PlanView, StepView},
    policy::{ExplainView, PolicyView},
};

/// An error, on stderr.
#[derive(Debug, Serialize)]
pub struct ErrorBody {
    pub error: ErrorView,
}

/// What went wrong.
#[derive(Debug, Serialize)]
pub struct ErrorView {
    pub reason: &'static str,
    pub subject: String,
    pub message: String,
    /// Only for a compose or policy file that is not accepted: everything that is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<String>,
}

/// `status`.
#[derive(Debug, Serialize)]
pub struct StatusView {
    pub core_version: String,
    pub contract_version: u32,
    pub role: &'static str,
    pub engine_available: bool,
    pub heartbeat: HeartbeatView,
    /// As `cloud` of `GET /v1/device`; null where it cannot be asked.
    pub cloud: Option<CloudStanding>,
    pub apps: Vec<AppView>,
}

/// `tcp-ping status`.
#[derive(Debug, Serialize)]
pub struct HeartbeatView {
    pub enabled: bool,
    pub online: bool,
    pub vpn_active: bool,
    pub endpoint: Option<String>,
}

/// `app list`.
#[derive(Debug, Serialize)]
pub struct AppsView {
    pub engine_available: bool,
    pub apps: Vec<AppView>,
}

/// `app show`.
#[derive(Debug, Serialize)]
pub struct AppView {
    pub app_id: u64,
    pub name: String,
    pub commit: String,
    pub activity: &'static str,
    pub download_progress_percent: Option<u32>,
    pub update_pending: bool,
    pub update_downloaded: bool,
    pub update_failed: bool,
    pub last_error: Option<String>,
    pub waiting_for: Vec<String>,
    pub apply_waits_for: Option<String>,
    pub waiting_commit: Option<String>,
    pub running_commit: Option<String>,
    pub failed_release: Option<FailedReleaseView>,
    pub services: Vec<ServiceView>,
}

/// A release that was given up.
#[derive(Debug, Serialize)]
pub struct FailedReleaseView {
    pub commit: String,
    pub restored_commit: Option<String>,
    pub reason: String,
    pub at: String,
}

/// A service of an app.
#[derive(Debug, Serialize)]
pub struct ServiceView {
    pub name: String,
    pub image: String,
    pub should_run: bool,
    pub container_id: Option<String>,
    pub container_state: Option<String>,
    pub health: Option<String>,
    pub made_because: Option<String>,
    pub made_at: Option<String>,
    pub container_image: Option<String>,
    pub container_commit: Option<String>,
}

/// A verb that was carried out on an app.
#[derive(Debug, Serialize)]
pub struct DoneView {
    pub action: &'static str,
    pub app_id: u64,
    pub services: Vec<String>,
}

/// `app apply`.
#[derive(Debug, Serialize)]
pub struct AppliedView {
    pub action: &'static str,
    pub app_id: u64,
    pub name: String,
    pub commit: String,
    /// What the owner should know of the target, a sentence each.
    pub warnings: Vec<String>,
}

/// `reboot` and `shutdown`.
#[derive(Debug, Serialize)]
pub struct PowerView {
    pub action: &'static str,
    pub delay_ms: u64,
}

/// `update`.
#[derive(Debug, Serialize)]
pub struct UpdateView {
    pub action: &'static str,
    pub force: bool,
    pub cancel: bool,
    pub apply: bool,
}

/// `tcp-ping on` and `off`.
#[derive(Debug, Serialize)]
pub struct SwitchView {
    pub enabled: bool,
}

/// `key show` and `key rotate`.
#[derive(Serialize)]
pub struct KeyView {
    pub api_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u32>,
}

/// One line of `app logs`.
#[derive(Debug, Serialize)]
pub struct LogView<'a> {
    pub stream: &'static str,
    /// Only with `--timestamps`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<&'a str>,
    pub line: &'a str,
}

impl From<v1::ConnectivityState> for HeartbeatView {
    fn from(state: v1::ConnectivityState) -> Self {
        Self {
            enabled: state.heartbeat_enabled,
            online: state.online,
            vpn_active: state.vpn_active,
            endpoint: filled(state.endpoint),
        }
    }
}

impl From<v1::AppsState> for AppsView {
    fn from(state: v1::AppsState) -> Self {
        let mut apps: Vec<AppView> = state.apps.into_iter().map(AppView::from).collect();
        apps.sort_by_key(|app| app.app_id);
        Self { engine_available: state.engine_available, apps }
    }
}

impl From<v1::AppState> for AppView {
    fn from(app: v1::AppState) -> Self {
        let activity = activity_word(app.activity());
        let mut services: Vec<ServiceView> = app.services.into_iter().map(ServiceView::from).collect();
        services.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            app_id: app.app_id,
            name: app.name,
            commit: app.commit,
            activity,
            download_progress_percent: app.download_progress_percent,
            update_pending: app.update_pending,
            update_downloaded: app.update_downloaded,
            update_failed: app.update_failed,
            last_error: filled(app.last_error),
            waiting_for: app.waiting_for,
            apply_waits_for: filled(app.apply_waits_for),
            waiting_commit: filled(app.waiting_commit),
            running_commit: filled(app.running_commit),
            failed_release: app.failed_release.map(FailedReleaseView::from),
            services,
        }
    }
}

impl From<v1::FailedRelease> for FailedReleaseView {
    fn from(failed: v1::FailedRelease) -> Self {
        Self {
            commit: failed.commit,
            restored_commit: filled(failed.restored_commit),
            reason: failed.reason,
            at: timestamp::of_s(failed.at_s),
        }
    }
}

impl From<v1::ServiceState> for ServiceView {
    fn from(service: v1::ServiceState) -> Self {
        Self {
            name: service.name,
            image: service.image,
            should_run: service.should_run,
            container_id: filled(service.container_id),
            container_state: filled(service.container_state),
            health: filled(service.health),
            made_because: filled(service.made_because),
            made_at: (service.made_at_s != 0).then(|| timestamp::of_s(service.made_at_s)),
            container_image: filled(service.container_image),
            container_commit: filled(service.container_commit),
        }
    }
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// What an app is doing, in one word.
pub const fn activity_word(activity: Activity) -> &'static str {
    match activity {
        Activity::Idle => "idle",
        Activity::Downloading => "downloading",
        Activity::Installing => "installing",
        Activity::Starting => "starting",
        Activity::Stopping => "stopping",
    }
}

/// The role that core gives this tool.
pub const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Unspecified => "none",
        Role::Frontend => "frontend",
        Role::Admin => "admin",
    }
}

#[cfg(test)]
mod documentation_tests;
