//! Small values that the domain's tests start from.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use supervisor_proto::ids::{AppId, NetworkName, ServiceName, VolumeName};

use super::{
    container::{ContainerSpec, Network},
    environment::{ApiAccess, DeviceFacts},
    labels,
    network::{AppNetwork, Attachment, KnownNetworks, NetworkOptions, Pool},
    observed::{Container, ContainerId, ContainerState},
    record::AppRecord,
    settings::Settings,
    target::{AppFacts, DEFAULT_STOP_GRACE_MS, NetworkMode, RestartPolicy, Service, Target, Volume},
    wanted::{RenderContext, Wanted, render},
};

pub(super) const INSTANCE: &str = "instance-1";
pub(super) const DATA_PATH: &str = "/mnt/data/apps";
pub(super) const GATEWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 114, 104, 1));
pub(super) const EXTERNAL_VOLUME: &str = "shared-of-others";
pub(super) const EXTERNAL_NETWORK: &str = "lan-of-others";
pub(super) const TOKEN: &str = "lock-token";

pub(super) fn app() -> AppId {
    AppId::new(2167).unwrap()
}

pub(super) fn name(text: &str) -> ServiceName {
    ServiceName::parse(text).unwrap()
}

pub(super) fn names(all: &[&str]) -> Vec<ServiceName> {
    all.iter().map(|text| name(text)).collect()
}

pub(super) fn volume(text: &str) -> VolumeName {
    VolumeName::parse(text).unwrap()
}

pub(super) fn api() -> ApiAccess {
    ApiAccess::new("secret_key".to_owned(), 48484).unwrap()
}

pub(super) fn facts() -> AppFacts {
    AppFacts {
        app_id: app(),
        name: "demo".to_owned(),
        commit: "c0ffee".to_owned(),
        app_uuid: "app-uuid".to_owned(),
        release_id: 7,
        volumes: BTreeMap::from([
            (volume("store"), Volume::Own),
            (volume("shared"), Volume::External(EXTERNAL_VOLUME.to_owned())),
        ]),
        networks: BTreeMap::new(),
    }
}

pub(super) fn service() -> Service {
    Service {
        image: "demo:1".to_owned(),
        image_id: 11,
        service_id: 21,
        command: None,
        entrypoint: None,
        environment: BTreeMap::new(),
        labels: BTreeMap::new(),
        ports: Vec::new(),
        mounts: Vec::new(),
        network: NetworkMode::App,
        networks: BTreeMap::new(),
        restart: RestartPolicy::Always,
        depends_on: BTreeSet::new(),
        conditions: BTreeMap::new(),
        user: String::new(),
        working_dir: String::new(),
        healthcheck: None,
        stop_signal: String::new(),
        stop_grace_ms: DEFAULT_STOP_GRACE_MS,
        settings: Settings::default(),
        stopped: false,
    }
}

pub(super) fn depending_on(dependencies: &[&str]) -> Service {
    Service { depends_on: dependencies.iter().map(|text| name(text)).collect(), ..service() }
}

pub(super) fn one_shot() -> Service {
    Service { restart: RestartPolicy::No, ..service() }
}

pub(super) fn target<const N: usize>(services: [(&str, Service); N]) -> Target {
    let services = services.into_iter().map(|(text, service)| (name(text), service)).collect();
    Target { app: facts(), services }
}

pub(super) fn record<const N: usize>(services: [(&str, Service); N]) -> AppRecord {
    AppRecord::new(target(services), TOKEN.to_owned())
}

pub(super) fn render_with(record: &AppRecord, api: Option<&ApiAccess>, gateway: Option<IpAddr>) -> Wanted {
    render_among(record, api, gateway, &KnownNetworks::default())
}

/// Rendered on an engine that has these networks.
pub(super) fn render_among(
    record: &AppRecord,
    api: Option<&ApiAccess>,
    gateway: Option<IpAddr>,
    networks: &KnownNetworks,
) -> Wanted {
    let device = DeviceFacts { uuid: Some("device-uuid".to_owned()) };
    let (instance, data_path) = (INSTANCE, DATA_PATH);
    render(record, &RenderContext { instance, data_path, device: &device, api, gateway, networks })
}

pub(super) fn rendered(record: &AppRecord) -> Wanted {
    render_with(record, Some(&api()), Some(GATEWAY))
}

/// Networks that a finished container of `spec` is connected to.
pub(super) fn networks_of(spec: &ContainerSpec) -> BTreeSet<String> {
    let connected = spec.connections().into_iter().map(|endpoint| endpoint.network);
    std::iter::once(first_network(spec)).chain(connected).collect()
}

/// The network that a container of `spec` is made on.
pub(super) fn first_network(spec: &ContainerSpec) -> String {
    match &spec.network {
        Network::Named { name, .. } => name.clone(),
        Network::Host => "host".to_owned(),
        Network::None => "none".to_owned(),
        Network::Bridge => "bridge".to_owned(),
    }
}

/// The engine's networks once `wanted` has been carried out.
pub(super) fn known(wanted: &Wanted) -> KnownNetworks {
    let own = wanted.networks.iter().map(|(name, options)| (name.clone(), options.fingerprint()));
    KnownNetworks { own: own.collect(), ..KnownNetworks::default() }
}

pub(super) fn network(text: &str) -> NetworkName {
    NetworkName::parse(text).unwrap()
}

/// A service on these networks of the app.
pub(super) fn on_networks(networks: &[&str]) -> Service {
    let networks = networks.iter().map(|text| (network(text), Attachment::default())).collect();
    Service { networks, ..service() }
}

/// A network of the app's own on this subnet.
pub(super) fn on_subnet(subnet: &str) -> AppNetwork {
    let pool = Pool { subnet: subnet.to_owned(), ..Pool::default() };
    AppNetwork::Own(Box::new(NetworkOptions { pools: vec![pool], ..NetworkOptions::default() }))
}

/// What the engine lists for a container that was made from `spec`, its facts read from its labels.
pub(super) fn container(id: &str, spec: &ContainerSpec, state: ContainerState, created_s: i64) -> Container {
    let label = |key: &str| spec.labels.get(key);
    Container {
        id: ContainerId(id.to_owned()),
        name: spec.name.clone(),
        app: label(labels::APP_ID).and_then(|text| AppId::parse(text).ok()),
        service: label(labels::SERVICE_NAME).and_then(|text| ServiceName::parse(text).ok()),
        generation: label(labels::GENERATION).and_then(|text| text.parse().ok()).unwrap_or_default(),
        config_hash: label(labels::CONFIG_HASH).cloned().unwrap_or_default(),
        state,
        health: String::new(),
        exit_code: None,
        networks: networks_of(spec),
        created_s,
        labels: spec.labels.clone(),
    }
}
