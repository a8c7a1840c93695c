//! A fleet of one device: the tests' cloud, its registry, and the real programs that it is to manage.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use fake_cloud::{Device, FakeCloud, Route};
use serde_json::{Value, json};

use crate::Result;
use crate::app::IMAGE;
use crate::curl::Client;
use crate::engine::Engine;
use crate::image::{Image, Layer};
use crate::live::Supervisor;
use crate::process::Process;
use crate::registry::Registry;
use crate::registry_gate::RegistryGate;
use crate::scratch::{Folder, unique_app_id};
use crate::wait::{check, wait_until};

/// How long anything may take on a busy machine.
pub const LIMIT: Duration = Duration::from_mins(5);

/// The device's uuid, chosen by its owner.
pub const UUID: &str = "77cbf8a128f9462ea978baadf773817e";

/// Cloud, registry and device.
#[derive(Debug)]
pub struct Fleet {
    /// The programs; first, so that they end before what they speak to.
    pub supervisor: Supervisor,
    /// The cloud.
    pub cloud: FakeCloud,
    /// The engine that the device's apps run on.
    pub engine: Engine,
    /// The app's number, which is the fleet's.
    pub app_id: u64,
    /// Where the device's images are.
    pub registry: Registry,
    door: String,
    guard: Option<Process>,
    /// The address of the door that the guard is at.
    guarded: String,
    images: Vec<String>,
    _folder: Folder,
}

impl Fleet {
    /// A device that has just been flashed: it knows its cloud and may register.
    pub fn start() -> Result<Self> {
        Self::start_on(Engine::default(), &[])
    }

    /// The same with more settings of the programs, on this engine, whose images the machine's own provides.
    pub fn start_on(engine: Engine, settings: &[(&str, &str)]) -> Result<Self> {
        let cloud = FakeCloud::start_fleet(unique_app_id())?;
        let registry = Registry::start()?;
        let (guard, door) = registry.guarded_by(&cloud)?;
        let folder = Folder::new()?;
        let config = folder.join("config.json");
        let content = json!({
            "apiEndpoint": cloud.url(), "apiKey": cloud.provisioning_key(), "applicationId": cloud.fleet_id(),
            "deviceType": "generic-amd64", "uuid": UUID,
        });
        fs::write(&config, content.to_string())?;
        let all: Vec<(&str, &str)> =
            settings.iter().copied().chain([("CONFIG_JSON", config.as_str())]).collect();
        let app_id = cloud.fleet_id();
        let supervisor = Supervisor::start(&all)?;
        supervisor.remove_at_end(app_id);
        Ok(Self {
            supervisor,
            cloud,
            engine,
            app_id,
            registry,
            guarded: door.clone(),
            door,
            guard: Some(guard),
            images: Vec::new(),
            _folder: folder,
        })
    }

    /// An image of the test app in the fleet's registry, unlike any other, and not on this machine.
    pub fn image(&mut self) -> Result<String> {
        self.hold(&Image::on(IMAGE, &[Layer::Mark])?)
    }

    /// The same in a repository of the registry, which may hold other images.
    pub fn image_in(&mut self, repository: &str) -> Result<String> {
        self.hold_in(&Image::on(IMAGE, &[Layer::Mark])?, repository)
    }

    /// Puts an image into the fleet's registry, and gives its name there.
    pub fn hold(&mut self, image: &Image) -> Result<String> {
        let repository = format!("v2/{:032x}", self.images.len() + 1);
        self.hold_in(image, &repository)
    }

    fn hold_in(&mut self, image: &Image, repository: &str) -> Result<String> {
        let path = self.registry.hold(image.name(), repository)?;
        let full = format!("{}/{path}", self.door);
        self.images.push(full.clone());
        Ok(full)
    }

    /// Images have this registry's name from now on; it holds the same ones.
    pub fn go_to(&mut self, address: String) {
        self.door = address;
    }

    /// Images come through a gate from now on.
    pub fn go_through_gate(&mut self) -> Result<RegistryGate> {
        let gate = RegistryGate::before(&self.door)?;
        self.go_to(gate.address());
        Ok(gate)
    }

    /// Releases an app of these services, and has the device look at once.
    pub fn release(&self, services: &Value) -> Result<String> {
        let commit = self.cloud.release(json!({ "services": services, "volumes": {}, "networks": {} }));
        self.nudge("{}")?;
        Ok(commit)
    }

    /// What the local tool shows of the app.
    pub fn app(&self) -> Result<Value> {
        let words = ["--json", "app", "show", &self.app_id.to_string()];
        Ok(serde_json::from_str(&self.supervisor.admin_ok(&words)?)?)
    }

    /// Waits until the local tool shows the app as it should be.
    pub fn app_shows(&self, what: &str, is: impl Fn(&Value) -> bool) -> Result<()> {
        wait_until(what, LIMIT, || {
            let shown = self.app()?;
            check(is(&shown), shown.to_string())
        })
        .map_err(|error| self.explain(&error))
    }

    /// The folder of a service's update locks.
    pub fn locks(&self, service: &str) -> PathBuf {
        PathBuf::from(format!("/tmp/balena-supervisor/services/{}/{service}", self.app_id))
    }

    /// `POST /v1/update`, as the cloud does it.
    pub fn nudge(&self, body: &str) -> Result<()> {
        let answer = self.client()?.post("/v1/update", body)?;
        check(answer.status == 204, format!("{answer:?}"))
    }

    /// The registry answers nobody for now, and whoever asks it waits.
    pub fn hold_registry(&self) -> Result<()> {
        self.guard.as_ref().ok_or("the registry is closed")?.freeze()
    }

    /// The registry answers again.
    pub fn let_registry_go(&self) -> Result<()> {
        self.guard.as_ref().ok_or("the registry is closed")?.thaw()
    }

    /// The registry is gone for the device.
    pub fn close_registry(&mut self) {
        self.guard = None;
    }

    /// The registry is back.
    pub fn open_registry(&mut self) -> Result<()> {
        self.guard = Some(self.registry.guarded_again(&self.guarded)?);
        Ok(())
    }

    /// Waits until `/v1/device` is as it should be.
    pub fn shows(&self, what: &str, is: impl Fn(&Value) -> bool) -> Result<()> {
        wait_until(&format!("{what} in /v1/device"), LIMIT, || {
            let body = self.client()?.get("/v1/device")?.body;
            check(is(&serde_json::from_str(&body)?), body)
        })
        .map_err(|error| self.explain(&error))
    }

    /// Waits until the owner is told this of why the app is not as the cloud wants it; gives the whole sentence.
    pub fn fails(&self, words: &str) -> Result<String> {
        let id = self.app_id.to_string();
        wait_until(&format!("'{words}' in app show"), LIMIT, || {
            let shown = self.supervisor.admin_ok(&["--json", "app", "show", &id])?;
            let app: Value = serde_json::from_str(&shown)?;
            let why = app.get("last_error").and_then(Value::as_str).unwrap_or_default();
            check(why.contains(words), shown.as_str())?;
            Ok(why.to_owned())
        })
        .map_err(|error| self.explain(&error))
    }

    /// A client of the device's API.
    pub fn client(&self) -> Result<Client> {
        self.supervisor.client()
    }

    /// The containers of the app, by name: `<service>_<image>_<release>_<commit>`, whatever their state.
    pub fn containers(&self) -> Result<Vec<String>> {
        let label = format!("label=io.balena.app-id={}", self.app_id);
        let names = self.engine.docker(&["ps", "-a", "--filter", &label, "--format", "{{.Names}}"])?;
        let mut names: Vec<String> = names.lines().map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }

    /// Waits until exactly these services run, each once and of this release, and gives their containers.
    pub fn runs(&self, commit: &str, services: &[&str]) -> Result<Vec<String>> {
        wait_until(&format!("release {commit}"), LIMIT, || {
            let names = self.containers()?;
            let are = names.len() == services.len()
                && services.iter().zip(&names).all(|(service, name)| {
                    name.starts_with(&format!("{service}_")) && name.ends_with(commit)
                });
            check(are, format!("{names:?}"))?;
            services.iter().map(|service| self.engine.running_service(self.app_id, service)).collect()
        })
        .map_err(|error| self.explain(&error))
    }

    /// Waits until the cloud knows this of the device.
    pub fn reports<T>(&self, what: &str, look: impl Fn(&Device) -> Option<T>) -> Result<T> {
        let found = self.cloud.wait(LIMIT, |world| world.devices().find_map(&look));
        found.ok_or_else(|| self.explain(&format!("the cloud was not told: {what}").into()))
    }

    /// The cloud has known everything that it was told of, so far.
    pub fn was_understood(&self) -> Result<()> {
        let is_refused = |status: u16| matches!(status, 400 | 401 | 413);
        let refused =
            self.cloud.look(|world| world.requests(Route::Report).any(|seen| is_refused(seen.status)));
        check(!refused, "the cloud refused a report").map_err(|error| self.explain(&error))
    }

    /// A failure with what everybody wrote.
    pub fn explain(&self, error: &crate::Failure) -> crate::Failure {
        let (told, refused) = self.cloud.look(|world| {
            let told: Vec<String> = world.devices().map(|device| format!("{:?}", device.state)).collect();
            let refused = world.requests(Route::Report).filter(|seen| seen.status != 200).last();
            (told.join("\n"), refused.map(|seen| String::from_utf8_lossy(&seen.body).into_owned()))
        });
        let logs = self.supervisor.logs();
        let refused = refused.unwrap_or_default();
        format!("{error}\n{logs}\n== the cloud was told\n{told}\n== and did not take\n{refused}").into()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.supervisor.kill_core();
        self.supervisor.kill_frontend();
        self.engine.remove_app(self.app_id);
        for image in &self.images {
            drop(self.engine.docker(&["image", "rm", "-f", image]));
        }
    }
}
