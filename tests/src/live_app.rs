//! An app on this machine's engine that a live test follows.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::Result;
use crate::app::{IMAGE, STUBBORN};
use crate::compose::one_service;
use crate::engine::Engine;
use crate::live::Supervisor;
use crate::scratch::unique_app_id;
use crate::wait::{check, wait_until};

const SOON: Duration = Duration::from_mins(2);

/// An app of one service, `main`; its supervisor's end removes it from the engine.
#[derive(Debug)]
pub struct LiveApp {
    /// Its id.
    pub id: u64,
    engine: Engine,
}

impl LiveApp {
    /// An id for an app that is not there yet.
    pub fn new() -> Self {
        Self { id: unique_app_id(), engine: Engine::default() }
    }

    /// Applies the app that stops at once, and waits until it runs.
    pub fn apply(supervisor: &Supervisor) -> Result<Self> {
        Self::apply_with(supervisor, &[])
    }

    /// Applies the app that, told to stop, stays until it is let go.
    pub fn apply_stubborn(supervisor: &Supervisor) -> Result<Self> {
        let app = Self::apply_with(supervisor, &STUBBORN)?;
        app.engine.hears_term(&app.container()?)?;
        fs::write(supervisor.data(app.id).join("stay"), "")?;
        Ok(app)
    }

    /// The stubborn app stays no longer than it is told to.
    pub fn let_go(&self, supervisor: &Supervisor) -> Result<()> {
        Ok(fs::remove_file(supervisor.data(self.id).join("stay"))?)
    }

    /// Applies it with more lines of its service, and waits until it runs.
    pub fn apply_with(supervisor: &Supervisor, lines: &[&str]) -> Result<Self> {
        let app = Self::new();
        supervisor.apply(app.id, &one_service(IMAGE, lines))?;
        app.container()?;
        Ok(app)
    }

    /// Its running container, waited for.
    pub fn container(&self) -> Result<String> {
        wait_until("the app's container", SOON, || self.engine.running_service(self.id, "main"))
    }

    /// A running container that is not `old`, waited for.
    pub fn container_after(&self, old: &str) -> Result<String> {
        wait_until("the app's new container", SOON, || {
            let id = self.engine.running_service(self.id, "main")?;
            check(id != old, "still the old container")?;
            Ok(id)
        })
    }

    /// Waits until the stubborn app has been told to stop.
    pub fn wait_until_terminating(&self, supervisor: &Supervisor) -> Result<()> {
        let sign = supervisor.data(self.id).join("terminating");
        wait_until("the app's TERM", SOON, || check(sign.exists(), "no TERM yet"))
    }

    /// What runs in its container.
    pub fn processes(&self) -> Result<String> {
        self.engine.docker(&["top", &self.container()?])
    }

    /// The body that names this app.
    pub fn body(&self) -> String {
        format!(r#"{{"appId": {}}}"#, self.id)
    }

    /// The same with `force`.
    pub fn forced_body(&self) -> String {
        format!(r#"{{"appId": {}, "force": true}}"#, self.id)
    }

    /// The lock folder of its service on this machine.
    pub fn locks(&self) -> PathBuf {
        PathBuf::from(format!("/tmp/balena-supervisor/services/{}/main", self.id))
    }
}

impl Default for LiveApp {
    fn default() -> Self {
        Self::new()
    }
}
