//! Looks at everything that core stands on, all at once, each part within its own deadline. It changes nothing.

mod ignored_fields;

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use supervisor_proto::ids::{AppId, ServiceName};
use tokio::time::timeout;

use super::api_access::ApiAccessKeeper;
use crate::{
    error::{CoreError, chain},
    ports::{
        engine::EngineInfo,
        host_facts::{DiskSpace, HostFacts},
        host_files::{HeldLock, LockToken},
        power::{PowerAction, PowerManager},
    },
    reconcile::Reconciler,
};

/// How long one part may take. Under the clients' deadline for quick calls.
const DEADLINE: Duration = Duration::from_secs(4);

/// What is looked at that is set when core starts.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Where core sees the host's `/`.
    pub host_root: PathBuf,
    /// The apps' data, as the host sees it.
    pub data_path: PathBuf,
    /// Core's own folder.
    pub state_dir: PathBuf,
}

/// Looks for faults.
pub struct Diagnosis {
    reconciler: Arc<Reconciler>,
    power: Arc<dyn PowerManager>,
    facts: Arc<dyn HostFacts>,
    api_access: Arc<ApiAccessKeeper>,
    surroundings: Surroundings,
}

/// A part that is known, or a sentence why not.
pub type Known<T> = Result<T, String>;

/// What was found.
#[derive(Debug)]
pub struct Examination {
    /// The container engine.
    pub engine: Known<EngineInfo>,
    /// Whether the device can be rebooted.
    pub reboot: Known<()>,
    /// Whether it can be switched off.
    pub power_off: Known<()>,
    /// Whether the clock is synchronised.
    pub clock: Known<bool>,
    /// Whether a frontend is connected.
    pub frontend_connected: bool,
    /// Port of the HTTP API, once a key is known.
    pub api_port: Option<u16>,
    /// File systems.
    pub disks: Vec<Disk>,
    /// Update locks that exist, by app.
    pub locks: Vec<(AppId, HeldLock)>,
    /// Apps whose locks could not be looked at, a sentence each.
    pub lock_problems: Vec<String>,
    /// What apps ask for that the engine ignores, by app.
    pub ignored_fields: Vec<(AppId, String)>,
}

/// One file system.
#[derive(Debug)]
pub struct Disk {
    /// What lies there.
    pub what: &'static str,
    /// As the host sees it.
    pub path: String,
    /// How full it is.
    pub space: Known<DiskSpace>,
    /// It is not there, or not mounted where core could see it.
    pub not_visible: bool,
}

impl Diagnosis {
    /// What it asks: apps, engine and files; logind; file systems and clock; the frontend's connection.
    pub fn new(
        reconciler: Arc<Reconciler>,
        power: Arc<dyn PowerManager>,
        facts: Arc<dyn HostFacts>,
        api_access: Arc<ApiAccessKeeper>,
        surroundings: Surroundings,
    ) -> Self {
        Self { reconciler, power, facts, api_access, surroundings }
    }

    /// Looks at everything.
    pub async fn examine(&self) -> Examination {
        let (engine_and_disks, reboot, power_off, clock, (locks, lock_problems), ignored_fields) = tokio::join!(
            self.engine_and_disks(),
            within(self.power.check(PowerAction::Reboot)),
            within(self.power.check(PowerAction::PowerOff)),
            within(self.facts.is_clock_synchronised()),
            self.locks(),
            ignored_fields::of_all_apps(&self.reconciler),
        );
        let (engine, disks) = engine_and_disks;
        Examination {
            engine,
            reboot,
            power_off,
            clock,
            frontend_connected: self.api_access.is_frontend_connected(),
            api_port: self.api_access.current().map(|access| access.port),
            disks,
            locks,
            lock_problems,
            ignored_fields,
        }
    }

    /// Where the engine keeps its data is the engine's to tell.
    async fn engine_and_disks(&self) -> (Known<EngineInfo>, Vec<Disk>) {
        let Surroundings { host_root, data_path, state_dir } = &self.surroundings;
        let (data, state, engine) = tokio::join!(
            self.disk("app data", data_path, host_root),
            self.disk("core state", state_dir, Path::new("/")),
            within(self.reconciler.context().engine.info()),
        );
        let mut disks = vec![data, state];
        if let Ok(info) = &engine
            && !info.data_root.is_empty()
        {
            disks.push(self.disk("engine data", Path::new(&info.data_root), host_root).await);
        }
        (engine, disks)
    }

    async fn disk(&self, what: &'static str, path: &Path, root: &Path) -> Disk {
        let seen = root.join(path.strip_prefix("/").unwrap_or(path));
        let path = path.display().to_string();
        match timeout(DEADLINE, self.facts.disk_space(&seen)).await {
            Ok(Ok(space)) => Disk { what, path, space: Ok(space), not_visible: false },
            Ok(Err(error)) => {
                let not_visible = error.kind() == io::ErrorKind::NotFound;
                Disk { what, path, space: Err(error.to_string()), not_visible }
            }
            Err(_) => Disk { what, path, space: Err(late()), not_visible: false },
        }
    }

    async fn locks(&self) -> (Vec<(AppId, HeldLock)>, Vec<String>) {
        let apps: Vec<(AppId, Vec<ServiceName>)> = {
            let board = self.reconciler.context().status.watch();
            let snapshot = board.borrow();
            snapshot
                .apps
                .iter()
                .map(|(app, status)| (*app, status.services.keys().cloned().collect()))
                .collect()
        };
        let (mut locks, mut problems) = (Vec::new(), Vec::new());
        let all = async {
            for (app, services) in apps {
                match self.locks_of(app, services).await {
                    Ok(found) => locks.extend(found.into_iter().map(|lock| (app, lock))),
                    Err(error) => problems.push(format!("app {app}: {}", chain(&error))),
                }
            }
        };
        if timeout(DEADLINE, all).await.is_err() {
            problems.push(late());
        }
        (locks, problems)
    }

    async fn locks_of(&self, app: AppId, services: Vec<ServiceName>) -> Result<Vec<HeldLock>, CoreError> {
        let context = self.reconciler.context();
        let record = context.store.read_app(app).await?;
        let token = record.as_ref().and_then(|record| LockToken::parse(&record.lock_token));
        let of_record = record.iter().flat_map(|record| record.target.services.keys().cloned());
        let services: BTreeSet<ServiceName> = services.into_iter().chain(of_record).collect();
        let services: Vec<ServiceName> = services.into_iter().collect();
        Ok(context.files.held_locks(app, &services, token.as_ref()).await?)
    }
}

fn late() -> String {
    format!("no answer within {} s", DEADLINE.as_secs())
}

async fn within<T, E: std::error::Error>(work: impl Future<Output = Result<T, E>>) -> Known<T> {
    match timeout(DEADLINE, work).await {
        Ok(done) => done.map_err(|error| chain(&error)),
        Err(_) => Err(late()),
    }
}
