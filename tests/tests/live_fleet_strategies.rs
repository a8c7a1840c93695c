//! How a cloud's releases follow each other: strategies by label and by variable, and updates that wait.

use std::time::{SystemTime, UNIX_EPOCH};

use fake_cloud::{Route, World};
use serde_json::{Value, json};
use supervisor_tests::Result;
use supervisor_tests::bus::Bus;
use supervisor_tests::engine::Engine;
use supervisor_tests::fleet::{Fleet, LIMIT};
use supervisor_tests::wait::{check, wait_until};

const STRATEGY: &str = "io.balena.update.strategy";
const TIMEOUT: &str = "io.balena.update.handover-timeout";
const APPLY: &str = "io.supervisor.update.apply";

/// A device whose first release runs and has data.
struct Device {
    fleet: Fleet,
    image: String,
    first: String,
    container: String,
}

impl Device {
    fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// The same with more settings of the programs.
    fn start_with(settings: &[(&str, &str)]) -> Result<Self> {
        let mut fleet = Fleet::start_on(Engine::default(), settings)?;
        let image = fleet.image()?;
        let first = fleet.release(&service(&image, 1, &[]))?;
        let container = one(&fleet, &first)?;
        fleet.engine.shell(&container, "echo mine >/data/kept")?;
        Ok(Self { fleet, image, first, container })
    }

    /// Waits until only this release runs, with the data.
    fn ends_with(&self, commit: &str) -> Result<()> {
        let container = one(&self.fleet, commit)?;
        check(container != self.container, "it is the old container")?;
        check(self.fleet.engine.shell(&container, "cat /data/kept")? == "mine", "the data is not as it was")
    }

    /// The running container beside the first one.
    fn beside_the_first(&self) -> Result<String> {
        let engine = &self.fleet.engine;
        wait_until("old and new container", LIMIT, || {
            let ids = engine.service_containers(self.fleet.app_id, "main")?;
            let new = ids.iter().find(|id| **id != self.container).ok_or("no new container yet")?;
            let running = engine.docker(&["inspect", "-f", "{{.State.Running}}", new, &self.container])?;
            check(running == "true\ntrue", running)?;
            Ok(new.clone())
        })
        .map_err(|error| self.fleet.explain(&error))
    }

    /// `POST /v1/update`, and the question to the cloud that follows.
    fn is_asked(&self, body: &str) -> Result<()> {
        let questions = |world: &World| world.requests(Route::State).count();
        let before = self.fleet.cloud.look(questions);
        self.fleet.nudge(body)?;
        let asked = self.fleet.cloud.wait(LIMIT, |world| (questions(world) > before).then_some(()));
        asked.ok_or_else(|| "the cloud was not asked".into())
    }

    fn has_image(&self) -> bool {
        self.fleet.engine.docker(&["image", "inspect", &self.image]).is_ok()
    }

    fn waits(&self, for_what: &str) -> Result<()> {
        self.fleet.app_shows(&format!("an update that waits for {for_what}"), |app| {
            app["update_downloaded"] == true
                && app["apply_waits_for"].as_str().is_some_and(|what| what.contains(for_what))
        })?;
        check(one(&self.fleet, &self.first)? == self.container, "the container is another one")
    }
}

/// The one container there is.
fn one(fleet: &Fleet, commit: &str) -> Result<String> {
    fleet.runs(commit, &["main"])?.pop().ok_or_else(|| "no container".into())
}

fn service(image: &str, number: u32, labels: &[(&str, &str)]) -> Value {
    let labels: serde_json::Map<String, Value> =
        labels.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({ "main": {
        "image": image, "environment": { "NUMBER": number.to_string() }, "labels": labels,
        "composition": { "stop_signal": "KILL" },
    } })
}

#[test]
fn hand_over_by_label_has_both_containers_until_the_new_one_says_so() -> Result<()> {
    let mut device = Device::start()?;
    let next = device.fleet.image()?;
    let commit =
        device.fleet.release(&service(&next, 2, &[(STRATEGY, "hand-over"), (TIMEOUT, "3600000")]))?;
    let new = device.beside_the_first()?;
    device.fleet.reports("a release that is being applied", |told| {
        (told.release(&commit)?.get("update_status")? == "applying changes").then_some(())
    })?;
    check(device.beside_the_first()? == new, "the new container did not stay")?;
    device.fleet.engine.shell(&new, "touch /tmp/resin/resin-kill-me")?;
    device.ends_with(&commit)?;
    check(one(&device.fleet, &commit)? == new, "the new container is another one")
}

#[test]
fn hand_over_by_variable_has_both_containers_until_its_time_is_up() -> Result<()> {
    let device = Device::start()?;
    device.fleet.cloud.configure("RESIN_SUPERVISOR_UPDATE_STRATEGY", Some("hand-over"));
    device.fleet.cloud.configure("BALENA_SUPERVISOR_HANDOVER_TIMEOUT", Some("3000"));
    let before = device.fleet.supervisor.core_log_bytes();
    let commit = device.fleet.release(&service(&device.image, 2, &[]))?;
    device.fleet.supervisor.wait_for_core_log(before, "service=main by=timeout")?;
    device.ends_with(&commit)
}

#[test]
fn kill_then_download_by_variable_has_no_container_until_the_image_is_here() -> Result<()> {
    let mut device = Device::start()?;
    let next = device.fleet.image()?;
    device.fleet.cloud.configure("BALENA_SUPERVISOR_UPDATE_STRATEGY", Some("kill-then-download"));
    device.fleet.hold_registry()?;
    let commit = device.fleet.release(&service(&next, 2, &[]))?;
    is_without_container(&device.fleet)?;
    assert!(device.has_image(), "the old image stays until the new release runs");
    device.fleet.let_registry_go()?;
    device.ends_with(&commit)
}

#[test]
fn delete_then_download_by_label_has_neither_container_nor_old_image_while_it_pulls() -> Result<()> {
    let mut device = Device::start()?;
    let next = device.fleet.image()?;
    device.fleet.hold_registry()?;
    let before = device.fleet.supervisor.core_log_bytes();
    let commit = device.fleet.release(&service(&next, 2, &[(STRATEGY, "delete-then-download")]))?;
    device.fleet.supervisor.wait_for_core_log(before, "step='pull image")?;
    is_without_container(&device.fleet)?;
    assert!(!device.has_image(), "the old image goes first");
    device.fleet.let_registry_go()?;
    device.ends_with(&commit)
}

fn is_without_container(fleet: &Fleet) -> Result<()> {
    wait_until("no container", LIMIT, || {
        let names = fleet.containers()?;
        check(names.is_empty(), format!("{names:?}"))
    })
    .map_err(|error| fleet.explain(&error))
}

#[test]
fn update_on_call_waits_for_the_clouds_call() -> Result<()> {
    let mut device = Device::start()?;
    let next = device.fleet.image()?;
    let commit = device.fleet.release(&service(&next, 2, &[(APPLY, "on-call")]))?;
    device.waits("a call")?;
    device.fleet.reports("what runs and what waits", |told| {
        let status = |commit: &str| told.release(commit)?.get("update_status")?.as_str();
        (status(&device.first)? == "done" && status(&commit)? == "downloaded").then_some(())
    })?;
    // The second question comes after core has been told of the first one's answer.
    device.is_asked(r#"{"force": true}"#)?;
    device.is_asked("{}")?;
    device.waits("a call")?;
    device.fleet.nudge(r#"{"apply": true}"#)?;
    device.ends_with(&commit)
}

#[test]
fn update_in_a_window_waits_while_it_is_closed_and_is_carried_out_while_it_is_open() -> Result<()> {
    // Nobody on it says that this machine's clock is not right.
    let bus = Bus::start()?;
    let mut device = Device::start_with(&[("DBUS_SYSTEM_BUS_ADDRESS", &bus.address())])?;
    let next = device.fleet.image()?;
    device.fleet.release(&service(&next, 2, &[(APPLY, &window(2, 4)?)]))?;
    device.waits("the time from")?;
    let commit = device.fleet.release(&service(&next, 3, &[(APPLY, &window(22, 2)?)]))?;
    device.ends_with(&commit)
}

/// A time of the day, in whole hours from this one on: no test takes so long, and midnight makes no difference.
fn window(from: u64, until: u64) -> Result<String> {
    let hour = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / 3600;
    Ok(format!("{:02}:00-{:02}:00", (hour + from) % 24, (hour + until) % 24))
}
