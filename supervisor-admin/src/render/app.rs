//! Apps and their services.

use super::{
    paint::Tone,
    table::{Cell, table},
};
use crate::{
    output::one_line,
    views::{AppView, AppsView, FailedReleaseView, ServiceView},
};

/// How much of a commit or a container id is shown.
const SHORT: usize = 12;

/// All apps, one line each.
pub fn apps(view: &AppsView, coloured: bool) -> String {
    if view.apps.is_empty() {
        return "no apps: `supervisor-admin app apply compose.yaml --app-id ID` adds one\n".to_owned();
    }
    let row = |app: &AppView| {
        let (state, tone) = state(app);
        [
            Cell::new(&app.app_id.to_string()),
            Cell::new(&app.name),
            Cell::toned(&state, tone),
            Cell::new(&running(app)),
            Cell::new(short(&app.commit)),
        ]
    };
    let rows: Vec<_> = view.apps.iter().map(row).collect();
    let mut text = table(["APP", "NAME", "STATE", "RUNNING", "COMMIT"], &rows, coloured);
    for app in &view.apps {
        if let Some(failed) = &app.failed_release {
            let line = format!("app {}: release {}", app.app_id, release(failed));
            text.push_str(&one_line(&line));
            text.push('\n');
        }
    }
    if !view.engine_available {
        text.push_str("the engine does not answer: these are the last known states\n");
    }
    text
}

/// One app and its services.
pub fn app(app: &AppView, coloured: bool) -> String {
    let (state, _) = state(app);
    let mut text = format!(
        "app      {}\nname     {}\nstate    {state}\ncommit   {}\n",
        app.app_id,
        one_line(&app.name),
        one_line(&app.commit)
    );
    if let Some(running) = app.running_commit.as_ref().filter(|running| **running != app.commit) {
        text.push_str("running  ");
        text.push_str(&one_line(running));
        text.push_str(" was the last to run as it should\n");
    }
    if let Some(failed) = &app.failed_release {
        text.push_str("failed   ");
        text.push_str(&one_line(&release(failed)));
        text.push('\n');
    }
    if let Some(error) = &app.last_error {
        text.push_str("error    ");
        text.push_str(&one_line(error));
        text.push('\n');
    }
    for wait in &app.waiting_for {
        text.push_str("waiting  ");
        text.push_str(&one_line(wait));
        text.push('\n');
    }
    if let Some(update) = waiting(app) {
        text.extend(["update   ", &one_line(&update), "\n"]);
    }
    text.push('\n');
    let row = |service: &ServiceView| {
        let (state, tone) = service_state(service);
        [
            Cell::new(&service.name),
            Cell::toned(&state, tone),
            Cell::new(if service.should_run { "run" } else { "stop" }),
            Cell::new(service.health.as_deref().unwrap_or_default()),
            Cell::new(service.container_id.as_deref().map(short).unwrap_or_default()),
            Cell::new(&service.image),
        ]
    };
    let rows: Vec<_> = app.services.iter().map(row).collect();
    text += &table(["SERVICE", "STATE", "WANTED", "HEALTH", "CONTAINER", "IMAGE"], &rows, coloured);
    let made: Vec<String> = app.services.iter().filter_map(made).collect();
    if !made.is_empty() {
        text.push('\n');
    }
    text + &made.concat()
}

/// The update that waits for its time.
fn waiting(app: &AppView) -> Option<String> {
    let commit = app.waiting_commit.as_deref().map(|commit| format!("to {commit} ")).unwrap_or_default();
    let state = match (&app.apply_waits_for, app.update_downloaded) {
        (Some(what), true) => format!("is downloaded and waits for {what}"),
        (Some(what), false) => format!("waits for {what}"),
        (None, _) if commit.is_empty() => return None,
        // Its time has come.
        (None, _) => "is carried out as soon as it is downloaded".to_owned(),
    };
    Some(commit + &state)
}

/// What became of a release that was given up.
fn release(failed: &FailedReleaseView) -> String {
    let FailedReleaseView { commit, restored_commit, reason, at } = failed;
    let instead = match restored_commit {
        Some(restored) => format!("{} runs instead", short(restored)),
        None => "nothing may take its place".to_owned(),
    };
    format!("{} was given up {at}, {instead}: {reason}", short(commit))
}

/// Why the service's container is the one it is.
fn made(service: &ServiceView) -> Option<String> {
    let (because, at) = (service.made_because.as_deref()?, service.made_at.as_deref()?);
    Some(format!("{} was made {at} because {}\n", one_line(&service.name), one_line(because)))
}

fn state(app: &AppView) -> (String, Option<Tone>) {
    if let Some(percent) = app.download_progress_percent {
        return (format!("{} {percent}%", app.activity), Some(Tone::Busy));
    }
    if app.update_failed {
        return ("failed".to_owned(), Some(Tone::Bad));
    }
    let pending = app.activity == "idle" && app.update_pending;
    let tone = if pending || app.activity != "idle" { Tone::Busy } else { Tone::Good };
    (if pending { "pending" } else { app.activity }.to_owned(), Some(tone))
}

fn running(app: &AppView) -> String {
    let running = app.services.iter().filter(|service| is_running(service)).count();
    format!("{running}/{}", app.services.len())
}

fn is_running(service: &ServiceView) -> bool {
    service.container_state.as_deref() == Some("running")
}

fn service_state(service: &ServiceView) -> (String, Option<Tone>) {
    let state = service.container_state.clone().unwrap_or_else(|| "absent".to_owned());
    let good = is_running(service) == service.should_run && service.health.as_deref() != Some("unhealthy");
    (state, Some(if good { Tone::Good } else { Tone::Bad }))
}

fn short(text: &str) -> &str {
    text.char_indices().nth(SHORT).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}
