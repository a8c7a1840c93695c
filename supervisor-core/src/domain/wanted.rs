//! From a record to what the engine should hold: names, labels, paths and environment filled in.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use supervisor_proto::ids::{AppId, ServiceName, VolumeName};

use super::{
    container::{self, Bind, ContainerSpec},
    dependency::Dependency,
    environment::{self, ApiAccess, DeviceFacts},
    labels,
    network::{KnownNetworks, NetworkOptions},
    record::{AppRecord, AppliedBy},
    target::{NetworkMode, Service, Volume},
    update_strategy::{UpdateStrategy, without_update_labels},
    volume::{OwnVolume, VolumeOptions, engine_name},
    wanted_networks::NetworkNames,
};

/// Name of the bridge over which apps reach the HTTP API, as the balena supervisor calls it.
pub const SUPERVISOR_NETWORK: &str = "supervisor0";
/// The host's address on that bridge, unless its subnet is taken.
pub const SUPERVISOR_GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 114, 104, 1);

/// What rendering needs besides the record.
#[derive(Debug, Clone)]
pub struct RenderContext<'a> {
    /// This installation's label.
    pub instance: &'a str,
    /// The host path whose `<appId>` folders are the apps' `/data`.
    pub data_path: &'a str,
    /// What apps are told of the device.
    pub device: &'a DeviceFacts,
    /// The API's key and port, once a frontend has told them.
    pub api: Option<&'a ApiAccess>,
    /// The gateway of the supervisor's network, when that network is there.
    pub gateway: Option<IpAddr>,
    /// The engine's networks.
    pub networks: &'a KnownNetworks,
}

/// What the engine should hold for one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// By service name.
    pub services: BTreeMap<ServiceName, WantedService>,
    /// Service names, each after those it depends on.
    pub order: Vec<ServiceName>,
    /// The app's own volumes, by their engine names.
    pub volumes: BTreeMap<String, OwnVolume>,
    /// The app's own networks that its services are on, by the engine's name.
    pub networks: BTreeMap<String, NetworkOptions>,
}

/// One service as the engine should hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedService {
    /// The container to make, complete with labels.
    pub spec: ContainerSpec,
    /// Hash of what makes the container a different one.
    pub config_hash: String,
    /// The same as releases before 0.2.0 counted it, where that is another one: labels that say how an update
    /// goes were a part of it.
    pub former_hash: Option<String>,
    /// How its container makes way for the next.
    pub strategy: UpdateStrategy,
    /// Generation that the container stands for.
    pub generation: u64,
    /// Whether it should run.
    pub run: bool,
    /// It wants the API's key and none is known yet.
    pub waits_for_api: bool,
    /// What it asks of the services that it depends on.
    pub waits_for: BTreeMap<ServiceName, Dependency>,
    /// Engine names of volumes that somebody else has to have made.
    pub external_volumes: Vec<String>,
    /// Engine names of networks that somebody else has to have made.
    pub external_networks: Vec<String>,
}

impl WantedService {
    /// Whether a container that bears this hash is made as this one would be.
    pub fn is_made_as(&self, config_hash: &str) -> bool {
        self.config_hash == config_hash || self.former_hash.as_deref() == Some(config_hash)
    }
}

/// The host's folder in which every service has its folder of update locks.
pub const LOCK_FOLDERS: &str = "/tmp/balena-supervisor/services";

/// Host folder of a service's update locks.
pub fn lock_folder(app: AppId, service: &ServiceName) -> String {
    format!("{LOCK_FOLDERS}/{app}/{service}")
}

/// Fills in everything that `record` leaves to the supervisor.
pub fn render(record: &AppRecord, context: &RenderContext<'_>) -> Wanted {
    let facts = &record.target.app;
    let names = NetworkNames { app: facts, instance: context.instance, known: context.networks };
    // A stored target has been checked for cycles; by name is as good as any other order.
    let order = super::order::start_order(&record.target.services)
        .unwrap_or_else(|_| record.target.services.keys().cloned().collect());
    let mut services = record
        .target
        .services
        .iter()
        .map(|(name, service)| (name.clone(), render_service(record, name, service, context)))
        .collect();
    follow_dependencies(&mut services, &order);
    Wanted {
        services,
        order,
        volumes: own_volumes(record, context.instance),
        networks: names.wanted(record.target.services.values()),
    }
}

/// A service that is to be recreated whenever another is stands for that one's container too.
fn follow_dependencies(services: &mut BTreeMap<ServiceName, WantedService>, order: &[ServiceName]) {
    for name in order {
        let Some(service) = services.get(name) else { continue };
        let followed = service.waits_for.iter().filter(|(_, dependency)| dependency.restart);
        let followed: Vec<&WantedService> = followed.filter_map(|(other, _)| services.get(other)).collect();
        if followed.is_empty() {
            continue;
        }
        let hash = |service: &WantedService| service.config_hash.clone();
        let former = |service: &WantedService| service.former_hash.clone().unwrap_or_else(|| hash(service));
        let combined = |of: &dyn Fn(&WantedService) -> String| {
            container::combined_hash(&of(service), &followed.iter().map(|s| of(s)).collect::<Vec<_>>())
        };
        let (combined, former) = (combined(&hash), combined(&former));
        if let Some(service) = services.get_mut(name) {
            service.former_hash = (former != combined).then_some(former);
            service.config_hash = combined;
            service.spec.labels.insert(labels::CONFIG_HASH.to_owned(), service.config_hash.clone());
        }
    }
}

fn waits_for(service: &Service) -> BTreeMap<ServiceName, Dependency> {
    let asks = |other: &ServiceName| service.conditions.get(other).copied().unwrap_or_default();
    service.depends_on.iter().map(|other| (other.clone(), asks(other))).collect()
}

fn own_volumes(record: &AppRecord, instance: &str) -> BTreeMap<String, OwnVolume> {
    let app = record.app_id();
    let own = record.target.app.volumes.iter().filter_map(|(name, volume)| {
        let options = match volume {
            Volume::Own => VolumeOptions::default(),
            Volume::Configured(options) => options.clone(),
            Volume::External(_) => return None,
        };
        let own = OwnVolume::new(options, labels::ownership(instance, app));
        Some((engine_name(app, name, volume), own))
    });
    own.collect()
}

fn render_service(
    record: &AppRecord,
    name: &ServiceName,
    service: &Service,
    context: &RenderContext<'_>,
) -> WantedService {
    let facts = &record.target.app;
    let intent = record.services.get(name).copied().unwrap_or_default();
    let on_host = service.network == NetworkMode::Host;
    let address = if on_host { Some(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { context.gateway };
    let api = if service.wants_api() { context.api.zip(address) } else { None };
    let names = NetworkNames { app: facts, instance: context.instance, known: context.networks };
    let place = names.place(name, service);
    let mut spec = ContainerSpec {
        name: format!("{name}_{}_{}_{}", service.image_id, facts.release_id, facts.commit),
        image: service.image.clone(),
        command: service.command.clone(),
        entrypoint: service.entrypoint.clone(),
        environment: environment::compose(&service.environment, facts, name, context.device, api),
        labels: BTreeMap::new(),
        ports: service.ports.clone(),
        binds: binds(record, name, service, context.data_path),
        network: place.network,
        endpoints: place.endpoints,
        extra_network: (service.wants_api() && !on_host).then(|| SUPERVISOR_NETWORK.to_owned()),
        restart: service.restart,
        user: service.user.clone(),
        working_dir: service.working_dir.clone(),
        healthcheck: service.healthcheck.clone(),
        stop_signal: service.stop_signal.clone(),
        stop_grace_ms: service.stop_grace_ms,
        settings: service.settings.clone(),
    };
    let config_hash = spec.config_hash(&without_update_labels(&service.labels));
    let former_hash = Some(spec.config_hash(&service.labels)).filter(|former| *former != config_hash);
    spec.labels = all_labels(record, name, service, context.instance, &config_hash);
    WantedService {
        spec,
        config_hash,
        former_hash,
        strategy: UpdateStrategy::of(service),
        generation: intent.generation,
        run: intent.run,
        waits_for_api: service.wants_api() && context.api.is_none(),
        waits_for: waits_for(service),
        external_volumes: external_volumes(record, service),
        external_networks: place.external,
    }
}

fn all_labels(
    record: &AppRecord,
    name: &ServiceName,
    service: &Service,
    instance: &str,
    config_hash: &str,
) -> BTreeMap<String, String> {
    let facts = &record.target.app;
    let generation = record.services.get(name).copied().unwrap_or_default().generation;
    let json = |text: serde_json::Result<String>| text.unwrap_or_default();
    let mut all = service.labels.clone();
    all.extend(labels::ownership(instance, facts.app_id));
    all.extend(
        [
            (labels::APP_UUID, facts.app_uuid.clone()),
            (labels::SERVICE_ID, service.service_id.to_string()),
            (labels::SERVICE_NAME, name.to_string()),
            (labels::GENERATION, generation.to_string()),
            (labels::CONFIG_HASH, config_hash.to_owned()),
            (labels::SERVICE, json(serde_json::to_string(service))),
            (labels::APP, json(serde_json::to_string(facts))),
        ]
        .map(|(label, value)| (label.to_owned(), value)),
    );
    // A service's own label must not say it.
    all.remove(labels::APPLIED_BY);
    if record.applied_by == AppliedBy::Frontend {
        all.insert(labels::APPLIED_BY.to_owned(), labels::BY_FRONTEND.to_owned());
    }
    all
}

fn external_volumes(record: &AppRecord, service: &Service) -> Vec<String> {
    let named = service.mounts.iter().filter_map(|m| record.target.app.volumes.get(&m.volume));
    named
        .filter_map(|volume| match volume {
            Volume::External(name) => Some(name.clone()),
            Volume::Own | Volume::Configured(_) => None,
        })
        .collect()
}

/// The service's own volumes, then what every service gets unless it mounts something there itself.
fn binds(record: &AppRecord, name: &ServiceName, service: &Service, data_path: &str) -> Vec<Bind> {
    let app = record.app_id();
    let source = |volume: &VolumeName| {
        let declared = record.target.app.volumes.get(volume).unwrap_or(&Volume::Own);
        engine_name(app, volume, declared)
    };
    let own = service.mounts.iter().map(|mount| Bind {
        source: source(&mount.volume),
        target: mount.target.clone(),
        read_only: mount.read_only,
        no_copy: mount.no_copy,
    });
    let mut all: Vec<Bind> = own.collect();
    let locks = lock_folder(app, name);
    let given = [
        (format!("{}/{app}", data_path.trim_end_matches('/')), "/data"),
        (locks.clone(), "/tmp/balena"),
        (locks, "/tmp/resin"),
    ];
    for (source, target) in given {
        let taken = all.iter().any(|bind| bind.target.trim_end_matches('/') == target);
        if !taken && !service.settings.mounts_at(target) {
            all.push(Bind { source, target: target.to_owned(), read_only: false, no_copy: false });
        }
    }
    all
}

#[cfg(test)]
#[path = "wanted_tests.rs"]
mod tests;
