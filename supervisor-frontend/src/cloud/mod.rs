//! The cloud client: a server of openBalena's contract tells what should run, and is told what does.
//!
//! ```text
//! identity ─▶ api ─▶ target ─▶ core        what should run
//!                 ◀─ report ◀─ core        what runs
//!                 ◀─ log_stream ◀─ core    what it says
//! ```
//!
//! Without an API endpoint the device is unmanaged, and nothing is ever sent anywhere.

pub mod api;
pub mod identity;
pub mod log_stream;
mod preparation;
pub mod report;
pub mod settings;
pub mod status;
pub mod target;

use std::{path::PathBuf, sync::Arc, time::Duration};

use supervisor_proto::client::CoreClient;
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use crate::{
    auth::key_ring::KeyRing,
    core_link::{
        apps_states::{AppsStates, LastState},
        presence::Sessions,
    },
    device::DeviceFacts,
};
use api::{ApiClient, ApiEndpoint};
use identity::{
    Identity,
    introduction::Introduction,
    keeper::{Keeper, Lacking},
    record::RecordFile,
};
use log_stream::LogStream;
use preparation::{LOOK_AGAIN, Preparation, Prepared};
use report::{Reporter, Sight, schedule::Timing};
use settings::CloudSettings;
use status::{CloudBoard, Standing};
use target::{CoreSide, cache::TargetCache, nudge::Nudges};

/// The owner's settings.
#[derive(Debug, Clone)]
pub struct CloudConfig {
    /// The API, over that of `config.json`.
    pub api_endpoint: Option<ApiEndpoint>,
    /// The owner's `config.json`.
    pub config_json: PathBuf,
    /// A PEM file with certificate authorities to be trusted as well.
    pub extra_authorities: Option<PathBuf>,
    /// Where what must survive is kept.
    pub state_dir: PathBuf,
    /// Between two questions for the target, while the cloud says nothing of it; over that of `config.json`.
    pub poll_interval: Option<Duration>,
    /// The host's os-release.
    pub os_release: PathBuf,
}

/// What the cloud client works with on the device.
#[derive(Debug)]
pub struct Surroundings {
    /// Calls on core.
    pub core: Arc<CoreClient>,
    /// Core's comings.
    pub sessions: Sessions,
    /// What core says of the apps.
    pub states: AppsStates,
    /// The API's key.
    pub keys: Arc<KeyRing>,
    /// Port, version and addresses.
    pub device: Arc<DeviceFacts>,
}

/// What others see of the cloud client while it runs, and may ask of it. A clone is the same.
#[derive(Debug, Clone)]
pub struct CloudView {
    /// How the device stands with its cloud.
    pub board: CloudBoard,
    /// Wishes for a question now.
    pub nudges: Arc<Nudges>,
    /// What the cloud's variables say; the defaults before it said anything.
    pub settings: Arc<watch::Sender<CloudSettings>>,
}

impl Default for CloudView {
    fn default() -> Self {
        Self {
            board: CloudBoard::default(),
            nudges: Arc::default(),
            settings: Arc::new(watch::Sender::new(CloudSettings::default())),
        }
    }
}

impl CloudView {
    /// Asks the cloud at once what should run. Where the cloud wants no instant updates, only `force` does.
    pub fn nudge(&self, force: bool) {
        if force || self.settings.borrow().instant_update {
            self.nudges.nudge(force);
        }
    }
}

/// Who the device is, as soon as its cloud knows it.
pub type IdentityWatch = watch::Receiver<Option<Arc<Identity>>>;

/// What others see of the cloud client, and what ends it.
#[derive(Debug)]
pub struct CloudHandle {
    identity: IdentityWatch,
    task: JoinHandle<()>,
}

impl CloudHandle {
    /// Who the device is to its cloud.
    pub fn identity(&self) -> IdentityWatch {
        self.identity.clone()
    }

    /// Ends all that speaks to the cloud, at once. Whatever was on its way is sent again by the next start.
    pub async fn stop(self) {
        self.task.abort();
        // Its outcome is that it was aborted.
        let _ = self.task.await;
    }
}

/// Starts the cloud client; returns at once.
pub fn start(config: CloudConfig, surroundings: Surroundings, view: CloudView) -> CloudHandle {
    let (sender, identity) = watch::channel(None);
    // From now on, so that the first state of a connection is not missed.
    let states = surroundings.states.follow();
    CloudHandle { identity, task: tokio::spawn(run(config, surroundings, states, view, sender)) }
}

async fn run(
    config: CloudConfig,
    surroundings: Surroundings,
    states: watch::Receiver<LastState>,
    view: CloudView,
    identity: watch::Sender<Option<Arc<Identity>>>,
) {
    let mut preparation = Preparation::new(config.clone());
    let (to_core, sessions) = (surroundings.core.clone(), surroundings.sessions.clone());
    let (client, device, known, os_variant, mut tasks) = loop {
        let Prepared { client, device, facts } = preparation.prepared().await;
        view.board.set_standing(Standing::Unregistered);
        // They end with this task.
        let mut tasks: JoinSet<()> = JoinSet::new();
        let defaults = target::defaults(config.poll_interval, device.poll_interval);
        let core = CoreSide { client: to_core.clone(), sessions: sessions.clone(), states: states.clone() };
        let cache = TargetCache::new(&config.state_dir);
        tasks.spawn(target::run(client.clone(), cache, defaults, core, view.clone(), identity.subscribe()));
        let file = RecordFile::new(&config.state_dir);
        let os_variant = facts.os_variant;
        let keeper = Keeper { client: client.clone(), config: device.clone(), facts, file };
        match keeper.provision().await {
            Ok(known) => break (client, device, known, os_variant, tasks),
            Err(Lacking(key)) => preparation.lacking(key),
        }
        sleep(LOOK_AGAIN).await;
    };
    log::info!("device known to its cloud uuid={} endpoint={}", known.identity.uuid, client.endpoint());
    identity.send_replace(Some(Arc::new(known.identity.clone())));
    let introduction =
        Introduction { core: to_core, sessions, known, api_host: client.endpoint().host().to_owned() };
    tasks.spawn(introduction.run());
    let board = view.board.clone();
    let logs_at = device.logs_endpoint.map_or_else(|| client.clone(), |endpoint| client.of(endpoint));
    tasks.spawn(logs(logs_at, &surroundings, &view, identity.subscribe()).run());
    let reporter = Reporter::new(Sight {
        client,
        identity: identity.subscribe(),
        settings: view.settings.subscribe(),
        states,
        standing: view.board.follow(),
        keys: surroundings.keys,
        device: surroundings.device,
        os_variant,
        storage: config.state_dir,
        key_reported: Box::new(move |is_reported| board.set_key_reported(is_reported)),
        timing: Timing::default(),
    });
    tasks.spawn(reporter.run());
    while tasks.join_next().await.is_some() {}
}

fn logs(
    client: ApiClient,
    surroundings: &Surroundings,
    view: &CloudView,
    identity: IdentityWatch,
) -> LogStream {
    LogStream {
        client,
        identity,
        settings: view.settings.subscribe(),
        core: surroundings.core.clone(),
        sessions: surroundings.sessions.clone(),
        timing: log_stream::Timing::default(),
    }
}
