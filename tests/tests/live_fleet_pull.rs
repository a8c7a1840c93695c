//! Pulls of a cloud's release that break off, are cancelled, or lose core.

use std::time::Duration;

use serde_json::json;
use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::fleet::Fleet;
use supervisor_tests::fleet_app::{FleetApp, main_of};
use supervisor_tests::image::{Image, Layer};
use supervisor_tests::registry_gate::{Asked, RegistryGate};
use supervisor_tests::wait::{check, wait_until};

/// More than the small layer and the configuration, and less than the large one.
const PART: u64 = 4 << 20;
const SOON: Duration = Duration::from_mins(2);

/// A device whose app runs, and which is in the middle of the pull of another release.
struct Pulling {
    old: FleetApp,
    gate: RegistryGate,
    new: String,
    /// How many blobs the old release took.
    before: usize,
}

impl Pulling {
    fn start() -> Result<Self> {
        let mut fleet = Fleet::start()?;
        let gate = fleet.go_through_gate()?;
        let image = fleet.image()?;
        let mut old = FleetApp::run(fleet, &main_of(&image))?;
        let before = gate.blobs().len();
        let image = old.fleet.hold(&Image::on(IMAGE, &[Layer::Noise(2), Layer::Noise(32)])?)?;
        gate.hold_after(PART);
        let new = old.fleet.release(&main_of(&image))?;
        gate.wait_until_held().map_err(|error| old.fleet.explain(&error))?;
        let pulling = Self { old, gate, new, before };
        // An engine that does not get the configuration gives up the whole pull.
        wait_until("all but the large layer", SOON, || {
            let fetched = pulling.fetched();
            check(pulling.gate.passed(&fetched) >= 2, format!("{fetched:?}"))
        })?;
        Ok(pulling)
    }

    /// What was fetched of the new release's image.
    fn fetched(&self) -> Vec<Asked> {
        self.gate.blobs().into_iter().skip(self.before).collect()
    }

    fn new_runs(&self) -> Result<()> {
        self.old.fleet.runs(&self.new, &["main"])?;
        self.old.fleet.reports("the new release runs", |device| {
            (device.service_status(&self.new, "main")? == "Running").then_some(())
        })
    }
}

#[test]
fn pull_goes_on_where_it_was_when_the_registry_has_been_away() -> Result<()> {
    let pull = Pulling::start()?;
    pull.gate.close();
    pull.gate.wait_until_left()?;
    pull.old.runs_on()?;
    pull.gate.open();
    pull.new_runs()?;

    let fetched = pull.fetched();
    let (whole, rest): (Vec<_>, Vec<_>) = fetched.iter().partition(|asked| asked.from_byte.is_none());
    let mut paths: Vec<_> = whole.iter().map(|asked| &asked.path).collect();
    paths.sort();
    paths.dedup();
    check(
        paths.len() == whole.len(),
        format!("something was fetched twice from its beginning: {fetched:?}"),
    )?;
    check(
        !rest.is_empty() && rest.iter().all(|asked| asked.from_byte >= Some(PART)),
        format!("the large layer did not go on where it was: {fetched:?}"),
    )
}

#[test]
fn pull_that_the_cloud_cancels_ends_and_comes_anew_when_it_is_asked_for() -> Result<()> {
    let pull = Pulling::start()?;
    pull.old.fleet.nudge(r#"{"cancel": true}"#)?;
    pull.old.fleet.fails("the download was cancelled")?;
    pull.gate.slow();
    pull.gate.wait_until_left()?;
    pull.old.fleet.shows("an update that has failed", |state| {
        state.get("status") == Some(&json!("Idle"))
            && state.get("update_failed") == Some(&json!(true))
            && state.get("update_pending") == Some(&json!(true))
            && state.get("update_downloaded") == Some(&json!(false))
    })?;
    pull.old.fleet.reports("the release is not carried out", |device| {
        let release = device.release(&pull.new)?;
        (release.get("update_status")?.as_str()? == "aborted").then_some(())
    })?;
    pull.old.runs_on()?;

    pull.gate.open();
    pull.old.fleet.nudge("{}")?;
    pull.new_runs()
}

#[test]
fn pull_that_loses_core_is_made_anew_while_the_old_release_runs_on() -> Result<()> {
    let mut pull = Pulling::start()?;
    pull.old.fleet.supervisor.kill_core();
    pull.gate.slow();
    pull.gate.wait_until_left()?;
    pull.gate.hold_after(PART);

    pull.old.fleet.supervisor.start_core()?;
    pull.gate.wait_until_held().map_err(|error| pull.old.fleet.explain(&error))?;
    pull.old.runs_on()?;
    pull.gate.open();
    pull.new_runs()
}
