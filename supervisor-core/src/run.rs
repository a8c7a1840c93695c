//! Puts core together and runs it until a signal ends it.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use supervisor_proto::policy::{Policy, PolicyFileError};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{Notify, watch},
};

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
        store::{self, FileStore, Loaded},
        systemd::SystemState,
        userns,
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
    grpc::{
        roles::RolePolicy,
        server::{ServeError, Services, serve},
        socket::{self, SocketError},
    },
    heartbeat::{ConnectivityState, Endpoint, Heartbeat, HeartbeatConfig, TcpConnector, VpnStatusFolder},
    instance,
    policy_file::{self, PolicyFile},
    ports::{
        power::PowerManager,
        store::{PowerIntent, Store, StoreError},
    },
    reconcile::{Context, Reconciler, clean_up, engine_watch, free_space::FreeSpace, status::StatusBoard},
    watchdog::{self, Watchdog},
};

/// How long the processes of open terminals may take to end when core does.
const TERMINALS_DEADLINE: Duration = Duration::from_secs(5);
/// How long workers may take after that to end the step they are at; what they leave is planned again.
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(5);

/// Why core cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// User ids of callers cannot be trusted here.
    #[error(transparent)]
    UserNamespace(#[from] userns::UserNamespaceError),
    /// The owner's policy cannot be read, or is not understood.
    #[error(transparent)]
    Policy(#[from] PolicyFileError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another core uses the store.
    #[error("another supervisor-core uses {}", .0.display())]
    StoreInUse(PathBuf),
    /// The socket cannot be made.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The server broke off.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The operating system gave no thread or no signal handler.
    #[error("cannot watch over the process")]
    Process(#[source] std::io::Error),
}

impl RunError {
    /// Whether every next start would fail in the same way, until the owner changes something.
    pub const fn needs_the_owner(&self) -> bool {
        match self {
            Self::UserNamespace(_)
            | Self::Policy(_)
            | Self::Store(StoreError::Newer { .. })
            | Self::Socket(SocketError::ForeignFolder(_) | SocketError::Occupied(_)) => true,
            Self::Store(StoreError::Io { .. } | StoreError::Encode { .. })
            | Self::StoreInUse(_)
            | Self::Socket(SocketError::InUse(_) | SocketError::Io { .. })
            | Self::Serve(_)
            | Self::Process(_) => false,
        }
    }
}

/// Runs core until SIGTERM or SIGINT.
pub async fn run(config: Config) -> Result<(), RunError> {
    let policy = policy_file::read(config.core_policy.as_deref()).await?;
    userns::check()?;
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Process)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Process)?;
    let fresh = instance::derive(&config.host_root, &config.resin_data_path).await;
    store::make_folders(&config.core_state_dir)?;
    let _lock = lock_store(&config)?;
    let loaded = store::load(&config.core_state_dir, &fresh)?;
    let listener = socket::bind(&config.core_socket, config.socket_gid)?;
    recover_config_json(&config).await;
    let device = config_json::read(&config.config_json).await;
    let (close, closing) = watch::channel(false);
    let (policy_sender, policy) = watch::channel(policy);
    let services = assemble(&config, loaded, device, policy, closing).await;
    let reconciler = Arc::clone(&services.reconciler);
    policy_file::read_again_on_hangup(services.policy_file.clone(), policy_sender, Arc::clone(&reconciler))
        .map_err(RunError::Process)?;
    tokio::spawn(clean_up::follow(Arc::clone(&reconciler)));
    let watching = tokio::spawn(engine_watch::follow(Arc::clone(&reconciler)));
    let _watchdog = Watchdog::start().map_err(RunError::Process)?;
    let roles = RolePolicy { frontend_uid: config.frontend_uid, admin_gid: config.admin_gid };
    log::info!("core serves socket={} version={}", config.core_socket.display(), env!("CARGO_PKG_VERSION"));
    watchdog::notify_ready();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        log::info!("core is shutting down");
        close.send_replace(true);
    });
    let served = serve(listener, roles, services).await;
    watching.abort();
    reconciler.context().attachments.all_gone(TERMINALS_DEADLINE).await;
    reconciler.shut_down(SHUTDOWN_DEADLINE).await;
    Ok(served?)
}

/// Two cores on one store would undo each other's work.
fn lock_store(config: &Config) -> Result<File, RunError> {
    let path = config.core_state_dir.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|source| StoreError::Io { action: "open", path, source })?;
    file.try_lock().map_err(|_| RunError::StoreInUse(config.core_state_dir.clone()))?;
    Ok(file)
}

/// Only a file that core may write can be one whose writing was broken off.
async fn recover_config_json(config: &Config) {
    if !config.config_json_writable {
        return;
    }
    if let Err(error) = OwnersConfigFile::new(config.config_json.clone()).recover().await {
        log::error!("config.json not recovered error='{}'", chain(&error));
    }
}

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

async fn assemble(
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
