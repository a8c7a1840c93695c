//! Puts core's parts together.

use std::{path::Path, sync::Arc};

use supervisor_proto::policy::Policy;
use tokio::sync::{Notify, watch};

use crate::{
    actions::{
        api_access::ApiAccessKeeper,
        device_identity::DeviceIdentityKeeper,
        diagnose::{Diagnosis, Surroundings},
        power::{Boot, PowerActions},
        registry_access::RegistryAccessKeeper,
        terminal::Terminals,
    },
    adapters::{
        boot_id::BootId,
        bus::SystemBus,
        clock::SystemClock,
        config_file::OwnersConfigFile,
        docker::DockerEngine,
        host_facts::LinuxHostFacts,
        host_files::LinuxHostFiles,
        logind::Logind,
        store::{FileStore, Loaded},
        systemd::SystemState,
        vpn_unit::VpnUnit,
    },
    config::Config,
    config_json,
    domain::{
        environment::{ApiAccess, DeviceFacts},
        host_access::OwnPlaces,
        registry_access::RegistryAccess,
    },
    error::chain,
    event_feed::EventFeed,
    grpc::server::Services,
    heartbeat::{ConnectivityState, Endpoint, Heartbeat, HeartbeatConfig, TcpConnector, VpnStatusFolder},
    policy_file::PolicyFile,
    ports::{
        power::PowerManager,
        store::{PowerIntent, Store},
    },
    reconcile::{Context, Reconciler, free_space::FreeSpace, status::StatusBoard},
};

/// What the frontend tells, and the workers follow.
struct Told {
    device: watch::Sender<DeviceFacts>,
    api: watch::Sender<Option<ApiAccess>>,
    registry: watch::Sender<Option<Arc<RegistryAccess>>>,
}

impl Told {
    /// What was told in an earlier life. Of the device's uuid the owner's word counts more.
    fn of(loaded: &Loaded, owners_uuid: Option<String>) -> Self {
        let api = loaded.api_access.clone();
        let uuid = owners_uuid.or_else(|| loaded.device.as_ref().map(|stored| stored.uuid.clone()));
        Self {
            device: watch::Sender::new(DeviceFacts { uuid }),
            api: watch::Sender::new(api.and_then(|stored| ApiAccess::new(stored.api_key, stored.port))),
            registry: watch::Sender::new(None),
        }
    }
}

/// Everything that is served, and what it stands on.
pub(super) async fn assemble(
    config: &Config,
    loaded: Loaded,
    device: config_json::DeviceConfig,
    policy: watch::Receiver<Policy>,
    closing: watch::Receiver<bool>,
) -> Services {
    let store: Arc<dyn Store> = Arc::new(FileStore::new(config.core_state_dir.clone()));
    let told = Told::of(&loaded, device.uuid);
    let engine = Arc::new(DockerEngine::new(&config.docker_socket, config.host_root.clone()));
    let (bus, facts) = host(config);
    let context = Arc::new(Context {
        engine: Arc::<DockerEngine>::clone(&engine),
        files: Arc::new(LinuxHostFiles::new(config.host_root.clone(), config.resin_data_path.clone())),
        store: Arc::clone(&store),
        clock: Arc::new(SystemClock::new(Arc::<LinuxHostFacts>::clone(&facts))),
        boot_id: this_boot().await.id,
        instance: loaded.instance,
        data_path: config.resin_data_path.to_string_lossy().into_owned(),
        policy,
        own_places: own_places(config),
        device: told.device.subscribe(),
        api: told.api.subscribe(),
        registry: told.registry.subscribe(),
        space: free_space(config, &facts),
        settled: Notify::new(),
        closing: closing.clone(),
        status: StatusBoard::default(),
        events: EventFeed::default(),
        attachments: Arc::default(),
    });
    let reconciler = Arc::new(Reconciler::new(context, loaded.apps, loaded.provisional));
    let manager: Arc<dyn PowerManager> = Arc::new(Logind::new(bus.clone()));
    let power = start_power(config, &manager, &reconciler, &store, loaded.power).await;
    let (heartbeat_switch, connectivity) = start_heartbeat(config, device.api_endpoint);
    let identity = identity(config, &store, &reconciler, told.device);
    let api_access = Arc::new(ApiAccessKeeper::new(store, Arc::clone(&reconciler), told.api));
    let registry_access = Arc::new(RegistryAccessKeeper::new(Arc::clone(&reconciler), told.registry));
    let terminals = Arc::new(Terminals::new(Arc::clone(&reconciler), engine));
    let diagnosis = diagnosis(config, &reconciler, manager, facts, &api_access);
    Services {
        reconciler,
        power,
        terminals,
        api_access,
        registry_access,
        identity,
        heartbeat_switch,
        vpn: Arc::new(VpnUnit::new(bus, config.vpn_unit.clone())),
        connectivity,
        diagnosis,
        socket_gid: config.socket_gid,
        policy_file: PolicyFile::new(config.core_policy.clone()),
        closing,
    }
}

/// The device's identity, and the owner's file that it may be written into.
fn identity(
    config: &Config,
    store: &Arc<dyn Store>,
    reconciler: &Arc<Reconciler>,
    told: watch::Sender<DeviceFacts>,
) -> Arc<DeviceIdentityKeeper> {
    let file = Arc::new(OwnersConfigFile::new(config.config_json.clone()));
    let (store, reconciler) = (Arc::clone(store), Arc::clone(reconciler));
    Arc::new(DeviceIdentityKeeper::new(store, reconciler, told, file, config.config_json_writable))
}

/// Power actions; one that was accepted before core ended is carried out now.
async fn start_power(
    config: &Config,
    manager: &Arc<dyn PowerManager>,
    reconciler: &Arc<Reconciler>,
    store: &Arc<dyn Store>,
    accepted: Option<PowerIntent>,
) -> Arc<PowerActions> {
    let power = PowerActions::new(
        Arc::clone(manager),
        Arc::clone(reconciler),
        Arc::clone(store),
        this_boot().await,
        config.power_delay_ms,
    );
    if let Some(intent) = accepted {
        power.replay(intent).await;
    }
    Arc::new(power)
}

/// Which boot this is; without an id nothing is replayed.
async fn this_boot() -> Boot {
    let id = BootId::current().await.map_or_else(
        |error| {
            log::warn!(
                "boot id not known, an interrupted reboot will not be replayed error='{}'",
                chain(&error)
            );
            String::new()
        },
        |id| id.as_str().to_owned(),
    );
    Boot { id }
}

fn free_space(config: &Config, facts: &Arc<LinuxHostFacts>) -> FreeSpace {
    let facts = Arc::<LinuxHostFacts>::clone(facts);
    FreeSpace::new(facts, config.host_root.clone(), config.pull_reserve_bytes)
}

fn diagnosis(
    config: &Config,
    reconciler: &Arc<Reconciler>,
    manager: Arc<dyn PowerManager>,
    facts: Arc<LinuxHostFacts>,
    api_access: &Arc<ApiAccessKeeper>,
) -> Arc<Diagnosis> {
    let surroundings = Surroundings {
        host_root: config.host_root.clone(),
        data_path: config.resin_data_path.clone(),
        state_dir: config.core_state_dir.clone(),
    };
    let (reconciler, api_access) = (Arc::clone(reconciler), Arc::clone(api_access));
    Arc::new(Diagnosis::new(reconciler, manager, facts, api_access, surroundings))
}

fn own_places(config: &Config) -> OwnPlaces {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    OwnPlaces {
        engine_socket: text(&config.docker_socket),
        state_folder: text(&config.core_state_dir),
        socket_folder: config.core_socket.parent().map(text).unwrap_or_default(),
    }
}

/// The system bus, and what is told of the host.
fn host(config: &Config) -> (SystemBus, Arc<LinuxHostFacts>) {
    let bus = SystemBus::new(config.dbus_system_bus_address.clone());
    tokio::spawn(report_system(bus.clone()));
    let facts = Arc::new(LinuxHostFacts::new(config.host_root.clone(), bus.clone()));
    (bus, facts)
}

/// Says once what is underneath, for whoever reads the log.
async fn report_system(bus: SystemBus) {
    match SystemState::query(&bus).await {
        Ok(system) => log::info!("systemd found version={} state={}", system.version, system.state),
        Err(error) => {
            log::warn!("no systemd on the bus, no reboot or shutdown for now error='{}'", chain(&error));
        }
    }
}

fn start_heartbeat(
    config: &Config,
    of_config_json: Option<Endpoint>,
) -> (watch::Sender<bool>, watch::Receiver<ConnectivityState>) {
    let settings = HeartbeatConfig {
        endpoint: config.api_endpoint.clone().or(of_config_json),
        interval: config.heartbeat_interval_ms,
        timeout: config.heartbeat_timeout_ms,
    };
    let (switch, enabled) = watch::channel(true);
    let vpn = VpnStatusFolder::new(&config.host_root, &config.vpn_status_path);
    let (heartbeat, states) = Heartbeat::new(settings, TcpConnector, vpn, enabled);
    tokio::spawn(heartbeat.run());
    (switch, states)
}
