//! Releases on trial, on the real engine: the frontend's user applies them through the real programs.
#![allow(clippy::indexing_slicing, reason = "a JSON value's index answers null where there is nothing")]

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use serde_json::Value;
use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::wait::{check, wait_until};

const IN_TIME: Duration = Duration::from_mins(5);

const GOOD: &str = "echo good >>/data/notes; exec sleep 1000000";
/// Not more often: where Podman has systemd make the checks, it makes five in ten seconds and no more.
const CHECK: &str = r#"healthcheck: {test: "test -e /tmp/ready", interval: 2s, timeout: 5s, retries: 3}"#;

/// One service that does `command`, with more lines; its time is short.
fn file(command: &str, lines: &[&str]) -> String {
    let command = format!("command: [sh, -c, {command:?}]");
    let mut text = format!("services:\n  main:\n    image: {IMAGE}\n    stop_signal: KILL\n    {command}\n");
    for line in ["labels: {io.supervisor.update.health-timeout: 8s}"].iter().chain(lines) {
        let _ = writeln!(text, "    {line}");
    }
    text
}

/// An app whose first release has passed.
struct Fleet {
    supervisor: Supervisor,
    app: LiveApp,
}

impl Fleet {
    fn start() -> Result<Self> {
        let fleet = Self { supervisor: Supervisor::start(&[])?, app: LiveApp::new() };
        let applied = fleet.apply(&file(GOOD, &[]))?;
        check(applied == Some(0), fleet.supervisor.logs())?;
        fleet.until("the first release passes", |app| {
            app["running_commit"].is_string() && app["running_commit"] == app["commit"]
        })?;
        // One that is replaced before it has noted its start never does.
        fleet.until_noted(&["good"])?;
        Ok(fleet)
    }

    fn apply(&self, compose: &str) -> Result<Option<i32>> {
        Ok(self.supervisor.apply_as_frontend(self.app.id, compose)?.code)
    }

    fn shown(&self) -> Result<Value> {
        let id = self.app.id.to_string();
        Ok(serde_json::from_str(&self.supervisor.admin_ok(&["app", "show", &id, "--json"])?)?)
    }

    fn until(&self, what: &str, condition: impl Fn(&Value) -> bool) -> Result<Value> {
        wait_until(what, IN_TIME, || {
            let shown = self.shown()?;
            check(condition(&shown), format!("{shown}\n{}", self.supervisor.logs()))?;
            Ok(shown)
        })
    }

    /// Waits until the good release has noted so many starts, each a moment after the engine says that it runs.
    fn until_noted(&self, starts: &[&str]) -> Result<()> {
        wait_until("the notes of starts", IN_TIME, || {
            let notes = fs::read_to_string(self.supervisor.data(self.app.id).join("notes"))?;
            let good: Vec<&str> = notes.lines().filter(|line| *line == "good").collect();
            check(good == starts, format!("data: {notes}"))
        })
    }

    /// Waits until the app is as the first release was, and returns why the other was given up.
    fn taken_back(&self, first: &Value) -> Result<String> {
        let is_back = |app: &Value| {
            app["failed_release"]["restored_commit"] == first["commit"]
                && app["commit"] == first["commit"]
                && app["update_pending"] == false
                && app["services"][0]["container_state"] == "running"
        };
        let back = self.until("the first release is back", is_back)?;
        self.until_noted(&["good", "good"])?;
        Ok(back["failed_release"]["reason"].as_str().unwrap_or_default().to_owned())
    }
}

#[test]
fn release_whose_health_check_fails_is_taken_back_and_not_tried_again() -> Result<()> {
    let fleet = Fleet::start()?;
    let first = fleet.shown()?;
    let bad = file("echo bad >>/data/notes; exec sleep 1000000", &[CHECK]);

    assert_eq!(fleet.apply(&bad)?, Some(0), "{}", fleet.supervisor.logs());

    let reason = fleet.taken_back(&first)?;
    assert!(reason.contains("main is not healthy"), "{reason}");
    let container = fleet.app.container()?;
    assert_eq!(fleet.apply(&bad)?, Some(0));
    assert_eq!(fleet.app.container()?, container, "it is not tried again");
    assert!(fleet.supervisor.admin(&["doctor"])?.stdout.contains("runs instead"));
    Ok(())
}

#[test]
fn release_that_crashes_again_and_again_is_taken_back() -> Result<()> {
    let fleet = Fleet::start()?;
    let first = fleet.shown()?;

    fleet.apply(&file("exit 3", &[]))?;

    let reason = fleet.taken_back(&first)?;
    assert!(reason.contains("does not keep running") || reason.contains("exit code 3"), "{reason}");
    Ok(())
}

#[test]
fn release_that_the_engine_does_not_start_is_taken_back_and_its_caller_told() -> Result<()> {
    let fleet = Fleet::start()?;
    let first = fleet.shown()?;
    let bad = format!("services:\n  main: {{image: {IMAGE}, command: [/no/such/program]}}\n");

    let code = fleet.apply(&bad)?;

    assert_ne!(code, Some(0), "{}", fleet.supervisor.logs());
    let reason = fleet.taken_back(&first)?;
    assert!(reason.contains("the container engine refused to start"), "{reason}");
    Ok(())
}

#[test]
fn release_that_becomes_healthy_late_but_in_time_stays() -> Result<()> {
    let fleet = Fleet::start()?;
    let wait = "until test -e /data/go; do sleep 0.1; done";
    let late = format!("echo late >>/data/notes; {wait}; touch /tmp/ready; exec sleep 1000000");
    let late = file(&late, &[CHECK]);

    fleet.apply(&late.replace("health-timeout: 8s", "health-timeout: 1h"))?;
    fleet.until("the new release is on trial and not healthy", |app| {
        app["running_commit"] != app["commit"] && app["services"][0]["health"] == "unhealthy"
    })?;
    fs::write(fleet.supervisor.data(fleet.app.id).join("go"), "")?;

    let shown = fleet.until("the new release passes", |app| {
        app["running_commit"] == app["commit"] && app["services"][0]["health"] == "healthy"
    })?;
    assert_eq!(shown["failed_release"], Value::Null);
    assert_eq!(fs::read_to_string(fleet.supervisor.data(fleet.app.id).join("notes"))?, "good\nlate\n");
    Ok(())
}

#[test]
fn trial_goes_on_after_core_was_killed_in_it() -> Result<()> {
    let mut fleet = Fleet::start()?;
    let first = fleet.shown()?;
    let bad = file("echo bad >>/data/notes; exec sleep 1000000", &[CHECK]);
    fleet.apply(&bad.replace("health-timeout: 8s", "health-timeout: 45s"))?;

    let shown = fleet.shown()?;
    assert!(shown["commit"] != first["commit"] && shown["failed_release"].is_null(), "{shown}");
    fleet.supervisor.kill_core();
    fleet.supervisor.start_core()?;

    let reason = fleet.taken_back(&first)?;
    assert!(reason.contains("main is not healthy"), "{reason}");
    Ok(())
}
