//! The local tool's plan, doctor and events, with the real core and a real engine.

use std::fs::{self, File};
use std::time::Duration;

use serde_json::Value;
use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::compose::one_service;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::process::Process;
use supervisor_tests::scratch::Folder;
use supervisor_tests::wait::{check, wait_until};

const SOON: Duration = Duration::from_mins(2);

fn plan(supervisor: &Supervisor, words: &[&str]) -> Result<(Option<i32>, Value)> {
    let all: Vec<&str> = ["--json", "app", "plan"].iter().chain(words).copied().collect();
    let finished = supervisor.admin(&all)?;
    let plan = serde_json::from_str(&finished.stdout).map_err(|error| format!("{error}: {finished:?}"))?;
    Ok((finished.code, plan))
}

#[test]
fn plan_foresees_what_apply_does_and_is_empty_before_and_after() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let (id, before) = (app.id.to_string(), app.container()?);
    let settled = ["--exit-code", id.as_str()];
    let (code, empty) = plan(&supervisor, &settled)?;
    assert_eq!((code, &empty["changes"]), (Some(0), &Value::Bool(false)), "{empty}");

    let folder = Folder::new()?;
    let file = folder.join("compose.yaml");
    let changed = one_service(IMAGE, &["environment: {SECRET: topsecret}"]);
    fs::write(&file, &changed)?;
    let (code, planned) = plan(&supervisor, &[&file, "--app-id", &id, "--name", "demo", "--exit-code"])?;
    assert_eq!(code, Some(2), "{planned}");
    assert_eq!(planned["services"][0]["change"], "recreate");
    assert_eq!(planned["services"][0]["changed_fields"], serde_json::json!(["environment.SECRET"]));
    assert!(!planned.to_string().contains("topsecret"));
    assert_eq!(app.container()?, before, "a plan touches nothing");

    supervisor.apply(app.id, &changed)?;
    assert_ne!(app.container()?, before);
    let shown = supervisor.admin_ok(&["app", "show", &id])?;
    assert!(shown.contains("because environment.SECRET changed"), "{shown}");
    let (code, empty) = plan(&supervisor, &settled)?;
    assert_eq!(code, Some(0), "{empty}");
    Ok(())
}

fn findings(supervisor: &Supervisor) -> Result<(Option<i32>, Value)> {
    let finished = supervisor.admin(&["--json", "doctor"])?;
    let view: Value =
        serde_json::from_str(&finished.stdout).map_err(|error| format!("{error}: {finished:?}"))?;
    Ok((finished.code, view.get("findings").cloned().unwrap_or_default()))
}

fn levels(findings: &Value, check: &str) -> Vec<String> {
    let all = findings.as_array().into_iter().flatten();
    let of_check = all.filter(|finding| finding["check"] == check);
    of_check.filter_map(|finding| finding["level"].as_str().map(str::to_owned)).collect()
}

#[test]
fn doctor_knows_the_real_engine_and_finds_a_dead_one_and_a_dead_core() -> Result<()> {
    let mut supervisor = Supervisor::start(&[])?;
    let (_, sound) = findings(&supervisor)?;
    for check in ["socket", "role", "engine", "frontend", "roles"] {
        assert_eq!(levels(&sound, check), ["ok"], "{check}: {sound}");
    }
    supervisor.kill_core();
    let (code, dead) = findings(&supervisor)?;
    assert_eq!(code, Some(2), "{dead}");
    assert_eq!(levels(&dead, "socket"), ["fail"], "{dead}");
    assert!(dead.to_string().contains("stale"), "{dead}");

    let elsewhere = Supervisor::start(&[("DOCKER_SOCKET", "/nowhere/docker.sock")])?;
    let (code, without) = findings(&elsewhere)?;
    assert_eq!(code, Some(2), "{without}");
    assert_eq!(levels(&without, "engine"), ["fail"], "{without}");
    assert_eq!(levels(&without, "frontend"), ["ok"], "one dead part hides no other: {without}");
    Ok(())
}

#[test]
fn doctor_names_the_lock_of_an_app_and_its_owner() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    File::create(app.locks().join("updates.lock"))?;
    let (_, found) = findings(&supervisor)?;
    assert_eq!(levels(&found, "locks"), ["warn"], "{found}");
    assert!(found.to_string().contains("/tmp/balena/updates.lock is held by the app (uid 0)"), "{found}");
    Ok(())
}

#[test]
fn events_tell_a_restart_as_it_happens_and_why() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let id = app.id.to_string();
    let folder = Folder::new()?;
    let log = folder.path().join("events");
    let mut command = supervisor.admin_command(&["--json", "events", "--app", &id]);
    let _events = Process::start(&mut command, &log)?;
    let told = |wanted: &[(&str, &str)], events: &[Value]| {
        events.iter().any(|event| wanted.iter().all(|(field, value)| event[*field] == *value))
    };
    let why = "a restart was asked for";
    // The tool may not be listening yet at the first restart, and the engine tells its part later than core.
    let events = wait_until("the restart's events", SOON, || {
        supervisor.admin_ok(&["app", "restart", &id])?;
        let text = fs::read_to_string(&log)?;
        let events: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let wanted: [&[(&str, &str)]; 3] = [
            &[("event", "step-begun"), ("step", "create-container"), ("reason", why)],
            &[("event", "container-changed"), ("service", "main"), ("happening", "die")],
            &[("event", "cycle-ended")],
        ];
        check(wanted.iter().all(|wanted| told(wanted, &events)), text)?;
        Ok(events)
    })?;
    assert!(events.iter().all(|event| event["app_id"] == app.id), "{events:?}");
    Ok(())
}
