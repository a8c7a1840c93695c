//! Runs core until a signal ends it.

mod assembly;

use std::{fs::File, path::PathBuf, sync::Arc, time::Duration};

use supervisor_proto::policy::PolicyFileError;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::{
    adapters::{config_file::OwnersConfigFile, store, userns},
    config::Config,
    config_json,
    error::chain,
    grpc::{
        roles::RolePolicy,
        server::{ServeError, serve},
        socket::{self, SocketError},
    },
    instance, policy_file,
    ports::store::StoreError,
    reconcile::{clean_up, engine_watch},
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
    let services = assembly::assemble(&config, loaded, device, policy, closing).await;
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
