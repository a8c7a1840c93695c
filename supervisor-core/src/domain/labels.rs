//! The labels that containers, volumes and networks carry, so that state can be rebuilt from the engine
//! when the store is lost. The `io.balena` names are those of the balena supervisor.

use std::collections::{BTreeMap, BTreeSet};

use supervisor_proto::ids::{AppId, ServiceName};

use super::{
    network::NetworkOptions,
    observed::{Container, ContainerId},
    record::{AppRecord, AppliedBy, ServiceIntent},
    rollout::Rollout,
    target::{AppFacts, Service, Target},
};

/// On everything that a supervisor of this family made.
pub const SUPERVISED: &str = "io.balena.supervised";
/// The app's numeric id.
pub const APP_ID: &str = "io.balena.app-id";
/// The app's uuid.
pub const APP_UUID: &str = "io.balena.app-uuid";
/// The service's numeric id.
pub const SERVICE_ID: &str = "io.balena.service-id";
/// The service's name.
pub const SERVICE_NAME: &str = "io.balena.service-name";
/// Which installation made it; others' things are left alone.
pub const INSTANCE: &str = "io.supervisor.instance";
/// The generation that the container stands for.
pub const GENERATION: &str = "io.supervisor.generation";
/// A hash of everything that the container was made from.
pub const CONFIG_HASH: &str = "io.supervisor.config-hash";
/// A hash of the options that a volume was made with; absent on a plain one.
pub const VOLUME: &str = "io.supervisor.volume";
/// Why the container was made, in a few words that complete "because"; it makes no container a different one.
pub const MADE_BECAUSE: &str = "io.supervisor.made-because";
/// A hash of what a network was made from; absent on a plain one.
pub const NETWORK_HASH: &str = "io.supervisor.network-hash";
/// The service's part of the target, as JSON: what a lost store is rebuilt from.
pub const SERVICE: &str = "io.supervisor.service";
/// The app's part of the target, as JSON.
pub const APP: &str = "io.supervisor.app";

/// Who applied the target, unless it was the owner.
pub const APPLIED_BY: &str = "io.supervisor.applied-by";
/// The value of [`APPLIED_BY`].
pub const BY_FRONTEND: &str = "frontend";

/// What marks a thing of `app` as this installation's.
pub fn ownership(instance: &str, app: AppId) -> BTreeMap<String, String> {
    BTreeMap::from([
        (SUPERVISED.to_owned(), "true".to_owned()),
        (INSTANCE.to_owned(), instance.to_owned()),
        (APP_ID.to_owned(), app.to_string()),
    ])
}

/// What a network of `app` bears: the owner's labels under ours.
pub fn of_network(instance: &str, app: AppId, options: &NetworkOptions) -> BTreeMap<String, String> {
    let mut all = options.labels.clone();
    all.extend(ownership(instance, app));
    let fingerprint = options.fingerprint();
    if !fingerprint.is_empty() {
        all.insert(NETWORK_HASH.to_owned(), fingerprint);
    }
    all
}

/// A record rebuilt from the containers of one app, newest first where they disagree. `None` when a label
/// of any of them cannot be read: a plan from a part of the app would remove the rest. `kept_stopped` are the
/// containers that the engine was told never to restart: those were stopped on purpose, unless their target
/// says so too.
pub fn adopt(
    app: AppId,
    containers: &[Container],
    kept_stopped: &BTreeSet<ContainerId>,
    lock_token: String,
) -> Option<AppRecord> {
    let mut newest: Vec<&Container> = containers.iter().filter(|c| c.app == Some(app)).collect();
    newest.sort_by_key(|c| std::cmp::Reverse(c.created_s));
    let facts = newest.iter().find_map(|c| read(c, APP).filter(|facts: &AppFacts| facts.app_id == app))?;
    let mut target = Target { app: facts, services: BTreeMap::new() };
    let mut services: BTreeMap<ServiceName, ServiceIntent> = BTreeMap::new();
    for container in newest {
        let name = container.service.clone()?;
        let service: Service = read(container, SERVICE)?;
        if services.contains_key(&name) {
            continue;
        }
        let stopped = kept_stopped.contains(&container.id) && service.restart.keeps_running();
        services.insert(name.clone(), ServiceIntent { generation: container.generation, run: !stopped });
        target.services.insert(name, service);
    }
    let applied_by = applied_by(app, containers);
    (!services.is_empty()).then(|| AppRecord { services, applied_by, ..AppRecord::new(target, lock_token) })
}

/// Where containers disagree, an app is nobody's but the frontend's: a target of the owner's may have kept a
/// container that was made for the frontend, and the other way round never.
fn applied_by(app: AppId, containers: &[Container]) -> AppliedBy {
    let mut of_app = containers.iter().filter(|container| container.app == Some(app));
    if of_app.any(|container| container.labels.contains_key(APPLIED_BY)) {
        AppliedBy::Frontend
    } else {
        AppliedBy::Admin
    }
}

/// The target of one service that a container was made from; `None` when its labels do not tell.
pub fn made_from(container: &Container) -> Option<Target> {
    let (name, service) = (container.service.clone()?, read::<Service>(container, SERVICE)?);
    Some(Target { app: read(container, APP)?, services: BTreeMap::from([(name, service)]) })
}

/// A record whose newest writes are lost, put right by what the engine's containers say: those were made
/// from the newest writes. What has no container is believed of the old record.
#[must_use]
pub fn merge(old: AppRecord, adopted: AppRecord) -> AppRecord {
    let mut merged = old;
    merged.applied_by = merged.applied_by.or_less(adopted.applied_by);
    // What is known of releases may be older than what runs.
    merged.rollout = Rollout::default();
    let volumes = std::mem::take(&mut merged.target.app.volumes);
    let networks = std::mem::take(&mut merged.target.app.networks);
    merged.target.app = adopted.target.app;
    for (name, volume) in volumes {
        merged.target.app.volumes.entry(name).or_insert(volume);
    }
    for (name, network) in networks {
        merged.target.app.networks.entry(name).or_insert(network);
    }
    merged.target.services.extend(adopted.target.services);
    merged.services.extend(adopted.services);
    merged
}

fn read<T: serde::de::DeserializeOwned>(container: &Container, label: &str) -> Option<T> {
    serde_json::from_str(container.labels.get(label)?).ok()
}

#[cfg(test)]
#[path = "labels_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "labels_documentation_tests.rs"]
mod documentation_tests;
