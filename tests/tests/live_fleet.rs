//! The cycle of a fleet, end to end: the real programs, a real engine, a registry that asks for tokens.

use serde_json::{Value, json};
use supervisor_tests::Result;
use supervisor_tests::fleet::{Fleet, LIMIT, UUID};
use supervisor_tests::wait::{check, wait_until};

fn main_of(image: &str, environment: &Value) -> Value {
    json!({ "main": { "image": image, "environment": environment } })
}

#[test]
fn flashed_device_registers_installs_updates_and_removes() -> Result<()> {
    let mut fleet = Fleet::start()?;
    let (first_image, second_image) = (fleet.image()?, fleet.image()?);
    let first = fleet.release(&main_of(&first_image, &json!({ "STAGE": "one" })))?;
    let container = fleet.runs(&first, &["main"])?;
    fleet.reports("the first release runs", |device| {
        (device.uuid == UUID && device.service_status(&first, "main")? == "Running").then_some(())
    })?;

    let second = fleet.release(&main_of(&second_image, &json!({ "STAGE": "one" })))?;
    check(fleet.runs(&second, &["main"])? != container, "the container is still the old one")?;
    fleet.reports("the second release runs", |device| {
        (device.service_status(&second, "main")? == "Running").then_some(())
    })?;

    // The same release with another environment of the service: an operator's variable.
    let third = fleet.release(&main_of(&second_image, &json!({ "STAGE": "two" })))?;
    let [container] = fleet.runs(&third, &["main"])?.try_into().map_err(|_| "not one container")?;
    let stage = fleet.engine.shell(&container, "echo $STAGE")?;
    check(stage == "two", format!("the new variable is not there: {stage}"))?;

    fleet.cloud.track(None);
    fleet.nudge("{}")?;
    wait_until("no container", LIMIT, || {
        let left = fleet.containers()?;
        check(left.is_empty(), format!("{left:?}"))
    })
    .map_err(|error| fleet.explain(&error))?;
    fleet.was_understood()
}

#[test]
fn locked_update_waits_and_is_forced() -> Result<()> {
    let mut fleet = Fleet::start()?;
    let image = fleet.image()?;
    let first = fleet.release(&main_of(&image, &json!({ "STAGE": "one" })))?;
    let [container] = fleet.runs(&first, &["main"])?.try_into().map_err(|_| "not one container")?;
    fleet.engine.shell(&container, "touch /tmp/balena/updates.lock")?;
    let second = fleet.release(&main_of(&image, &json!({ "STAGE": "two" })))?;
    fleet.shows("the lock", |state| state.get("update_failed") == Some(&json!(true)))?;
    check(fleet.runs(&first, &["main"])? == [container], "it did not wait for the lock")?;
    fleet.nudge(r#"{"force": true}"#)?;
    fleet.runs(&second, &["main"]).map(drop)
}

/// Its own check never succeeds.
fn unhealthy(image: &str) -> Value {
    let check = json!({ "test": ["CMD", "false"], "interval": "1s", "retries": 1, "start_period": "0s" });
    json!({ "main": {
        "image": image, "composition": { "healthcheck": check },
        "labels": { "io.supervisor.update.health-timeout": "5s" },
    } })
}

#[test]
fn release_that_does_not_become_healthy_is_taken_back_and_told() -> Result<()> {
    let mut fleet = Fleet::start()?;
    let (good_image, bad_image) = (fleet.image()?, fleet.image()?);
    let good = fleet.release(&main_of(&good_image, &json!({})))?;
    let [container] = fleet.runs(&good, &["main"])?.try_into().map_err(|_| "not one container")?;
    fleet.engine.shell(&container, "echo mine >/data/kept")?;
    // Only one that has passed is one to go back to.
    fleet.app_shows("the good release has passed", |app| app.get("running_commit") == Some(&json!(good)))?;
    let bad = fleet.release(&unhealthy(&bad_image))?;
    fleet.reports("the bad release is given up", |device| {
        let status = device.release(&bad)?.get("update_status")?.as_str()?;
        matches!(status, "rejected" | "aborted").then_some(())
    })?;
    let [container] = fleet.runs(&good, &["main"])?.try_into().map_err(|_| "not one container")?;
    check(fleet.engine.shell(&container, "cat /data/kept")? == "mine", "the data is not as it was")?;

    // Asked again, the same release is not tried again; another one is.
    fleet.nudge("{}")?;
    let better = fleet.release(&main_of(&bad_image, &json!({})))?;
    fleet.runs(&better, &["main"]).map(drop)
}

#[test]
fn target_that_the_owners_policy_forbids_is_shown_and_changes_nothing() -> Result<()> {
    let mut fleet = Fleet::start()?;
    let image = fleet.image()?;
    let first = fleet.release(&main_of(&image, &json!({})))?;
    let before = fleet.runs(&first, &["main"])?;
    let asked =
        fleet.release(&json!({ "main": { "image": image, "composition": { "privileged": true } } }))?;
    let uuid = fleet.cloud.fleet_uuid();
    fleet.shows("the refusal", |state| {
        let reason = state.pointer(&format!("/cloud/refused_apps/{uuid}")).and_then(Value::as_str);
        reason.is_some_and(|reason| reason.contains("privileged"))
    })?;
    check(fleet.runs(&first, &["main"])? == before, "the container is another one")?;
    fleet.reports("the refusal beside what runs", |device| {
        let is_rejected = device.release(&asked)?.get("update_status")? == "rejected";
        (is_rejected && device.service_status(&first, "main")? == "Running").then_some(())
    })
}

#[test]
fn app_runs_on_without_cloud_and_registry_and_is_updated_when_they_are_back() -> Result<()> {
    let mut fleet = Fleet::start()?;
    let (first_image, second_image) = (fleet.image()?, fleet.image()?);
    let first = fleet.release(&main_of(&first_image, &json!({})))?;
    let before = fleet.runs(&first, &["main"])?;
    fleet.cloud.pause();
    fleet.close_registry();
    fleet.supervisor.kill_frontend();
    fleet.supervisor.kill_core();
    fleet.supervisor.start_core()?;
    fleet.supervisor.start_frontend()?;
    fleet.nudge("{}")?;
    fleet.shows("no cloud", |state| state.pointer("/cloud/state") == Some(&json!("unreachable")))?;
    check(fleet.runs(&first, &["main"])? == before, "the container is another one")?;

    fleet.cloud.resume()?;
    let second = fleet.release(&main_of(&second_image, &json!({})))?;
    fleet.shows("no registry", |state| state.get("update_failed") == Some(&json!(true)))?;
    check(fleet.runs(&first, &["main"])? == before, "the container went before its image was there")?;
    fleet.open_registry()?;
    fleet.runs(&second, &["main"]).map(drop)
}

#[test]
fn cloud_reads_the_apps_log_and_learns_a_new_key() -> Result<()> {
    let mut fleet = Fleet::start()?;
    let image = fleet.image()?;
    let speaking = json!({ "main": { "image": image, "composition": {
        "command": ["sh", "-c", "echo words of the app; sleep infinity"],
    } } });
    let commit = fleet.release(&speaking)?;
    fleet.runs(&commit, &["main"])?;
    fleet.reports("the app's words", |device| {
        device.log.iter().any(|line| line.message() == "words of the app").then_some(())
    })?;
    let key = fleet.client()?.post("/v1/regenerate-api-key", "")?.body;
    fleet.reports("the new key", |device| (device.reported("api_secret")?.as_str()? == key).then_some(()))
}
