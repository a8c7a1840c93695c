//! What `/v1/device` needs of the apps' state.

use serde::Serialize;
use supervisor_proto::v1::{Activity, AppState, AppsState};

/// The device's status regarding its apps, in the original's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Status {
    /// Nothing is in progress.
    #[default]
    Idle,
    /// An image is being pulled.
    Downloading,
    /// Containers are being made.
    Installing,
    /// Containers are being started.
    Starting,
    /// Containers are being stopped.
    Stopping,
}

/// The apps' state in the few words of `/v1/device`; kept instead of the state itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppsSummary {
    /// What the first busy app does.
    pub status: Status,
    /// Percentage of the first pull that is running.
    pub download_progress: Option<u32>,
    /// The release of the first app.
    pub commit: Option<String>,
    /// Any app has a change that is wanted and not carried out.
    pub update_pending: bool,
    /// Any app has the images of its pending change.
    pub update_downloaded: bool,
    /// The last cycle of any app failed.
    pub update_failed: bool,
}

impl AppsSummary {
    /// Sums up what core streamed.
    pub fn of(state: &AppsState) -> Self {
        let apps = &state.apps;
        Self {
            status: apps.iter().map(status).find(|status| *status != Status::Idle).unwrap_or_default(),
            download_progress: apps.iter().find_map(|app| app.download_progress_percent),
            commit: apps.first().map(|app| app.commit.clone()).filter(|commit| !commit.is_empty()),
            update_pending: apps.iter().any(|app| app.update_pending),
            update_downloaded: apps.iter().any(|app| app.update_downloaded),
            update_failed: apps.iter().any(|app| app.update_failed),
        }
    }

    /// What is still true when core is gone: nobody works on an app.
    #[must_use]
    pub fn without_core(&self) -> Self {
        Self { status: Status::Idle, download_progress: None, ..self.clone() }
    }
}

fn status(app: &AppState) -> Status {
    match app.activity() {
        Activity::Idle => Status::Idle,
        Activity::Downloading => Status::Downloading,
        Activity::Installing => Status::Installing,
        Activity::Starting => Status::Starting,
        Activity::Stopping => Status::Stopping,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_without_core_keeps_facts_and_drops_what_is_going_on() {
        let busy = AppsSummary {
            status: Status::Downloading,
            download_progress: Some(45),
            commit: Some("c".to_owned()),
            update_pending: true,
            ..AppsSummary::default()
        };
        let left = AppsSummary { status: Status::Idle, download_progress: None, ..busy.clone() };
        assert_eq!(busy.without_core(), left);
    }

    fn app(activity: Activity, commit: &str) -> AppState {
        AppState { activity: activity.into(), commit: commit.to_owned(), ..AppState::default() }
    }

    fn summary(apps: Vec<AppState>) -> AppsSummary {
        AppsSummary::of(&AppsState { apps, engine_available: true })
    }

    #[test]
    fn summary_of_no_app_is_idle() {
        assert_eq!(summary(vec![]), AppsSummary::default());
    }

    #[test]
    fn summary_of_two_apps_shows_the_busy_one_and_the_first_commit() {
        let busy = AppState {
            download_progress_percent: Some(84),
            update_pending: true,
            ..app(Activity::Downloading, "c2")
        };
        let found = summary(vec![app(Activity::Idle, "c1"), busy, app(Activity::Stopping, "c3")]);
        assert_eq!(
            found,
            AppsSummary {
                status: Status::Downloading,
                download_progress: Some(84),
                commit: Some("c1".to_owned()),
                update_pending: true,
                update_downloaded: false,
                update_failed: false,
            }
        );
    }

    #[test]
    fn summary_of_an_activity_that_a_newer_core_invented_is_idle() {
        let unknown = AppState { activity: 99, ..AppState::default() };
        assert_eq!(summary(vec![unknown]).status, Status::Idle);
    }
}
