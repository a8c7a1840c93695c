//! A fleet of one device on an engine of its own, and who is killed on it.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::engine_gate::EngineGate;
use supervisor_tests::fleet::{Fleet, LIMIT};
use supervisor_tests::private_engine::PrivateEngine;
use supervisor_tests::wait::{check, wait_until};

/// Told to end, it says so and ends, as soon as nothing asks it to stay.
const APP: &str = "trap 'touch /data/terminating; while test -e /data/stay; do sleep 0.1; done; exit 0' TERM; \
                   while true; do sleep 1 & wait; done";

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    Core,
    Frontend,
    Engine,
}

/// What is different about a release.
#[derive(Debug, Clone, Copy, Default)]
pub struct Release<'a> {
    pub labels: &'a [(&'a str, &'a str)],
    /// A shell line: the release is healthy when it succeeds.
    pub check: Option<&'a str>,
}

#[derive(Debug)]
pub struct Scene {
    pub fleet: Fleet,
    pub gate: EngineGate,
    pub engine: PrivateEngine,
    pub party: Party,
    /// The image of releases to come.
    pub image: String,
    number: u32,
}

impl Scene {
    /// The first release runs, has passed, and has data.
    pub fn start(party: Party) -> Result<Self> {
        let engine = PrivateEngine::start()?;
        engine.load(IMAGE)?;
        let gate = EngineGate::before(&engine.socket())?;
        let mut fleet = Fleet::start_on(engine.engine(), &[("DOCKER_SOCKET", &gate.socket())])?;
        let image = fleet.image()?;
        let mut scene = Self { fleet, gate, engine, party, image, number: 0 };
        let first = scene.release_that_passes()?;
        let container = scene.container(&first)?;
        scene.fleet.engine.hears_term(&container)?;
        scene.fleet.engine.shell(&container, "echo mine | tee /data/kept >/store/kept")?;
        Ok(scene)
    }

    /// Releases to come are of another image, which the device has not got.
    pub fn take_new_image(&mut self) -> Result<()> {
        self.image = self.fleet.image()?;
        Ok(())
    }

    /// Makes a release the fleet's, without telling the device.
    pub fn offer(&mut self, release: Release<'_>) -> String {
        self.number += 1;
        let labels: serde_json::Map<String, Value> =
            release.labels.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let mut composition = json!({
            "network_mode": "host", "command": ["sh", "-c", APP], "stop_grace_period": "1m", "volumes": ["store:/store"],
        });
        if let Some(line) = release.check {
            composition["healthcheck"] =
                json!({ "test": ["CMD-SHELL", line], "interval": "1s", "timeout": "1m", "retries": 1 });
        }
        let main = json!({
            "image": self.image, "environment": { "NUMBER": self.number.to_string() }, "labels": labels,
            "composition": composition,
        });
        self.fleet
            .cloud
            .release(json!({ "services": { "main": main }, "volumes": { "store": {} }, "networks": {} }))
    }

    /// Makes a release the fleet's, and has the device look at once.
    pub fn release(&mut self, release: Release<'_>) -> Result<String> {
        let commit = self.offer(release);
        self.fleet.nudge("{}")?;
        Ok(commit)
    }

    /// A release that is the one to go back to from now on.
    pub fn release_that_passes(&mut self) -> Result<String> {
        let commit = self.release(Release { check: Some("true"), ..Release::default() })?;
        self.passes(&commit)?;
        Ok(commit)
    }

    pub fn passes(&self, commit: &str) -> Result<()> {
        self.fleet.app_shows("a release that has passed", |app| app["running_commit"] == *commit)
    }

    /// The one container there is, which runs and is of this release.
    pub fn container(&self, commit: &str) -> Result<String> {
        self.fleet.runs(commit, &["main"])?.pop().ok_or_else(|| "no container".into())
    }

    /// The release that is the app's target.
    pub fn commit(&self) -> Result<String> {
        Ok(self.fleet.app()?["commit"].as_str().ok_or("no commit")?.to_owned())
    }

    /// A file of the app's own.
    pub fn data(&self, name: &str) -> PathBuf {
        self.fleet.supervisor.data(self.fleet.app_id).join(name)
    }

    pub fn kill(&mut self) {
        match self.party {
            Party::Core => self.fleet.supervisor.kill_core(),
            Party::Frontend => self.fleet.supervisor.kill_frontend(),
            Party::Engine => self.engine.kill(),
        }
    }

    pub fn bring_back(&mut self) -> Result<()> {
        match self.party {
            Party::Core => self.fleet.supervisor.start_core(),
            Party::Frontend => self.fleet.supervisor.start_frontend(),
            Party::Engine => self.engine.start_again(),
        }
        .map_err(|error| self.fleet.explain(&error))
    }

    pub fn kill_and_bring_back(&mut self) -> Result<()> {
        self.kill();
        self.bring_back()
    }

    /// It is killed while core's request is held, and comes back before the gate opens.
    pub fn kill_at_gate(&mut self) -> Result<()> {
        self.gate.wait().map_err(|error| self.fleet.explain(&error))?;
        self.kill_and_bring_back()?;
        self.gate.open();
        Ok(())
    }

    /// Waits until this release runs and nothing is left to do: one container, with the app's data.
    pub fn converges(&self, commit: &str) -> Result<()> {
        self.container(commit)?;
        self.fleet.app_shows("an app that is as it should be", |app| {
            app["commit"] == *commit && app["update_pending"] == false && app["activity"] == "idle"
        })?;
        // An engine that was killed starts its containers anew.
        let kept = wait_until("the app's data", LIMIT, || {
            self.fleet.engine.shell(&self.container(commit)?, "cat /data/kept /store/kept")
        })?;
        check(kept == "mine\nmine", format!("the data is not as it was: {kept}"))?;
        // The next state begins with its end.
        self.fleet.engine.hears_term(&self.container(commit)?)?;
        wait_until("no update lock", LIMIT, || {
            let locks = fs::read_dir(self.fleet.locks("main"))?.count();
            check(locks == 0, format!("{locks} files of locks"))
        })
    }

    /// The cloud knows it at the end.
    pub fn is_reported(&self) -> Result<()> {
        let commit = self.commit()?;
        self.fleet.reports("the last release", |device| {
            (device.service_status(&commit, "main")? == "Running").then_some(())
        })?;
        self.fleet.was_understood()
    }
}
