//! The policy over requests as the engine would get them.

mod grants;
mod mounts;
mod networks;
mod ordinary;
mod roots;
mod unknown_keys;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use supervisor_proto::{
    ids::{AppId, ServiceName},
    policy::{Policy, parse},
};

use super::*;

const APP: u64 = 2167;
const DATA: &str = "/resin-data/2167";
const LOCKS: &str = "/tmp/balena-supervisor/services/2167/web";

/// Everything that an ordinary container may have, all at once.
fn ordinary() -> Value {
    serde_json::from_str(include_str!("ordinary.json")).unwrap()
}

fn own_volume() -> Value {
    json!({ "Name": "2167_store", "Labels": { "io.balena.app-id": "2167" } })
}

fn own_network() -> Value {
    json!({
        "Name": "2167_default", "Driver": "bridge", "CheckDuplicate": true, "Labels": { "io.balena.app-id": "2167" },
        "Internal": true, "EnableIPv6": true, "Attachable": true,
        "Options": { "com.docker.network.driver.mtu": "1400" },
        "IPAM": { "Driver": "default", "Config": [] },
    })
}

fn name() -> ServiceName {
    ServiceName::parse("web").unwrap()
}

/// One app on one host.
struct World {
    requests: AppRequests,
    places: Places,
    policy: Policy,
}

impl World {
    fn of(create: Value) -> Self {
        let connects = vec![Connect {
            network: "supervisor0".to_owned(),
            body: json!({ "Container": "", "EndpointConfig": {} }),
        }];
        let requests = AppRequests {
            app: AppId::new(APP).unwrap(),
            services: BTreeMap::from([(name(), ServiceRequests { create, connects })]),
            volumes: BTreeMap::from([("2167_store".to_owned(), own_volume())]),
            networks: BTreeMap::from([("2167_default".to_owned(), own_network())]),
        };
        let mut world = Self { requests, places: Places::default(), policy: Policy::default() };
        world.look();
        world
    }

    /// An ordinary container whose `HostConfig` has one more key, or another value of one.
    fn with_host(key: &str, value: Value) -> Self {
        let mut create = ordinary();
        create["HostConfig"][key] = value;
        Self::of(create)
    }

    /// Every path leads to itself.
    fn look(&mut self) {
        let leads = Places::in_question(&self.requests, "/resin-data");
        let leads = leads.into_iter().map(|path| (path.clone(), Place::At(path))).collect();
        self.places = Places { data_path: "/resin-data".to_owned(), leads };
    }

    fn leading(mut self, path: &str, place: Place) -> Self {
        self.places.leads.insert(path.to_owned(), place);
        self
    }

    fn granted(mut self, lines: &str) -> Self {
        let text = format!(
            "[[grant]]\napp = 2167\nservice = \"web\"\nimage = \"registry.example.org/acme/web\"\n{lines}\n"
        );
        self.policy = parse(&text).unwrap();
        self
    }

    fn refusals(&self) -> Vec<Refusal> {
        let own_ports = BTreeSet::from([48484, 48485]);
        Judge { policy: &self.policy, requests: &self.requests, places: &self.places, own_ports: &own_ports }
            .app()
    }

    fn fields(&self) -> Vec<String> {
        self.refusals().into_iter().map(|refusal| refusal.field).collect()
    }
}

/// Refused without a grant.
#[track_caller]
fn refused(world: &World, what: &dyn std::fmt::Display) {
    assert!(!world.refusals().is_empty(), "{what} passes");
}

/// Refused as an ordinary container with this in its `HostConfig`.
fn host(key: &str, value: Value) {
    let shown = format!("{key} {value}");
    refused(&World::with_host(key, value), &shown);
}
