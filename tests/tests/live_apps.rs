//! Apps on this machine's engine, through the real programs.

#![allow(clippy::indexing_slicing, reason = "a JSON value's index answers null where there is nothing")]

use std::fs;
use std::time::Duration;

use serde_json::Value;
use supervisor_tests::Result;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::wait::{check, wait_until};

const SOON: Duration = Duration::from_mins(2);
const PURGED: &str = r#"{"Data":"OK","Error":""}"#;

#[test]
fn restart_of_a_running_app_gives_a_new_container_and_keeps_its_data() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let app = LiveApp::apply(&supervisor)?;
    let before = app.container()?;
    fs::write(supervisor.data(app.id).join("kept"), "mine")?;

    let answer = client.post("/v1/restart", &app.body())?;

    assert_eq!((answer.status, answer.body.as_str()), (200, "OK"), "{}", supervisor.logs());
    assert_ne!(app.container()?, before);
    assert_eq!(fs::read_to_string(supervisor.data(app.id).join("kept"))?, "mine");
    Ok(())
}

#[test]
fn purge_of_a_running_app_empties_its_data_and_runs_it_again() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let app = LiveApp::apply(&supervisor)?;
    let before = app.container()?;
    fs::write(supervisor.data(app.id).join("gone"), "mine")?;

    let answer = client.post("/v1/purge", &app.body())?;

    assert_eq!((answer.status, answer.body.as_str()), (200, PURGED), "{}", supervisor.logs());
    assert_ne!(app.container()?, before);
    assert!(!supervisor.data(app.id).join("gone").exists());
    Ok(())
}

#[test]
fn restart_while_the_app_holds_its_lock_is_423_and_force_restarts() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let app = LiveApp::apply(&supervisor)?;
    let before = app.container()?;
    fs::write(app.locks().join("updates.lock"), "")?;

    for path in ["/v1/restart", "/v1/purge"] {
        assert_eq!(client.post(path, &app.body())?.status, 423, "{path} {}", supervisor.logs());
    }
    assert_eq!(app.container()?, before);

    assert_eq!(client.post("/v1/restart", &app.forced_body())?.status, 200, "{}", supervisor.logs());
    assert_ne!(app.container()?, before);
    Ok(())
}

#[test]
fn app_is_shown_stopped_and_started_by_its_own_routes() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let app = LiveApp::apply(&supervisor)?;
    let before = app.container()?;
    let path = format!("/v1/apps/{}", app.id);

    let shown = client.get(&path)?;
    assert_eq!(shown.status, 200, "{shown:?}");
    assert!(shown.body.contains(&format!(r#""containerId":"{before}"#)), "{before} {}", shown.body);
    assert!(shown.body.contains(&format!(r#""RESIN_APP_ID":"{}""#, app.id)), "{}", shown.body);
    assert!(!shown.body.contains(&client.key), "the key is shown");

    for (verb, state) in [("stop", "exited"), ("start", "running")] {
        let answer = client.post_empty(&format!("{path}/{verb}"))?;
        assert_eq!(answer.status, 200, "{answer:?} {}", supervisor.logs());
        assert!(answer.body.starts_with(&format!(r#"{{"containerId":"{before}"#)), "{answer:?}");
        let status = supervisor.admin_ok(&["app", "show", &app.id.to_string()])?;
        assert!(status.contains(state), "{status}");
    }
    Ok(())
}

#[test]
fn one_service_of_an_app_is_stopped_started_and_restarted() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let app = LiveApp::apply(&supervisor)?;
    let before = app.container()?;
    let call = |verb: &str| {
        let path = format!("/v2/applications/{}/{verb}", app.id);
        client.post(&path, r#"{"serviceName":"main"}"#)
    };
    let shows = |state: &str| -> Result<()> {
        let seen = client.get("/v2/state/status")?;
        let wanted = format!(r#"{{"status":"{state}","serviceName":"main","appId":{},"#, app.id);
        assert!(
            seen.body.contains(&wanted) && seen.body.contains(r#""appState":"applied""#),
            "{}",
            seen.body
        );
        Ok(())
    };
    for (verb, state) in
        [("stop-service", "Stopped"), ("start-service", "Running"), ("restart-service", "Running")]
    {
        let answer = call(verb)?;
        assert_eq!((answer.status, answer.body.as_str()), (200, "OK"), "{verb} {}", supervisor.logs());
        shows(state)?;
    }
    assert_ne!(app.container()?, before, "not restarted");
    Ok(())
}

#[test]
fn stopped_app_stays_stopped_over_a_restart_of_core() -> Result<()> {
    let mut supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let other = LiveApp::apply(&supervisor)?;
    supervisor.admin_ok(&["app", "stop", &app.id.to_string()])?;
    supervisor.kill_core();
    supervisor.start_core()?;
    // The other app's restart is a whole cycle after the start; each app's worker begins when it does.
    wait_until("the other app's restart", SOON, || {
        let answer = supervisor.client()?.post("/v1/restart", &other.body())?;
        check(answer.status == 200, format!("{answer:?}"))
    })?;
    wait_until("what core has found of the app", SOON, || {
        let shown = supervisor.admin_ok(&["app", "show", &app.id.to_string(), "--json"])?;
        let state: Value = serde_json::from_str(&shown)?;
        check(state["activity"] == "idle" && state["services"][0]["container_state"] == "exited", shown)
    })
}
