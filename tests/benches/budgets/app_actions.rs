//! Restart and purge of one service beside the engine's own stop, remove, create, connect and start of a twin.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use supervisor_tests::{
    Result, app::IMAGE, engine::Engine, live::Supervisor, live_app::LiveApp, scratch::unique,
};

use crate::{
    engine_call::engine,
    http_load::{Call, Connection},
    median::{median, median_ratio},
    table::Table,
};

const ROUNDS: usize = 10;

/// Adds two rows.
pub fn measure(table: &mut Table) -> Result<()> {
    let supervisor = Supervisor::start(&[("SUPERVISOR_LOG", "warn")])?;
    let app = LiveApp::apply(&supervisor)?;
    let twin = Twin::new()?;
    let key = supervisor.client()?.key;
    for (what, path) in [("restart of one service", "/v1/restart"), ("purge of one service", "/v1/purge")] {
        let call =
            Call::with_json(supervisor.api(), &format!("{path}?apikey={key}"), &json!({ "appId": app.id }));
        let mut pairs = Vec::new();
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            Connection::open(supervisor.api())?.exchange(&call)?;
            let ours = begun.elapsed().as_secs_f64() * 1e3;
            pairs.push((ours, twin.recreate()?.as_secs_f64() * 1e3));
        }
        let middle = |values: Vec<f64>| format!("{:.0} ms", median(values));
        let measured = middle(pairs.iter().map(|pair| pair.0).collect());
        let beside = middle(pairs.iter().map(|pair| pair.1).collect());
        let ratio = format!("{measured}, {:.2} ×", median_ratio(&pairs));
        table.row(what, "≤ 1.05 ×", ratio, format!("the engine's own work {beside}"));
    }
    Ok(())
}

/// A container like the app's, on two networks of its own.
struct Twin {
    name: String,
    networks: [String; 2],
}

impl Twin {
    fn new() -> Result<Self> {
        let name = format!("supervisor-bench-{}", unique());
        let networks = [format!("{name}-a"), format!("{name}-b")];
        for network in &networks {
            Engine::default().docker(&["network", "create", network])?;
        }
        let twin = Self { name, networks };
        twin.create()?;
        Ok(twin)
    }

    fn create(&self) -> Result<()> {
        let body = json!({
            "Image": IMAGE,
            "HostConfig": { "NetworkMode": self.networks[0], "RestartPolicy": { "Name": "always" } },
        });
        engine("POST", &format!("/containers/create?name={}", self.name), &body)?;
        let connect = format!("/networks/{}/connect", self.networks[1]);
        engine("POST", &connect, &json!({ "Container": self.name }))?;
        engine("POST", &format!("/containers/{}/start", self.name), &Value::Null)
    }

    fn recreate(&self) -> Result<Duration> {
        let begun = Instant::now();
        engine("POST", &format!("/containers/{}/stop?t=10", self.name), &Value::Null)?;
        engine("DELETE", &format!("/containers/{}?v=1", self.name), &Value::Null)?;
        self.create()?;
        Ok(begun.elapsed())
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        drop(Engine::default().docker(&["rm", "-f", &self.name]));
        for network in &self.networks {
            drop(Engine::default().docker(&["network", "rm", network]));
        }
    }
}
