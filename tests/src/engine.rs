//! A container engine through its own command line, on this machine or inside the device.

use std::time::Duration;

use serde_json::Value;

use crate::Result;
use crate::command::run;
use crate::wait::{check, wait_until};

const SOON: Duration = Duration::from_mins(2);
/// TERM in the kernel's masks of signals.
const TERM: u64 = 1 << 14;

/// Where the `docker` command runs.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    /// Words before `docker`; none: this machine.
    pub launcher: Vec<String>,
}

impl Engine {
    /// `docker` with these words; its output.
    pub fn docker(&self, words: &[&str]) -> Result<String> {
        let mut all: Vec<&str> = self.launcher.iter().map(String::as_str).collect();
        all.push("docker");
        all.extend(words);
        run(&all)
    }

    /// Ids of the containers of one service of an app that the supervisor runs, whatever their state.
    pub fn service_containers(&self, app_id: u64, service: &str) -> Result<Vec<String>> {
        let app = format!("label=io.balena.app-id={app_id}");
        let service = format!("label=io.balena.service-name={service}");
        let ids = self.docker(&["ps", "-aq", "--no-trunc", "--filter", &app, "--filter", &service])?;
        Ok(ids.lines().map(str::to_owned).collect())
    }

    /// The one running container of a service.
    pub fn running_service(&self, app_id: u64, service: &str) -> Result<String> {
        let ids = self.service_containers(app_id, service)?;
        let [id] = ids.as_slice() else {
            return Err(format!("{} containers of app {app_id}, not one", ids.len()).into());
        };
        let running = self.docker(&["inspect", "-f", "{{.State.Running}}", id])?;
        if running == "true" { Ok(id.clone()) } else { Err(format!("{id} is not running").into()) }
    }

    /// What `docker inspect` says of one object.
    pub fn inspect(&self, name: &str) -> Result<Value> {
        let mut found: Vec<Value> = serde_json::from_str(&self.docker(&["inspect", name])?)?;
        found.pop().ok_or_else(|| format!("{name} is not there").into())
    }

    /// A shell line in a container.
    pub fn shell(&self, container: &str, line: &str) -> Result<String> {
        self.docker(&["exec", container, "sh", "-c", line])
    }

    /// Waits until a container's first process hears TERM: before it has a trap for it, the kernel keeps it away.
    pub fn hears_term(&self, container: &str) -> Result<()> {
        wait_until("a trap for TERM", SOON, || {
            let line = self.shell(container, "grep SigCgt /proc/1/status")?;
            let caught = u64::from_str_radix(line.trim_start_matches("SigCgt:").trim(), 16)?;
            check(caught & TERM != 0, line)
        })
    }

    /// How often the test app `main` has started: its page says so, once its last start is complete.
    pub fn app_starts(&self, app_id: u64) -> Result<u32> {
        wait_until("the app's page", SOON, || {
            let container = self.running_service(app_id, "main")?;
            let page = self.shell(&container, "wget -q -O - http://127.0.0.1:8080/")?;
            let (_, number) = page.rsplit_once("start number ").ok_or_else(|| page.clone())?;
            Ok(number.trim().parse()?)
        })
    }

    /// Removes everything of an app that a failed test may have left.
    pub fn remove_app(&self, app_id: u64) {
        let label = format!("label=io.balena.app-id={app_id}");
        for (list, remove) in [
            (vec!["ps", "-aq", "--filter"], vec!["rm", "-f"]),
            (vec!["network", "ls", "-q", "--filter"], vec!["network", "rm"]),
            (vec!["volume", "ls", "-q", "--filter"], vec!["volume", "rm"]),
        ] {
            let found = self.docker(&[list.as_slice(), &[&label]].concat()).unwrap_or_default();
            for id in found.lines() {
                drop(self.docker(&[remove.as_slice(), &[id]].concat()));
            }
        }
    }
}
