//! Which images core removes from a real engine, and which it leaves.

use std::time::Duration;

use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::engine::Engine;
use supervisor_tests::image::{Image, Layer};
use supervisor_tests::live::Supervisor;
use supervisor_tests::registry::{Registry, forget};
use supervisor_tests::registry_gate::RegistryGate;
use supervisor_tests::scratch::{unique, unique_app_id};
use supervisor_tests::wait::{check, wait_until};

const LIMIT: Duration = Duration::from_mins(2);
/// A health check that waits for a word, and has the time for it.
const WAITS: [&str; 2] = [
    r#"healthcheck: {test: "test -e /tmp/ready", interval: 500ms, timeout: 5s, retries: 3}"#,
    "labels: {io.supervisor.update.health-timeout: 1h}",
];
/// One that fails soon.
const FAILS: [&str; 2] = [
    r#"healthcheck: {test: "false", interval: 500ms, timeout: 5s, retries: 1}"#,
    "labels: {io.supervisor.update.health-timeout: 3s}",
];

/// Core and frontend, and a registry of images that are not on this machine.
struct Device {
    supervisor: Supervisor,
    gate: RegistryGate,
    registry: Option<Registry>,
    engine: Engine,
    images: Vec<String>,
}

impl Device {
    fn start() -> Result<Self> {
        let registry = Registry::start()?;
        let gate = RegistryGate::before(&registry.address())?;
        let supervisor = Supervisor::start(&[])?;
        Ok(Self { supervisor, gate, registry: Some(registry), engine: Engine::default(), images: Vec::new() })
    }

    /// The name of a new image, which is in the registry alone.
    fn image(&mut self) -> Result<String> {
        let image = Image::on(IMAGE, &[Layer::Mark])?;
        let registry = self.registry.as_ref().ok_or("the registry is gone")?;
        let path = registry.hold(image.name(), &format!("cleanup-{}", unique()))?;
        let full = format!("{}/{path}", self.gate.address());
        self.images.push(full.clone());
        Ok(full)
    }

    /// The same, and somebody else has brought it here.
    fn image_of_somebody_else(&mut self) -> Result<String> {
        let image = self.image()?;
        self.engine.docker(&["pull", "-q", &image])?;
        Ok(image)
    }

    fn is_here(&self, image: &str) -> bool {
        self.engine.docker(&["image", "inspect", image]).is_ok()
    }

    fn goes(&self, image: &str) -> Result<()> {
        wait_until(&format!("the end of image {image}"), LIMIT, || {
            check(!self.is_here(image), self.supervisor.logs())
        })
    }

    fn stays(&self, image: &str) -> Result<()> {
        check(self.is_here(image), format!("{image} is gone\n{}", self.supervisor.logs()))
    }

    /// Waits until one service runs from this image, and no other container of it is left.
    fn runs(&self, app_id: u64, service: &str, image: &str) -> Result<String> {
        wait_until(&format!("{service} from {image}"), LIMIT, || {
            let container = self.engine.running_service(app_id, service)?;
            let made_from = self.engine.docker(&["inspect", "-f", "{{.Config.Image}}", &container])?;
            check(made_from == image, format!("{made_from}\n{}", self.supervisor.logs()))?;
            Ok(container)
        })
    }

    /// An app whose update makes core look at all images: when its old one has gone, core has looked.
    fn have_core_clean_up(&mut self) -> Result<()> {
        let app_id = unique_app_id();
        let (old, new) = (self.image()?, self.image()?);
        self.supervisor.apply(app_id, &release(&[("main", &old)], &[]))?;
        self.supervisor.apply(app_id, &release(&[("main", &new)], &[]))?;
        self.goes(&old)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.supervisor.kill_core();
        self.supervisor.kill_frontend();
        for container in self
            .images
            .iter()
            .flat_map(|image| self.engine.docker(&["ps", "-aq", "--filter", &format!("ancestor={image}")]))
        {
            for id in container.lines() {
                drop(self.engine.docker(&["rm", "-f", id]));
            }
        }
        for image in &self.images {
            drop(forget(image));
        }
    }
}

/// A release of these services, by name and image, each with these lines more.
fn release(services: &[(&str, &str)], lines: &[&str]) -> String {
    let mut text = vec!["services:".to_owned()];
    for (name, image) in services {
        text.extend([
            format!("  {name}:"),
            format!("    image: {image}"),
            "    stop_signal: KILL".to_owned(),
        ]);
        text.extend(lines.iter().map(|line| format!("    {line}")));
    }
    text.join("\n") + "\n"
}

#[test]
fn image_of_the_release_before_goes_and_one_that_somebody_else_brought_stays() -> Result<()> {
    let mut device = Device::start()?;
    let (first, second, foreign) = (device.image()?, device.image()?, device.image_of_somebody_else()?);
    let app_id = unique_app_id();
    device.supervisor.apply(app_id, &release(&[("main", &first), ("side", &foreign)], &[]))?;
    device.runs(app_id, "main", &first)?;

    device.supervisor.apply(app_id, &release(&[("main", &second), ("side", &second)], &[]))?;

    device.runs(app_id, "side", &second)?;
    device.goes(&first)?;
    device.have_core_clean_up()?;
    device.stays(&foreign)?;
    device.stays(&second)
}

#[test]
fn image_that_another_app_runs_stays_until_that_one_is_removed() -> Result<()> {
    let mut device = Device::start()?;
    let (shared, own, next) = (device.image()?, device.image()?, device.image()?);
    let (one, other) = (unique_app_id(), unique_app_id());
    device.supervisor.apply(one, &release(&[("main", &shared), ("side", &own)], &[]))?;
    device.supervisor.apply(other, &release(&[("main", &shared)], &[]))?;

    device.supervisor.apply(one, &release(&[("main", &next)], &[]))?;
    device.goes(&own)?;
    device.stays(&shared)?;
    device.runs(other, "main", &shared)?;

    device.supervisor.admin_ok(&["app", "remove", &other.to_string(), "--yes"])?;
    device.goes(&shared)?;
    device.stays(&next)
}

#[test]
fn image_of_the_last_good_release_stays_until_its_successor_has_passed() -> Result<()> {
    let mut device = Device::start()?;
    let (good, next) = (device.image()?, device.image()?);
    let app_id = unique_app_id();
    let applied = device.supervisor.apply_as_frontend(app_id, &release(&[("main", &good)], &[]))?;
    check(applied.code == Some(0), format!("{applied:?}"))?;
    passes(&device, app_id)?;

    device.supervisor.apply_as_frontend(app_id, &release(&[("main", &next)], &WAITS))?;
    let container = device.runs(app_id, "main", &next)?;
    device.have_core_clean_up()?;
    device.stays(&good)?;

    device.engine.shell(&container, "touch /tmp/ready")?;
    passes(&device, app_id)?;
    device.goes(&good)?;
    device.stays(&next)
}

#[test]
fn release_that_is_given_up_leaves_and_the_one_before_comes_back_without_a_registry() -> Result<()> {
    let mut device = Device::start()?;
    let (good, bad) = (device.image()?, device.image()?);
    let app_id = unique_app_id();
    device.supervisor.apply_as_frontend(app_id, &release(&[("main", &good)], &[]))?;
    passes(&device, app_id)?;
    let asked = device.gate.blobs().len();

    device.supervisor.apply_as_frontend(app_id, &release(&[("main", &bad)], &FAILS))?;

    device.goes(&bad)?;
    device.runs(app_id, "main", &good)?;
    let blobs: Vec<_> = device.gate.blobs().into_iter().skip(asked).collect();
    check(blobs.len() == 2, format!("more was pulled than the bad one's layer and configuration: {blobs:?}"))
}

#[test]
fn delete_then_download_removes_cores_own_image_before_the_next_comes_and_nobody_elses() -> Result<()> {
    let mut device = Device::start()?;
    let (own, foreign, next) = (device.image()?, device.image_of_somebody_else()?, device.image()?);
    let app_id = unique_app_id();
    let lines = ["labels: {io.balena.update.strategy: delete-then-download}"];
    device.supervisor.apply(app_id, &release(&[("main", &own), ("side", &foreign)], &lines))?;
    device.gate.hold_after(0);

    let words = release(&[("main", &next), ("side", &next)], &lines);
    std::thread::scope(|scope| {
        let applied = scope.spawn(|| device.supervisor.apply(app_id, &words));
        let seen = device.gate.wait_until_held().and_then(|()| {
            check(!device.is_here(&own), "core's own image is still here")?;
            device.stays(&foreign)?;
            let left = device.engine.service_containers(app_id, "main")?;
            check(left.is_empty(), format!("the old container is still here: {left:?}"))
        });
        device.gate.open();
        applied.join().map_err(|_| "the applying thread panicked")??;
        seen
    })?;
    device.runs(app_id, "main", &next)?;
    device.stays(&foreign)
}

/// Waits until core counts the app's release as good.
fn passes(device: &Device, app_id: u64) -> Result<()> {
    wait_until("the release to pass", LIMIT, || {
        let shown = device.supervisor.admin_ok(&["--json", "app", "show", &app_id.to_string()])?;
        let app: serde_json::Value = serde_json::from_str(&shown)?;
        let (commit, running) = (app.get("commit"), app.get("running_commit"));
        check(commit.is_some() && commit == running, format!("{shown}\n{}", device.supervisor.logs()))
    })
}
