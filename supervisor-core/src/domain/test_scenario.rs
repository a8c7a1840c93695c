//! Random stored records and random states of the engine.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, option, prelude::*, sample::select};

use supervisor_proto::ids::ServiceName;

use super::{
    dependency::{Condition, Dependency, said},
    labels::ownership,
    network::{AppNetwork, DEFAULT_NETWORK},
    observed::{Container, ContainerId, ContainerState},
    record::{AppRecord, PurgePhase, ServiceIntent},
    target::{AppFacts, Healthcheck, Mount, NetworkMode, RestartPolicy, Service, Target},
    test_samples::{
        EXTERNAL_NETWORK, EXTERNAL_VOLUME, GATEWAY, INSTANCE, TOKEN, api, app, container, facts, name,
        network, on_networks, on_subnet, render_with, rendered, service, volume,
    },
    test_world::{Content, World},
    wanted::{SUPERVISOR_NETWORK, Wanted},
    wanted_networks::network_name,
};

/// What stood in the data folder and in each volume before the plan.
pub(super) const BEFORE: Content = Content { old: 5, new: 0 };

/// Each may depend on those before it and on the last one, which no target has.
const SERVICES: [&str; 4] = ["worker", "db", "web", "gone"];
const IMAGES: [&str; 2] = ["demo:1", "demo:2"];

/// How a container differs from what its service should be.
#[derive(Debug, Clone, Copy)]
enum Made {
    AsWanted,
    WithoutApi,
    OtherConfig,
}

#[derive(Debug, Clone)]
struct Seed {
    service: Option<&'static str>,
    made: Made,
    generation_offset: u64,
    state: ContainerState,
    health: &'static str,
    exit_code: Option<i64>,
    has_canonical_name: bool,
    is_connected: bool,
}

fn state() -> impl Strategy<Value = ContainerState> {
    use ContainerState::{Created, Dead, Exited, Other, Paused, Removing, Restarting, Running};
    prop_oneof![
        4 => Just(Running),
        4 => select(vec![Created, Exited]),
        2 => select(vec![Restarting, Paused, Removing, Dead, Other("new".to_owned())]),
    ]
}

fn seed() -> impl Strategy<Value = Seed> {
    let service = prop_oneof![9 => select(SERVICES.to_vec()).prop_map(Some), 1 => Just(None)];
    let made =
        prop_oneof![3 => Just(Made::AsWanted), 1 => Just(Made::WithoutApi), 1 => Just(Made::OtherConfig)];
    let generation = prop_oneof![3 => Just(1_u64), 1 => Just(0), 1 => Just(2)];
    let life =
        (state(), select(vec!["", "starting", "healthy", "unhealthy"]), select(vec![None, Some(0), Some(1)]));
    (service, made, generation, life, any::<bool>(), any::<bool>()).prop_map(
        |(service, made, generation_offset, (state, health, exit_code), has_canonical_name, is_connected)| {
            Seed {
                service,
                made,
                generation_offset,
                health: if state == ContainerState::Running { health } else { "" },
                exit_code: exit_code.filter(|_| state == ContainerState::Exited),
                state,
                has_canonical_name,
                is_connected,
            }
        },
    )
}

fn dependency() -> impl Strategy<Value = Dependency> {
    let condition = select(vec![Condition::Started, Condition::Healthy, Condition::Completed]);
    (condition, prop::bool::weighted(0.2), prop::bool::weighted(0.2))
        .prop_map(|(condition, optional, restart)| Dependency { condition, optional, restart })
}

fn one_service(index: usize) -> impl Strategy<Value = Service> {
    let network = select(vec![
        NetworkMode::App,
        NetworkMode::App,
        NetworkMode::Host,
        NetworkMode::None,
        NetworkMode::Bridge,
    ]);
    let restart = select(vec![
        RestartPolicy::Always,
        RestartPolicy::Always,
        RestartPolicy::UnlessStopped,
        RestartPolicy::No,
        RestartPolicy::OnFailure(3),
    ]);
    let dependencies = proptest::sample::subsequence(SERVICES.to_vec(), 0..=SERVICES.len());
    let mounts = proptest::sample::subsequence(vec!["store", "shared"], 0..=2);
    let joined = proptest::sample::subsequence(vec!["default", "back", "lan", "undeclared"], 0..=3);
    let dependencies = (dependencies, vec(dependency(), SERVICES.len()), any::<bool>());
    let strategy =
        select(vec![None, None, Some("kill-then-download"), Some("delete-then-download"), Some("hand-over")]);
    let labels = (any::<bool>(), strategy);
    (select(IMAGES.to_vec()), (network, joined), restart, dependencies, mounts, labels).prop_map(
        move |(image, (network, joined), restart, (dependencies, asked, has_check), mounts, labels)| {
            let (refuses_api, strategy) = labels;
            let earlier = SERVICES.iter().take(index).chain(["gone"].iter());
            let allowed: BTreeSet<&str> = earlier.copied().collect();
            let depends_on: BTreeSet<ServiceName> =
                dependencies.into_iter().filter(|d| allowed.contains(d)).map(name).collect();
            let refusal = ("io.balena.features.supervisor-api".to_owned(), "0".to_owned());
            let strategy = strategy.map(|s| ("io.balena.update.strategy".to_owned(), s.to_owned()));
            Service {
                image: image.to_owned(),
                network,
                networks: on_networks(if network == NetworkMode::App { &joined } else { &[] }).networks,
                restart,
                conditions: said(depends_on.iter().cloned().zip(asked).collect()),
                depends_on,
                healthcheck: has_check.then(checked),
                mounts: mounts.into_iter().map(mount).collect(),
                labels: refuses_api.then_some(refusal).into_iter().chain(strategy).collect(),
                ..service()
            }
        },
    )
}

fn checked() -> Healthcheck {
    let test = vec!["CMD".to_owned(), "true".to_owned()];
    Healthcheck { test, interval_ms: None, timeout_ms: None, start_period_ms: None, retries: None }
}

fn mount(name: &str) -> Mount {
    Mount { volume: volume(name), target: format!("/{name}"), read_only: false, no_copy: false }
}

fn record() -> impl Strategy<Value = AppRecord> {
    let intent = (2..4_u64, prop::bool::weighted(0.75))
        .prop_map(|(generation, run)| ServiceIntent { generation, run });
    let networks = (definition(), definition());
    let service = |index| option::weighted(0.8, (one_service(index), intent.clone()));
    let services = (service(0), service(1), service(2));
    let purge = select(vec![None, Some(PurgePhase::Requested), Some(PurgePhase::Emptied)]);
    (services, networks, purge, prop::bool::weighted(0.15), any::<bool>()).prop_map(
        |((a, b, c), (default, back), purge, removed, override_locks)| {
            let all: BTreeMap<_, _> = [a, b, c]
                .into_iter()
                .zip(SERVICES)
                .filter_map(|(chosen, text)| chosen.map(|chosen| (name(text), chosen)))
                .collect();
            let target_services = all.iter().map(|(name, (service, _))| (name.clone(), service.clone()));
            let external = AppNetwork::External(EXTERNAL_NETWORK.to_owned());
            let networks = [("default", default), ("back", back), ("lan", external)];
            let networks = networks.into_iter().map(|(text, one)| (network(text), one)).collect();
            let target =
                Target { app: AppFacts { networks, ..facts() }, services: target_services.collect() };
            let services = all.into_iter().map(|(name, (_, intent))| (name, intent)).collect();
            AppRecord { services, purge, removed, override_locks, ..AppRecord::new(target, TOKEN.to_owned()) }
        },
    )
}

/// What a network may be made from: nothing, or one of two subnets.
fn definition() -> impl Strategy<Value = AppNetwork> {
    select(vec![AppNetwork::default(), on_subnet("10.1.0.0/16"), on_subnet("10.2.0.0/16")])
}

fn made_from(network: &AppNetwork) -> String {
    match network {
        AppNetwork::Own(options) => options.fingerprint(),
        AppNetwork::External(_) => String::new(),
    }
}

/// Networks of the app's that are there: as wanted, or of an older target.
fn own_networks() -> impl Strategy<Value = BTreeMap<String, String>> {
    let one = || option::of(definition());
    let name = |text: &str| network_name(app(), text);
    (one(), one(), one()).prop_map(move |(default, back, unwanted)| {
        let all = [("default", default), ("back", back), ("unwanted", unwanted)];
        all.into_iter().filter_map(|(text, made)| Some((name(text), made_from(&made?)))).collect()
    })
}

/// Any record with any engine; the API's key is known or not.
pub(super) fn world() -> impl Strategy<Value = World> {
    let networks = own_networks();
    let taken = prop::bool::weighted(0.1);
    let bridge = select(vec![None, Some(None), Some(Some(GATEWAY))]);
    let images = proptest::sample::subsequence(IMAGES.to_vec(), 0..=IMAGES.len());
    let failing = proptest::sample::subsequence(SERVICES.to_vec(), 0..=2);
    let images = (images, failing);
    (record(), vec(seed(), 0..6), (networks, taken), bridge, images, any::<bool>(), any::<bool>()).prop_map(
        |(record, seeds, (mut networks, taken), bridge, (images, failing), has_volume, knows_api)| {
            let mut foreign_networks = BTreeSet::from([EXTERNAL_NETWORK.to_owned()]);
            let default = network_name(app(), DEFAULT_NETWORK);
            if taken && networks.remove(&default).is_none() {
                foreign_networks.insert(default);
            }
            let volumes = has_volume.then(|| ("2167_store".to_owned(), BEFORE));
            networks.extend(bridge.map(|_| (SUPERVISOR_NETWORK.to_owned(), String::new())));
            World {
                containers: containers(&record, &seeds),
                api: knows_api.then(api),
                volumes: volumes.into_iter().collect(),
                external: BTreeMap::from([(EXTERNAL_VOLUME.to_owned(), BEFORE)]),
                networks,
                foreign_networks,
                failing: failing.into_iter().map(name).collect(),
                gateway: bridge.flatten(),
                images: images.into_iter().map(str::to_owned).collect(),
                data: BEFORE,
                ..World::new(record)
            }
        },
    )
}

fn containers(record: &AppRecord, seeds: &[Seed]) -> Vec<Container> {
    let with_api = rendered(record);
    let without_api = render_with(record, None, None);
    let mut all: Vec<Container> = Vec::new();
    for (index, seed) in seeds.iter().enumerate() {
        let wanted = if matches!(seed.made, Made::WithoutApi) { &without_api } else { &with_api };
        let mut new = old_container(index, seed, wanted);
        if !seed.has_canonical_name || all.iter().any(|c| c.name == new.name) {
            new.name = format!("old-{index}");
        }
        all.push(new);
    }
    all
}

fn old_container(index: usize, seed: &Seed, wanted: &Wanted) -> Container {
    let id = format!("old-{index}");
    let known = seed.service.and_then(|text| wanted.services.get(&name(text)));
    let created_s = i64::try_from(index).unwrap();
    let Some(service) = known else {
        // Of a service that is gone, or with labels that nobody can read.
        return lost_container(id, seed, created_s);
    };
    let mut new = container(&id, &service.spec, seed.state.clone(), created_s);
    new.health = seed.health.to_owned();
    new.exit_code = seed.exit_code;
    new.generation = service.generation + seed.generation_offset - 1;
    if matches!(seed.made, Made::OtherConfig) {
        new.config_hash = "other".to_owned();
    }
    if !seed.is_connected {
        new.networks.remove(SUPERVISOR_NETWORK);
    }
    new
}

fn lost_container(id: String, seed: &Seed, created_s: i64) -> Container {
    Container {
        name: id.clone(),
        id: ContainerId(id),
        app: Some(app()),
        service: seed.service.map(name),
        generation: 0,
        config_hash: String::new(),
        state: seed.state.clone(),
        health: String::new(),
        exit_code: None,
        networks: BTreeSet::from([network_name(app(), DEFAULT_NETWORK)]),
        created_s,
        labels: ownership(INSTANCE, app()),
    }
}
