//! Registries that ask for a name and a password, with the right ones, wrong ones and none.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fake_cloud::LogLine;
use serde_json::json;
use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::compose::one_service;
use supervisor_tests::fleet::{Fleet, UUID};
use supervisor_tests::fleet_app::{FleetApp, main_of};
use supervisor_tests::image::{Image, Layer};
use supervisor_tests::live::Supervisor;
use supervisor_tests::registry::Registry;
use supervisor_tests::registry_gate::RegistryGate;
use supervisor_tests::scratch::unique_app_id;
use supervisor_tests::wait::check;

/// What everybody is told of a registry that wants another name or password.
const REFUSAL: &str =
    "the registry does not allow it; name and password are missing, wrong, or not for this image";

/// A device whose app runs, and how registries know it.
struct Running {
    app: FleetApp,
    user: String,
    key: String,
}

impl Running {
    fn start() -> Result<Self> {
        let mut fleet = Fleet::start()?;
        let image = fleet.image()?;
        let app = FleetApp::run(fleet, &main_of(&image))?;
        let key = app.fleet.cloud.look(|world| world.devices().next().map(|device| device.key.clone()));
        let key = key.ok_or("the device has no key")?;
        Ok(Self { app, user: format!("d_{UUID}"), key })
    }

    /// A release of an image at this registry, which holds the same as the fleet's.
    fn release_from(&mut self, address: String) -> Result<String> {
        self.app.fleet.go_to(address);
        let image = self.app.fleet.image()?;
        self.app.fleet.release(&main_of(&image))
    }

    /// Owner and cloud are told, in words that give nothing away.
    fn is_refused(&self, commit: &str) -> Result<()> {
        self.app.fleet.fails(REFUSAL)?;
        self.app.fleet.shows("the refusal", |state| state.get("update_failed") == Some(&json!(true)))?;
        self.app.fleet.reports("the refusal", |device| {
            let status = device.release(commit)?.get("update_status")?.as_str()?;
            (status == "aborted").then_some(())
        })?;
        let lines = self.app.fleet.reports("why it is refused", |device| {
            let lines: Vec<&str> = device.log.iter().map(LogLine::message).collect();
            lines.iter().any(|line| line.contains(REFUSAL)).then(|| lines.join("\n"))
        })?;
        let shown =
            self.app.fleet.supervisor.admin_ok(&["app", "show", &self.app.fleet.app_id.to_string()])?;
        let state = self.app.fleet.client()?.get("/v1/device")?.body;
        for told in [lines, shown, state, self.app.fleet.supervisor.logs()] {
            check(!told.contains(&self.key), "the device's key is told")?;
            let packed = STANDARD.encode(format!("{}:{}", self.user, self.key));
            check(!told.contains(&packed), "the device's key is told in base64")?;
        }
        self.app.runs_on()
    }
}

#[test]
fn registry_that_knows_the_devices_name_and_key_gives_its_images() -> Result<()> {
    let mut device = Running::start()?;
    let (_door, address) = device.app.fleet.registry.behind_password(&device.user, &device.key)?;
    let gate = RegistryGate::before(&address)?;

    let commit = device.release_from(gate.address())?;

    device.app.fleet.runs(&commit, &["main"])?;
    let asked = gate.asked();
    check(asked.iter().any(|asked| asked.caller.as_deref() == Some(&device.user)), format!("{asked:?}"))
}

#[test]
fn registry_that_knows_another_key_is_told_of_and_asked_again_until_it_is_right() -> Result<()> {
    let mut device = Running::start()?;
    let (door, address) = device.app.fleet.registry.behind_password(&device.user, "another")?;

    let commit = device.release_from(address.clone())?;
    device.is_refused(&commit)?;

    drop(door);
    let _door = device.app.fleet.registry.behind_password_again(&device.user, &device.key, &address)?;
    device.app.fleet.runs(&commit, &["main"]).map(drop)
}

/// Under another address of this machine: not the API's.
#[test]
fn foreign_registry_is_asked_without_a_name_whatever_it_asks_for() -> Result<()> {
    let mut device = Running::start()?;
    let (_door, address) = device.app.fleet.registry.behind_password(&device.user, &device.key)?;
    let closed = RegistryGate::elsewhere(&address)?;
    let open = RegistryGate::elsewhere(&device.app.fleet.registry.address())?;

    let refused = device.release_from(closed.address())?;
    device.is_refused(&refused)?;
    let taken = device.release_from(open.address())?;
    device.app.fleet.runs(&taken, &["main"])?;

    for gate in [closed, open] {
        let asked = gate.asked();
        check(!asked.is_empty(), "nobody asked")?;
        check(asked.iter().all(|asked| asked.caller.is_none()), format!("{asked:?}"))?;
    }
    Ok(())
}

#[test]
fn owner_without_a_cloud_is_told_that_the_registry_wants_a_password() -> Result<()> {
    let registry = Registry::start()?;
    let path = registry.hold(Image::on(IMAGE, &[Layer::Mark])?.name(), "private")?;
    let (_door, address) = registry.behind_password("owner", "word")?;
    let supervisor = Supervisor::start(&[])?;
    let app_id = unique_app_id();

    let applied = supervisor.apply(app_id, &one_service(&format!("{address}/{path}"), &[]));

    let told = applied.err().ok_or("it was pulled without a password")?.to_string();
    check(told.contains(REFUSAL), told)
}
