//! The app on the device whose fate the tests follow.

use std::time::Duration;

use crate::Result;
use crate::compose::one_service;
use crate::device::Device;
use crate::supervisor::{admin, apply};
use crate::wait::{check, wait_until};

/// The image of the test app, made by `scripts/build-app-image`.
pub const IMAGE: &str = "supervisor-test-app";
const SOON: Duration = Duration::from_mins(2);

/// Told to end, it notes that in its data, and ends as soon as no file there asks it to stay.
pub const STUBBORN: [&str; 2] = [
    r#"command: ["sh", "-c", "trap 'touch /data/terminating; while test -e /data/stay; do sleep 0.1; done; exit 0' TERM; while true; do sleep 1 & wait; done"]"#,
    "stop_grace_period: 1m",
];

/// An app of one service, `main`.
#[derive(Debug)]
pub struct App<'device> {
    device: &'device Device,
    /// Its id.
    pub id: u64,
}

impl<'device> App<'device> {
    /// Applies the app that stops at once, and waits until it runs.
    pub fn apply(device: &'device Device, id: u64) -> Result<Self> {
        Self::apply_with(device, id, &[])
    }

    /// Applies the app that, told to stop, stays until it is let go.
    pub fn apply_stubborn(device: &'device Device, id: u64) -> Result<Self> {
        let app = Self::apply_with(device, id, &STUBBORN)?;
        device.engine().hears_term(&app.container()?)?;
        // An earlier one of this id has left its note.
        device.shell(&format!("rm -f {0}/terminating && touch {0}/stay", app.data()))?;
        Ok(app)
    }

    /// The stubborn app stays no longer than it is told to.
    pub fn let_go(&self) -> Result<()> {
        self.device.shell(&format!("rm -f {}/stay", self.data())).map(drop)
    }

    fn apply_with(device: &'device Device, id: u64, lines: &[&str]) -> Result<Self> {
        apply(device, id, &one_service(IMAGE, lines))?;
        let app = Self { device, id };
        app.container()?;
        Ok(app)
    }

    /// Its running container, waited for.
    pub fn container(&self) -> Result<String> {
        wait_until("the app's container", SOON, || self.device.engine().running_service(self.id, "main"))
    }

    /// A running container that is not `old`, waited for.
    pub fn container_after(&self, old: &str) -> Result<String> {
        wait_until("the app's new container", SOON, || {
            let id = self.device.engine().running_service(self.id, "main")?;
            check(id != old, "still the old container")?;
            Ok(id)
        })
    }

    /// A shell line in its container.
    pub fn shell(&self, line: &str) -> Result<String> {
        self.device.engine().shell(&self.container()?, line)
    }

    /// A call of the seed's examples, by `curl` in the app with the seed's variables.
    pub fn seed(&self, method: &str, path: &str, data: &str) -> Result<String> {
        let data = if data.is_empty() { String::new() } else { format!("--data '{data}'") };
        let line = format!(
            "curl -sS -w '|%{{http_code}}' -X {method} --header 'Content-Type:application/json' {data} \
             \"$RESIN_SUPERVISOR_ADDRESS{path}?apikey=$RESIN_SUPERVISOR_API_KEY\""
        );
        self.shell(&line)
    }

    /// The body that names this app.
    pub fn body(&self) -> String {
        format!(r#"{{"appId": {}}}"#, self.id)
    }

    /// The same with `force`.
    pub fn forced_body(&self) -> String {
        format!(r#"{{"appId": {}, "force": true}}"#, self.id)
    }

    /// How often it has started, its last start included.
    pub fn starts(&self) -> Result<u32> {
        self.device.engine().app_starts(self.id)
    }

    /// Its data folder on the device.
    pub fn data(&self) -> String {
        format!("/resin-data/{}", self.id)
    }

    /// Leaves a file in its data.
    pub fn leave(&self, name: &str) -> Result<()> {
        self.device.shell(&format!("echo mine >{}/{name}", self.data())).map(drop)
    }

    /// Whether a file is in its data.
    pub fn has(&self, name: &str) -> Result<bool> {
        Ok(self.device.shell(&format!("test -e {}/{name} && echo yes || echo no", self.data()))? == "yes")
    }

    /// Waits until the stubborn app has been told to stop.
    pub fn wait_until_terminating(&self) -> Result<()> {
        wait_until("the app's TERM", SOON, || check(self.has("terminating")?, "no TERM yet"))
    }
}

impl Drop for App<'_> {
    fn drop(&mut self) {
        drop(self.let_go());
        drop(admin(self.device, &format!("app remove {} --yes", self.id)));
    }
}
