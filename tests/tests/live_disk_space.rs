//! Releases of a cloud that do not fit on the device's disk: an engine of its own on a small file system.

use std::fs;

use serde_json::{Value, json};
use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::fleet::{Fleet, LIMIT};
use supervisor_tests::fleet_app::FleetApp;
use supervisor_tests::image::{Image, Layer};
use supervisor_tests::private_engine::PrivateEngine;
use supervisor_tests::registry_gate::RegistryGate;
use supervisor_tests::scratch::SmallDisk;
use supervisor_tests::wait::{check, wait_until};

/// The engine's file system: the test app, core's reserve, and not much more than a large layer.
const DISK: &str = "192m";
const MEBIBYTE: u64 = 1 << 20;
/// Core's own default of `PULL_RESERVE_BYTES`.
const RESERVE: u64 = 64 * MEBIBYTE;

fn main_of(image: &str) -> Value {
    json!({ "main": { "image": image, "composition": {
        "network_mode": "host", "command": ["sleep", "infinity"], "stop_grace_period": "1s",
    } } })
}

/// A device with a small disk whose app runs.
struct SmallDevice {
    app: FleetApp,
    gate: RegistryGate,
    // Last: the programs end before what they speak to.
    engine: PrivateEngine,
}

impl SmallDevice {
    /// The release that runs has these layers on top of the test app's.
    fn start(layers: &[Layer]) -> Result<(Self, Image)> {
        let engine = PrivateEngine::start_on_disk(DISK)?;
        let mut fleet = Fleet::start_on(engine.engine(), &[("DOCKER_SOCKET", &engine.socket())])?;
        let gate = fleet.go_through_gate()?;
        let image = Image::on(IMAGE, layers)?;
        let name = fleet.hold(&image)?;
        let app = FleetApp::run(fleet, &main_of(&name))?;
        Ok((Self { app, gate, engine }, image))
    }

    fn disk(&self) -> Result<&SmallDisk> {
        self.engine.disk()
    }

    /// Releases this image. Answers the commit.
    fn release(&mut self, image: &Image) -> Result<String> {
        let name = self.app.fleet.hold(image)?;
        self.app.fleet.release(&main_of(&name))
    }

    /// The cloud and the device's owner are told that it does not fit; gives the sentence.
    fn is_refused(&self, commit: &str, words: &str) -> Result<String> {
        let why = self.app.fleet.fails(words)?;
        self.app.fleet.shows("the refusal", |state| state.get("update_failed") == Some(&json!(true)))?;
        self.app.fleet.reports("the release does not fit", |device| {
            let status = device.release(commit)?.get("update_status")?.as_str()?;
            (status == "aborted").then_some(())
        })?;
        self.app.fleet.reports("why it does not fit", |device| {
            device.log.iter().any(|line| line.message().contains(words)).then_some(())
        })?;
        let doctor = self.app.fleet.supervisor.admin(&["doctor"])?.stdout;
        check(doctor.contains(words), doctor)?;
        Ok(why)
    }

    /// No less is free than the reserve, once the engine has put away what it had begun.
    fn keeps_its_reserve(&self) -> Result<()> {
        wait_until("the reserve", LIMIT, || {
            let free = self.disk()?.free_bytes()?;
            check(free >= RESERVE, format!("{free} bytes are free"))
        })
    }
}

#[test]
fn image_too_large_for_the_disk_is_refused_before_it_comes_and_a_smaller_one_is_not() -> Result<()> {
    let (mut device, _first) = SmallDevice::start(&[Layer::Mark])?;
    let large = Image::on(IMAGE, &[Layer::Noise(80)])?;
    device.gate.slow();
    let commit = device.release(&large)?;

    let why = device.is_refused(&commit, "no space for image")?;
    check(why.contains("are needed") && why.contains("are free"), why)?;
    device.gate.wait_until_left()?;
    device.keeps_its_reserve()?;
    device.app.runs_on()?;

    device.gate.open();
    let small = device.release(&Image::on(IMAGE, &[Layer::Mark])?)?;
    device.app.fleet.runs(&small, &["main"]).map(drop)
}

#[test]
fn nothing_is_asked_of_the_registry_while_less_is_free_than_the_reserve() -> Result<()> {
    let (mut device, _first) = SmallDevice::start(&[Layer::Mark])?;
    let next = Image::on(IMAGE, &[Layer::Mark])?;
    let filler = device.disk()?.leave(RESERVE - MEBIBYTE)?;
    let asked = device.gate.asked().len();

    let commit = device.release(&next)?;
    device.is_refused(&commit, "no space for image")?;
    check(device.gate.asked().len() == asked, format!("{:?}", device.gate.asked()))?;
    device.app.runs_on()?;

    // Nobody says a word: core looks again by itself.
    fs::remove_file(filler)?;
    device.app.fleet.runs(&commit, &["main"]).map(drop)
}

#[test]
fn image_fits_where_its_large_layer_is_here_already_and_no_other_would() -> Result<()> {
    let (mut device, first) = SmallDevice::start(&[Layer::Noise(16)])?;
    let (other, sharing) = (Image::on(IMAGE, &[Layer::Noise(16)])?, Image::on(first.name(), &[Layer::Mark])?);
    device.disk()?.leave(RESERVE + 40 * MEBIBYTE)?;
    device.gate.slow();

    let refused = device.release(&other)?;
    device.is_refused(&refused, "no space for image")?;
    device.app.runs_on()?;

    let taken = device.release(&sharing)?;
    device.app.fleet.runs(&taken, &["main"])?;
    device.keeps_its_reserve()
}

/// A layer is told by its size while it is packed; what it becomes, nobody knows beforehand.
#[test]
fn image_that_unpacks_to_more_than_the_disk_has_is_given_up_and_its_space_given_back() -> Result<()> {
    let (mut device, _first) = SmallDevice::start(&[Layer::Mark])?;
    device.disk()?.leave(RESERVE + 16 * MEBIBYTE)?;

    let commit = device.release(&Image::on(IMAGE, &[Layer::Zeros(128)])?)?;
    device.is_refused(&commit, "no space")?;
    device.keeps_its_reserve()?;
    device.app.runs_on()?;

    let small = device.release(&Image::on(IMAGE, &[Layer::Mark])?)?;
    device.app.fleet.runs(&small, &["main"]).map(drop)
}
