//! A device of the fleet whose app, of one service, runs.

use serde_json::{Value, json};

use crate::Result;
use crate::fleet::Fleet;
use crate::wait::check;

/// The services of a release of such an app, which stops within a second.
pub fn main_of(image: &str) -> Value {
    json!({ "main": { "image": image, "composition": { "stop_grace_period": "1s" } } })
}

/// The device, and what runs on it.
#[derive(Debug)]
pub struct FleetApp {
    /// The device and its cloud.
    pub fleet: Fleet,
    /// The release that runs.
    pub commit: String,
    /// Its container.
    pub container: String,
}

impl FleetApp {
    /// Gives the device its first release, with the one service `main`.
    pub fn run(fleet: Fleet, services: &Value) -> Result<Self> {
        let commit = fleet.release(services)?;
        let [container] = fleet.runs(&commit, &["main"])?.try_into().map_err(|_| "not one container")?;
        Ok(Self { fleet, commit, container })
    }

    /// Fails unless that release runs in that very container.
    pub fn runs_on(&self) -> Result<()> {
        let now = self.fleet.runs(&self.commit, &["main"])?;
        check(now == [self.container.as_str()], format!("it is another container: {now:?}"))
    }
}
