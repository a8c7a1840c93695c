//! An update that the cloud asks for, beside the engine's own pull, create and start; and what questions without an
//! answer that changes anything cost.

use std::time::{Duration, SystemTime};

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use fake_cloud::Route;
use serde_json::{Value, json};
use supervisor_tests::{
    Result,
    fleet::{Fleet, LIMIT, UUID},
    scratch::unique,
    wait::{check, wait_until},
};

use crate::{
    engine_call::{engine, engine_with},
    median::{median, median_ratio},
    process::{pss_kb, written},
    table::Table,
};

const ROUNDS: usize = 5;
const QUESTIONS: usize = 1_000;

/// Adds three rows.
pub fn measure(table: &mut Table) -> Result<()> {
    let mut fleet =
        Fleet::start_on(supervisor_tests::engine::Engine::default(), &[("SUPERVISOR_LOG", "info")])?;
    let image = fleet.image()?;
    let first = fleet.release(&services(&image))?;
    fleet.runs(&first, &["main"])?;
    update(table, &mut fleet)?;
    questions(table, &fleet)
}

fn services(image: &str) -> Value {
    json!({ "main": { "image": image, "composition": { "network_mode": "host", "stop_grace_period": "1s" } } })
}

fn update(table: &mut Table, fleet: &mut Fleet) -> Result<()> {
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        let image = fleet.image()?;
        let twin = fleet.image_in(repository(&image)?)?;
        let begun = SystemTime::now();
        let commit = fleet.release(&services(&image))?;
        let [container] = fleet.runs(&commit, &["main"])?.try_into().map_err(|_| "not one container")?;
        let ours = started(fleet, &container)?.duration_since(begun)?;
        pairs.push((milliseconds(ours), milliseconds(by_the_engine(fleet, &twin)?)));
    }
    let middle = |values: Vec<f64>| format!("{:.0} ms", median(values));
    let measured = middle(pairs.iter().map(|pair| pair.0).collect());
    let beside = middle(pairs.iter().map(|pair| pair.1).collect());
    let ratio = format!("{measured}, {:.2} ×", median_ratio(&pairs));
    let what = "from POST /v1/update to the new container running";
    table.row(what, "", ratio, format!("the engine's own pull, stop, remove, create, start {beside}"));
    Ok(())
}

/// The one that the cloud lets the device pull from, for it is the release's.
fn repository(image: &str) -> Result<&str> {
    let (_, path) = image.split_once('/').ok_or("no registry")?;
    Ok(path.split_once('@').ok_or("no digest")?.0)
}

/// What the engine takes for the same, asked one thing after the other; the old container is one that it made just so.
fn by_the_engine(fleet: &Fleet, image: &str) -> Result<Duration> {
    let name = format!("supervisor-bench-{}", unique());
    let old = format!("{name}-old");
    make(&old, supervisor_tests::app::IMAGE)?;
    let key = fleet.cloud.look(|world| world.devices().next().map(|device| device.key.clone()));
    let server = image.split('/').next().unwrap_or_default();
    let user = json!({ "username": format!("d_{UUID}"), "password": key, "serveraddress": server });
    let credentials = format!("X-Registry-Auth: {}\r\n", URL_SAFE.encode(user.to_string()));
    let (repository, digest) = image.split_once('@').ok_or("no digest")?;
    let begun = SystemTime::now();
    let pull = format!("/images/create?fromImage={repository}&tag={digest}");
    engine_with("POST", &pull, &credentials, &Value::Null)?;
    engine("POST", &format!("/containers/{old}/stop?t=1"), &Value::Null)?;
    engine("DELETE", &format!("/containers/{old}?v=1"), &Value::Null)?;
    make(&name, image)?;
    let spent = started(fleet, &name)?.duration_since(begun)?;
    fleet.engine.docker(&["rm", "-f", &name])?;
    Ok(spent)
}

fn make(name: &str, image: &str) -> Result<()> {
    let host = json!({ "NetworkMode": "host", "RestartPolicy": { "Name": "always" } });
    let body = json!({ "Image": image, "HostConfig": host });
    engine("POST", &format!("/containers/create?name={name}"), &body)?;
    engine("POST", &format!("/containers/{name}/start"), &Value::Null)
}

fn started(fleet: &Fleet, container: &str) -> Result<SystemTime> {
    let at = fleet.engine.docker(&["inspect", "-f", "{{.State.StartedAt}}", container])?;
    Ok(humantime::parse_rfc3339(&at)?)
}

/// One after the other, each after the answer to the one before.
fn questions(table: &mut Table, fleet: &Fleet) -> Result<()> {
    let [core, frontend] = fleet.supervisor.pids()?;
    passed(fleet)?;
    ask(fleet, 20)?;
    let before = [pss_kb(core)?, pss_kb(frontend)?, written(core)?, written(frontend)?];
    ask(fleet, QUESTIONS)?;
    let after = [pss_kb(core)?, pss_kb(frontend)?, written(core)?, written(frontend)?];
    let memory = format!("core {} → {} kB, frontend {} → {} kB", before[0], after[0], before[1], after[1]);
    table.row("memory (PSS) before and after 1000 questions for the target", "", memory, "");
    let bytes = format!("core {}, frontend {} bytes", after[2] - before[2], after[3] - before[3]);
    table.row("written to disk by 1000 questions that change nothing", "0", bytes, "");
    Ok(())
}

/// Waits until the last release's trial is over: what core writes for it is not the questions'.
fn passed(fleet: &Fleet) -> Result<()> {
    let app = fleet.app_id.to_string();
    wait_until("the release to pass", LIMIT, || {
        let shown: Value =
            serde_json::from_str(&fleet.supervisor.admin_ok(&["app", "show", &app, "--json"])?)?;
        check(
            shown["running_commit"] == shown["commit"] && shown["update_pending"] == false,
            shown.to_string(),
        )
    })
}

fn ask(fleet: &Fleet, times: usize) -> Result<()> {
    let count = |fleet: &Fleet| fleet.cloud.look(|world| world.requests(Route::State).count());
    for _ in 0..times {
        let before = count(fleet);
        fleet.nudge("{}")?;
        let asked =
            fleet.cloud.wait(LIMIT, |world| (world.requests(Route::State).count() > before).then_some(()));
        asked.ok_or("the cloud was not asked")?;
    }
    Ok(())
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
