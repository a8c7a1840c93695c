//! One life of core on a fake device.

use std::sync::Arc;

use supervisor_proto::policy::Policy;
use tokio::sync::{Notify, watch};

use super::{
    app,
    device::{FakeDevice, LONG},
    host::DATA_LOCK,
    target,
};
use crate::{
    domain::{
        environment::{ApiAccess, DeviceFacts},
        host_access::OwnPlaces,
        intent::Action,
        observed::{ContainerId, ContainerState},
        record::{AppRecord, AppliedBy},
        registry_access::RegistryAccess,
        target::{RestartPolicy, Target},
    },
    error::CoreError,
    event_feed::EventFeed,
    reconcile::{
        Context, Reconciler,
        free_space::FreeSpace,
        status::{AppStatus, StatusBoard},
    },
};

/// The instance label of every life on the device.
pub const INSTANCE: &str = "instance-1";

/// What stays free where the engine keeps images.
pub const RESERVE_BYTES: u64 = 10;

/// One life of core.
pub struct World {
    pub device: Arc<FakeDevice>,
    pub reconciler: Arc<Reconciler>,
    pub api: watch::Sender<Option<ApiAccess>>,
    pub facts: watch::Sender<DeviceFacts>,
    pub registry: watch::Sender<Option<Arc<RegistryAccess>>>,
    pub closing: watch::Sender<bool>,
    pub policy: watch::Sender<Policy>,
}

impl World {
    /// A life on a new device.
    pub fn new() -> Self {
        Self::boot(&FakeDevice::new())
    }

    /// A life with what the device's store holds.
    pub fn boot(device: &Arc<FakeDevice>) -> Self {
        Self::boot_damaged(device, Vec::new())
    }

    /// A life whose store also holds last good copies of damaged records.
    pub fn boot_damaged(device: &Arc<FakeDevice>, provisional: Vec<AppRecord>) -> Self {
        let (api, known) = watch::channel(None);
        let (facts, told) = watch::channel(DeviceFacts::default());
        let (registry, access) = watch::channel(None);
        let (closing, ending) = watch::channel(false);
        let (granted, policy) = watch::channel(Policy::default());
        let records: Vec<AppRecord> = device.state().records.values().cloned().collect();
        let context = Context {
            engine: Arc::<FakeDevice>::clone(device),
            files: Arc::<FakeDevice>::clone(device),
            store: Arc::<FakeDevice>::clone(device),
            clock: Arc::<FakeDevice>::clone(device),
            boot_id: device.state().boot_id.clone(),
            instance: INSTANCE.to_owned(),
            data_path: "/resin-data".to_owned(),
            policy,
            own_places: OwnPlaces::default(),
            device: told,
            api: known,
            registry: access,
            space: FreeSpace::new(Arc::<FakeDevice>::clone(device), "/mnt/root".into(), RESERVE_BYTES),
            settled: Notify::new(),
            closing: ending,
            status: StatusBoard::default(),
            events: EventFeed::default(),
            attachments: Arc::default(),
        };
        let reconciler = Arc::new(Reconciler::new(Arc::new(context), records, provisional));
        Self { device: Arc::clone(device), reconciler, api, facts, registry, closing, policy: granted }
    }

    /// A life with one app that role frontend applied.
    pub async fn with_frontends_app(target: Target) -> Self {
        let world = Self::new();
        world.reconciler.adoption_done(std::collections::BTreeSet::new());
        let id = target.app.app_id.get();
        world.act(id, Action::Apply(Box::new(target), AppliedBy::Frontend)).await.unwrap();
        world
    }

    /// A life with one app, [`target`], that runs.
    pub async fn with_app(id: u64) -> Self {
        let world = Self::new();
        world.act(id, super::apply(target(id))).await.unwrap();
        world
    }

    pub async fn act(&self, id: u64, action: Action) -> Result<(), CoreError> {
        self.reconciler.act(app(id), action, false).await
    }

    pub async fn force(&self, id: u64, action: Action) -> Result<(), CoreError> {
        self.reconciler.act(app(id), action, true).await
    }

    /// An action that runs beside the test.
    pub fn begin(
        &self,
        id: u64,
        action: Action,
        force: bool,
    ) -> tokio::task::JoinHandle<Result<(), CoreError>> {
        let reconciler = Arc::clone(&self.reconciler);
        tokio::spawn(async move { reconciler.act(app(id), action, force).await })
    }

    /// Resolves when the board shows this of the app.
    pub async fn shows(&self, id: u64, condition: impl Fn(&AppStatus) -> bool) {
        let mut board = self.reconciler.context().status.watch();
        let met = board.wait_for(|snapshot| snapshot.apps.get(&app(id)).is_some_and(&condition));
        tokio::time::timeout(LONG, met).await.expect("the board shows it").unwrap();
    }

    /// The app's status.
    pub fn status(&self, id: u64) -> AppStatus {
        let snapshot = self.reconciler.context().status.watch().borrow().clone();
        snapshot.apps.get(&app(id)).cloned().unwrap_or_default()
    }
}

/// What tests ask of a device and do to it.
impl FakeDevice {
    /// Running containers of an app, as `(id, generation)`.
    pub fn running(&self, id: u64) -> Vec<(String, u64)> {
        let state = self.state();
        let of_app = state.containers.iter().filter(|c| c.seen.app == Some(app(id)));
        let running = of_app.filter(|c| c.seen.state == ContainerState::Running);
        running.map(|c| (c.seen.id.0.clone(), c.seen.generation)).collect()
    }

    /// How many containers there are.
    pub fn containers_in_all(&self) -> usize {
        self.state().containers.len()
    }

    /// Locks of an app that do not hold `app`.
    pub fn our_locks(&self) -> usize {
        self.state().locks.values().filter(|held| *held != "app").count()
    }

    /// Resolves when core holds no locks.
    pub async fn reaches_no_locks(&self) {
        let released = async {
            while self.our_locks() > 0 {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LONG, released).await.expect("locks are given back");
    }

    /// The app takes its update lock.
    pub fn lock(&self, id: u64) {
        self.state().locks.insert((app(id), DATA_LOCK.to_owned()), "app".to_owned());
    }

    pub fn unlock(&self, id: u64) {
        self.state().locks.remove(&(app(id), DATA_LOCK.to_owned()));
    }

    pub fn data(&self, id: u64) -> Vec<String> {
        self.state().data.get(&app(id)).into_iter().flatten().cloned().collect()
    }

    pub fn record(&self, id: u64) -> AppRecord {
        self.state().records[&app(id)].clone()
    }

    /// The main process of a container ends by itself.
    pub fn exit(&self, id: &str) {
        self.exit_with(id, 0);
    }

    /// The same with this exit code.
    pub fn exit_with(&self, id: &str, code: i64) {
        let mut state = self.state();
        let container = state.container(&ContainerId(id.to_owned())).unwrap();
        container.seen.state = ContainerState::Exited;
        container.seen.exit_code = Some(code);
        container.was_running = false;
        let of = container.seen.app;
        state.end_processes(&ContainerId(id.to_owned()), 137);
        state.tell(of);
    }

    /// The health checks of an image's containers say this.
    pub fn say_health(&self, image: &str, health: &str) {
        let mut state = self.state();
        let mut apps = std::collections::BTreeSet::new();
        for container in state.containers.iter_mut().filter(|c| c.image == image) {
            health.clone_into(&mut container.seen.health);
            apps.insert(container.seen.app);
        }
        for of in apps {
            state.tell(of);
        }
    }

    /// The engine goes away; with `false` it comes back.
    pub fn take_engine_away(&self, gone: bool) {
        let mut state = self.state();
        state.engine_gone = gone;
        state.listeners.clear();
    }

    /// The engine ends and comes again: it starts what ran, and whatever has policy `always`.
    pub fn restart_engine(&self) {
        let mut state = self.state();
        state.listeners.clear();
        let again: Vec<ContainerId> = state
            .containers
            .iter()
            .filter(|c| match c.policy {
                RestartPolicy::Always => c.starts > 0,
                RestartPolicy::UnlessStopped => c.was_running,
                RestartPolicy::No | RestartPolicy::OnFailure(_) => false,
            })
            .map(|c| c.seen.id.clone())
            .collect();
        for container in state.containers.iter_mut().filter(|c| c.seen.state == ContainerState::Running) {
            container.seen.state = ContainerState::Exited;
        }
        for id in again {
            state.run(&id).unwrap();
        }
    }
}
