use serde_json::{Value, json};
use supervisor_proto::v1::FailedRelease;

use super::*;

const UUID: &str = "2fa384cfcefb49e69e0669e3f88d1cf5";

fn running(name: &str, image: &str) -> ServiceState {
    ServiceState {
        name: name.to_owned(),
        image: image.to_owned(),
        should_run: true,
        container_state: "running".to_owned(),
        container_image: image.to_owned(),
        container_commit: "new".to_owned(),
        ..ServiceState::default()
    }
}

fn app(services: Vec<ServiceState>) -> AppState {
    AppState {
        app_id: 1,
        app_uuid: UUID.to_owned(),
        commit: "new".to_owned(),
        applied_by: Applier::Frontend.into(),
        services,
        ..AppState::default()
    }
}

/// During an update from release `old`, whose container runs.
fn updating(activity: Activity) -> AppState {
    let main = ServiceState {
        container_image: "registry/v2/old".to_owned(),
        container_commit: "old".to_owned(),
        ..running("main", "registry/v2/new")
    };
    AppState {
        activity: activity.into(),
        update_pending: true,
        running_commit: "old".to_owned(),
        ..app(vec![main])
    }
}

fn reported(app: AppState) -> Value {
    let state = AppsState { apps: vec![app], engine_available: true };
    serde_json::to_value(apps(&state, &BTreeMap::new())).unwrap()[UUID].clone()
}

#[test]
fn app_that_runs_as_wanted_is_done_with_its_image_as_the_target_names_it() {
    let image = "registry/v2/aa@sha256:00";
    assert_eq!(
        reported(app(vec![running("main", image)])),
        json!({ "release_uuid": "new", "releases": { "new": { "update_status": "done", "services": {
            "main": { "image": image, "status": "Running", "download_progress": null },
        } } } })
    );
}

#[test]
fn app_of_the_owner_or_without_a_uuid_is_nobodys_business() {
    let owners = AppState { applied_by: Applier::Admin.into(), ..app(vec![]) };
    let nameless = AppState { app_uuid: String::new(), ..app(vec![]) };
    assert!(
        apps(&AppsState { apps: vec![owners, nameless], engine_available: true }, &BTreeMap::new())
            .is_empty()
    );
}

#[test]
fn update_that_waits_for_its_time_is_shown_beside_the_release_that_runs() {
    let waiting = |update_downloaded, update_failed| {
        let state = AppState {
            update_pending: true,
            update_downloaded,
            update_failed,
            waiting_commit: "next".to_owned(),
            ..app(vec![running("main", "image")])
        };
        reported(state)
    };
    let told = waiting(true, false);
    assert_eq!(told["release_uuid"], "new");
    assert_eq!(told["releases"]["new"]["update_status"], "done");
    assert_eq!(told["releases"]["new"]["services"]["main"]["status"], "Running");
    assert_eq!(told["releases"]["next"], json!({ "update_status": "downloaded", "services": {} }));
    assert_eq!(waiting(false, false)["releases"]["next"]["update_status"], "downloading");
    assert_eq!(waiting(false, true)["releases"]["next"]["update_status"], "aborted");
}

#[test]
fn release_that_core_refuses_is_rejected_beside_the_one_that_runs() {
    let refused = |commit: &str| {
        let state = AppsState { apps: vec![app(vec![running("main", "image")])], engine_available: true };
        let refused = [(UUID.to_owned(), commit.to_owned()), ("other".to_owned(), "first".to_owned())];
        serde_json::to_value(apps(&state, &refused.into())).unwrap()
    };
    let told = refused("newer");
    assert_eq!(told[UUID]["release_uuid"], "new");
    assert_eq!(told[UUID]["releases"]["new"]["update_status"], "done");
    assert_eq!(told[UUID]["releases"]["newer"], json!({ "update_status": "rejected", "services": {} }));
    assert_eq!(told["other"]["releases"]["first"]["update_status"], "rejected");
    assert_eq!(refused("new")[UUID]["releases"]["new"]["update_status"], "done", "other variables of it");
}

#[test]
fn app_that_core_has_not_looked_at_is_reported_empty() {
    assert_eq!(reported(AppState { commit: String::new(), ..app(vec![]) }), json!({}));
}

/// Core has a commit of its own for it, which the cloud does not know.
#[test]
fn app_without_a_release_is_reported_empty() {
    assert_eq!(reported(app(vec![])), json!({}));
}

#[test]
fn update_that_is_pulled_shows_what_runs_and_how_far_the_new_image_is() {
    let mut app = updating(Activity::Downloading);
    app.services[0].download_progress_percent = Some(42);
    assert_eq!(
        reported(app),
        json!({ "release_uuid": "old", "releases": {
            "old": { "services": {
                "main": { "image": "registry/v2/old", "status": "Running", "download_progress": null } } },
            "new": { "update_status": "downloading", "services": {
                "main": { "image": "registry/v2/new", "status": "Downloading", "download_progress": 42 } } },
        } })
    );
}

#[test]
fn update_status_follows_what_the_app_does() {
    let downloaded = |activity| AppState { update_downloaded: true, ..updating(activity) };
    for (app, word) in [
        (updating(Activity::Downloading), "downloading"),
        (updating(Activity::Idle), "downloading"),
        (downloaded(Activity::Idle), "downloaded"),
        (downloaded(Activity::Installing), "applying changes"),
        (downloaded(Activity::Stopping), "applying changes"),
        (AppState { update_failed: true, ..downloaded(Activity::Idle) }, "aborted"),
        (AppState { update_failed: true, ..updating(Activity::Downloading) }, "downloading"),
    ] {
        let shown = format!("{app:?}");
        assert_eq!(reported(app)["releases"]["new"]["update_status"], word, "{shown}");
    }
}

#[test]
fn release_that_was_given_up_is_rejected_beside_the_one_that_runs() {
    let failed = FailedRelease { commit: "bad".to_owned(), ..FailedRelease::default() };
    let found = reported(AppState { failed_release: Some(failed), ..app(vec![running("main", "i")]) });
    assert_eq!(found["releases"]["bad"], json!({ "update_status": "rejected", "services": {} }));
    assert_eq!(found["releases"]["new"]["update_status"], "done");
}

#[test]
fn service_that_stays_as_it_is_counts_to_the_wanted_release() {
    let mut app = updating(Activity::Installing);
    app.services[0].image = app.services[0].container_image.clone();
    let found = reported(app);
    assert_eq!(found["releases"]["new"]["services"]["main"]["status"], "Running");
    assert!(found["releases"].get("old").is_none());
}

#[test]
fn container_states_become_words_that_the_cloud_knows() {
    for (state, should_run, word) in [
        ("created", true, "Installed"),
        ("running", true, "Running"),
        ("restarting", true, "restarting"),
        ("paused", true, "paused"),
        ("exited", true, "exited"),
        ("exited", false, "Stopped"),
        ("removing", true, "removing"),
        ("dead", true, "Dead"),
        ("something new", true, "Unknown"),
    ] {
        let service =
            ServiceState { container_state: state.to_owned(), should_run, ..running("main", "image") };
        assert_eq!(reported(app(vec![service]))["releases"]["new"]["services"]["main"]["status"], word);
    }
}

#[test]
fn release_does_not_run_while_a_service_that_should_is_down() {
    let down = ServiceState { container_state: "exited".to_owned(), ..running("main", "image") };
    assert_eq!(reported(app(vec![down.clone()])).get("release_uuid"), None);
    let stopped = ServiceState { should_run: false, ..down };
    assert_eq!(reported(app(vec![stopped]))["release_uuid"], "new");
}

#[test]
fn first_release_shows_its_images_before_there_are_containers() {
    let bare = ServiceState {
        container_state: String::new(),
        container_image: String::new(),
        container_commit: String::new(),
        ..running("main", "image")
    };
    let pending = |activity: Activity, update_downloaded, percent| {
        let service = ServiceState { download_progress_percent: percent, ..bare.clone() };
        let state = AppState {
            activity: activity.into(),
            update_pending: true,
            update_downloaded,
            ..app(vec![service])
        };
        reported(state)["releases"]["new"]["services"]["main"].clone()
    };
    let words = |found: Value| (found["status"].clone(), found["download_progress"].clone());
    assert_eq!(words(pending(Activity::Downloading, false, Some(7))), (json!("Downloading"), json!(7)));
    assert_eq!(words(pending(Activity::Downloading, false, Some(100))), (json!("Downloaded"), Value::Null));
    assert_eq!(words(pending(Activity::Downloading, false, None)), (json!("Downloading"), Value::Null));
    assert_eq!(words(pending(Activity::Idle, true, None)), (json!("Downloaded"), Value::Null));
    assert_eq!(words(pending(Activity::Installing, true, None)), (json!("Installing"), Value::Null));
    assert_eq!(words(pending(Activity::Idle, false, None)), (json!("Idle"), Value::Null));
}
