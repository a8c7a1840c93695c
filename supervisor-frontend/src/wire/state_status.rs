//! The body of `GET /v2/state/status`, as far as core knows it: the newer supervisor's `images` and `createdAt` are
//! not told.

use serde::Serialize;
use supervisor_proto::v1::{Activity, AppState, AppsState, ServiceState};

/// The device's state regarding its apps.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateStatus<'a> {
    status: &'static str,
    /// `applied`, or `applying` while anything is wanted that is not carried out.
    app_state: &'static str,
    /// Percentage of the first pull that is running.
    overall_download_progress: Option<u32>,
    containers: Vec<ContainerStatus<'a>>,
    /// Release of the first app.
    release: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ContainerStatus<'a> {
    status: &'static str,
    service_name: &'a str,
    app_id: u64,
    image_id: u64,
    service_id: u64,
    container_id: &'a str,
}

impl<'a> StateStatus<'a> {
    /// From what core says at the moment.
    pub fn of(state: &'a AppsState) -> Self {
        let containers =
            state.apps.iter().flat_map(|app| app.services.iter().map(move |service| (app, service)));
        let there = containers.filter(|(_, service)| !service.container_id.is_empty());
        Self {
            status: "success",
            app_state: if state.apps.iter().any(is_changing) { "applying" } else { "applied" },
            overall_download_progress: state.apps.iter().find_map(|app| app.download_progress_percent),
            containers: there.map(|(app, service)| ContainerStatus::of(app, service)).collect(),
            release: state.apps.first().map(|app| app.commit.as_str()).filter(|commit| !commit.is_empty()),
        }
    }
}

fn is_changing(app: &AppState) -> bool {
    app.update_pending || app.activity() != Activity::Idle
}

impl<'a> ContainerStatus<'a> {
    fn of(app: &AppState, service: &'a ServiceState) -> Self {
        Self {
            status: shown_state(&service.container_state),
            service_name: &service.name,
            app_id: app.app_id,
            image_id: service.image_id,
            service_id: service.service_id,
            container_id: &service.container_id,
        }
    }
}

/// The newer supervisor's word for what the engine calls a container's state.
pub(super) fn shown_state(container_state: &str) -> &'static str {
    match container_state {
        "running" | "restarting" | "paused" => "Running",
        "created" => "Installed",
        _ => "Stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, container_id: &str, state: &str) -> ServiceState {
        ServiceState {
            name: name.to_owned(),
            container_id: container_id.to_owned(),
            container_state: state.to_owned(),
            image_id: 7,
            service_id: 3,
            ..ServiceState::default()
        }
    }

    fn json(apps: Vec<AppState>) -> String {
        serde_json::to_string(&StateStatus::of(&AppsState { apps, engine_available: true })).unwrap()
    }

    #[test]
    fn state_without_apps_is_applied() {
        assert_eq!(
            json(vec![]),
            r#"{"status":"success","appState":"applied","overallDownloadProgress":null,"containers":[],"release":null}"#
        );
    }

    #[test]
    fn state_shows_the_containers_that_are_there() {
        let services =
            vec![service("main", "5f4c", "running"), service("db", "77", "exited"), service("x", "", "")];
        let app = AppState { app_id: 42, commit: "c0ffee".to_owned(), services, ..AppState::default() };
        assert_eq!(
            json(vec![app]),
            concat!(
                r#"{"status":"success","appState":"applied","overallDownloadProgress":null,"containers":["#,
                r#"{"status":"Running","serviceName":"main","appId":42,"imageId":7,"serviceId":3,"containerId":"5f4c"},"#,
                r#"{"status":"Stopped","serviceName":"db","appId":42,"imageId":7,"serviceId":3,"containerId":"77"}"#,
                r#"],"release":"c0ffee"}"#
            )
        );
    }

    #[test]
    fn state_of_an_app_that_is_busy_or_has_a_change_pending_is_applying() {
        let busy = AppState {
            activity: Activity::Downloading.into(),
            download_progress_percent: Some(45),
            ..AppState::default()
        };
        let pending = AppState { update_pending: true, ..AppState::default() };
        assert!(
            json(vec![AppState::default(), busy])
                .contains(r#""appState":"applying","overallDownloadProgress":45"#)
        );
        assert!(json(vec![pending]).contains(r#""appState":"applying""#));
    }
}
