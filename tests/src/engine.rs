//! A container engine through its own command line, on this machine or inside the device.

use serde_json::Value;

use crate::Result;
use crate::command::run;

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
