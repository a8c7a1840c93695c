//! `app list|show|start|stop|restart|purge|remove`.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
    sync::Arc,
};

use serde_json::json;
use supervisor_proto::v1;
use tokio::sync::Notify;

use crate::{
    events::{event, step_begun},
    fake_core::FakeCore,
    tool::{command, run},
};

#[test]
fn app_list_as_json_is_sorted_by_id() {
    let core = FakeCore::start();
    let list = run(&core.socket(), &["app", "list", "--json"]).json();
    let ids: Vec<_> = list["apps"].as_array().unwrap().iter().map(|app| app["app_id"].clone()).collect();
    assert_eq!(ids, [7, 2167]);
    assert_eq!(list["engine_available"], true);
}

#[test]
fn app_list_as_text_is_an_aligned_table() {
    let core = FakeCore::start_with(|script| script.state.apps.truncate(1));
    let run = run(&core.socket(), &["app", "list"]);
    let expected = "APP   NAME  STATE  RUNNING  COMMIT\n2167  demo  idle   1/2      c0ffee000000\n";
    assert_eq!(run.stdout, expected);
}

#[test]
fn app_show_as_text_lists_services() {
    let core = FakeCore::start_with(|script| {
        script.state.apps[0].last_error = "no space\nleft".to_owned();
        script.state.apps[0].waiting_for = vec!["web waits for db to be healthy".to_owned()];
    });
    let run = run(&core.socket(), &["app", "show", "2167"]);
    let expected = "\
app      2167
name     demo
state    idle
commit   c0ffee0000000000
error    no space left
waiting  web waits for db to be healthy

SERVICE  STATE    WANTED  HEALTH   CONTAINER     IMAGE
db       exited   run     -        0123456789ab  registry.example/db:1
web      running  run     healthy  0123456789ab  registry.example/web:1

web was made 2023-11-14T22:13:20Z because image changed
";
    assert_eq!(run.stdout, expected);
}

#[test]
fn app_show_as_json_has_the_documented_fields() {
    let core = FakeCore::start();
    let app = run(&core.socket(), &["--json", "app", "show", "2167"]).json();
    let expected = json!({
        "app_id": 2167, "name": "demo", "commit": "c0ffee0000000000", "activity": "idle",
        "download_progress_percent": null, "update_pending": false, "update_downloaded": false,
        "update_failed": false, "last_error": null, "waiting_for": [], "apply_waits_for": null, "waiting_commit": null,
        "running_commit": null, "failed_release": null,
        "services": [
            {"name": "db", "image": "registry.example/db:1", "should_run": true,
             "container_id": "0123456789abcdef0123", "container_state": "exited", "health": null,
             "made_because": null, "made_at": "2023-11-14T22:13:20Z",
             "container_image": null, "container_commit": null},
            {"name": "web", "image": "registry.example/web:1", "should_run": true,
             "container_id": "0123456789abcdef0123", "container_state": "running", "health": "healthy",
             "made_because": "image changed", "made_at": "2023-11-14T22:13:20Z",
             "container_image": null, "container_commit": null},
        ],
    });
    assert_eq!(app, expected);
}

fn with_failed_release(restored: &str) -> FakeCore {
    let failed = v1::FailedRelease {
        commit: "badbadbadbadbad".to_owned(),
        restored_commit: restored.to_owned(),
        reason: "web is not healthy after 60 s\n".to_owned(),
        at_s: 1_700_000_000,
    };
    FakeCore::start_with(|script| {
        "older".clone_into(&mut script.state.apps[0].running_commit);
        script.state.apps[0].failed_release = Some(failed);
    })
}

#[test]
fn release_that_was_given_up_is_shown_and_listed() {
    let core = with_failed_release("c0ffee0000000000");
    let shown = run(&core.socket(), &["app", "show", "2167"]).stdout;
    let said =
        "badbadbadbad was given up 2023-11-14T22:13:20Z, c0ffee000000 runs instead: web is not healthy";
    for line in [format!("failed   {said}"), "running  older was the last to run as it should".to_owned()] {
        assert!(shown.contains(&line), "{line}: {shown}");
    }
    let list = run(&core.socket(), &["app", "list"]).stdout;
    assert!(list.contains(&format!("app 2167: release {said}")), "{list}");
    let json = run(&core.socket(), &["--json", "app", "show", "2167"]).json();
    assert_eq!(json["failed_release"]["restored_commit"], "c0ffee0000000000");
    assert_eq!(json["failed_release"]["at"], "2023-11-14T22:13:20Z");
    let stays = run(&with_failed_release("").socket(), &["app", "show", "2167"]).stdout;
    assert!(stays.contains("nothing may take its place"), "{stays}");
}

#[test]
fn app_show_of_an_unknown_app_is_not_found() {
    let core = FakeCore::start();
    let run = run(&core.socket(), &["app", "show", "1"]);
    assert_eq!(run.code, 66);
    assert_eq!(run.stderr, "supervisor-admin: app 1 not found: `supervisor-admin app list` shows the apps\n");
}

#[test]
fn app_verbs_reach_their_call_with_app_force_and_services() {
    for (verb, done) in [("start", "started"), ("stop", "stopped"), ("restart", "restarted")] {
        let core = FakeCore::start();
        let run =
            run(&core.socket(), &["app", verb, "2167", "--force", "--service", "web", "--service", "db"]);
        assert_eq!((run.code, run.stdout), (0, format!("web, db of app 2167 {done}\n")));
        let script = core.script();
        assert_eq!(script.calls, ["follow 2167", verb]);
        let asked = script.asked.clone().unwrap();
        assert_eq!((asked.app_id, asked.force), (2167, true));
        assert_eq!(asked.services, ["web", "db"]);
    }
}

#[test]
fn dangerous_app_verbs_with_yes_are_carried_out() {
    for (verb, done) in [("purge", "purged"), ("remove", "removed")] {
        let core = FakeCore::start();
        let run = run(&core.socket(), &["app", verb, "2167", "-y"]);
        assert_eq!((run.code, run.stdout), (0, format!("app 2167 {done}\n")));
        assert_eq!(core.script().calls, ["follow 2167", verb]);
        assert!(!core.script().asked.as_ref().unwrap().force);
    }
}

#[test]
fn app_verbs_as_json_name_action_and_app() {
    let core = FakeCore::start();
    for verb in ["start", "stop", "restart", "purge", "remove"] {
        let done = run(&core.socket(), &["--json", "--yes", "app", verb, "2167"]).json();
        assert_eq!(done, json!({"action": verb, "app_id": 2167, "services": []}));
    }
}

#[test]
fn purge_and_remove_take_no_service() {
    let core = FakeCore::start();
    for verb in ["purge", "remove"] {
        let run = run(&core.socket(), &["app", verb, "2167", "-y", "--service", "web"]);
        assert_eq!(run.code, 64, "{run:?}");
    }
    assert!(core.script().calls.is_empty());
}

#[test]
fn action_without_a_terminal_tells_its_steps_in_plain_lines_on_stderr() {
    let hold = Arc::new(Notify::new());
    let core = FakeCore::start_with(|script| {
        script.hold_apply = Some(Arc::clone(&hold));
        script.events = vec![event(7, step_begun())];
    });
    let file = core.folder().join("compose.yaml");
    std::fs::write(&file, "services: {a: {image: b}}").unwrap();
    let words = ["app", "apply", file.to_str().unwrap(), "--app-id", "7", "--name", "x"];
    let mut command = command(&core.socket(), &words);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "app 7: [1/3] create container of web, because image changed\n");
    hold.notify_one();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "app 7 (x) applied, commit abc123\n");
}

#[test]
fn action_as_json_follows_no_steps() {
    let core = FakeCore::start();
    let run = run(&core.socket(), &["--json", "app", "restart", "2167"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(core.script().calls, ["restart"]);
}

#[test]
fn action_goes_on_although_its_steps_cannot_be_followed() {
    let core = FakeCore::start_with(|script| script.follow_fails = true);
    let run = run(&core.socket(), &["app", "restart", "2167"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "app 2167 restarted\n", ""));
}
