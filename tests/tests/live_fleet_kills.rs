//! Every part is killed at every state of an update: it ends as the cloud wants it, with the app's data, and
//! with no container twice.
//!
//! The states, by the step that core's log shows as begun:
//!
//! | state | step |
//! |---|---|
//! | the target is known, nothing is done | `action=apply` |
//! | the image is being pulled | `pull image` |
//! | the old container goes | `remove container` |
//! | the new one is made | `create the container` |
//! | the new one is started | `start main` |

use serde_json::{Value, json};
use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::fleet::Fleet;
use supervisor_tests::private_engine::PrivateEngine;
use supervisor_tests::wait::check;

/// What core's log shows when each state begins.
const STATES: [&str; 5] = [
    "action=apply",
    "step='pull image",
    "step='remove container",
    "step='create the container",
    "step='start main",
];

fn services(image: &str) -> Value {
    json!({ "main": { "image": image, "composition": {
        "network_mode": "host", "command": ["sleep", "infinity"], "stop_grace_period": "1s",
    } } })
}

/// Who is killed, and what it takes to have it again.
type Kill = fn(&mut Fleet, &mut PrivateEngine) -> Result<()>;

fn kill_at_each_state(kill: Kill) -> Result<()> {
    let mut engine = PrivateEngine::start()?;
    engine.load(IMAGE)?;
    let socket = engine.socket();
    let mut fleet = Fleet::start_on(engine.engine(), &[("DOCKER_SOCKET", &socket)])?;
    let image = fleet.image()?;
    let first = fleet.release(&services(&image))?;
    let [container] = fleet.runs(&first, &["main"])?.try_into().map_err(|_| "not one container")?;
    fleet.engine.shell(&container, "echo mine >/data/kept")?;
    for state in STATES {
        let image = fleet.image()?;
        let before = fleet.supervisor.core_log_bytes();
        let commit = fleet.release(&services(&image))?;
        fleet.supervisor.wait_for_core_log(before, state)?;
        kill(&mut fleet, &mut engine)?;
        let [container] = fleet.runs(&commit, &["main"])?.try_into().map_err(|_| "not one container")?;
        let kept = fleet.engine.shell(&container, "cat /data/kept")?;
        check(kept == "mine", format!("the data after a kill at {state}: {kept}"))?;
        fleet.reports(&format!("a release after a kill at {state}"), |device| {
            (device.service_status(&commit, "main")? == "Running").then_some(())
        })?;
    }
    Ok(())
}

#[test]
fn core_killed_at_each_state_of_an_update_converges() -> Result<()> {
    kill_at_each_state(|fleet, _| {
        fleet.supervisor.kill_core();
        fleet.supervisor.start_core()
    })
}

#[test]
fn frontend_killed_at_each_state_of_an_update_converges() -> Result<()> {
    kill_at_each_state(|fleet, _| {
        fleet.supervisor.kill_frontend();
        fleet.supervisor.start_frontend()
    })
}

#[test]
fn engine_killed_at_each_state_of_an_update_converges() -> Result<()> {
    kill_at_each_state(|_, engine| {
        engine.kill();
        engine.start_again()
    })
}
