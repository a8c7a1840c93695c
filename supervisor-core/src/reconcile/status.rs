//! What every app is doing, for whoever watches.

use std::{collections::BTreeMap, fmt, sync::Arc};

use supervisor_proto::ids::{AppId, ServiceName};
use tokio::sync::watch;

use crate::domain::{
    environment, labels,
    observed::{Container, Observed},
    record::{AppRecord, AppliedBy},
    rollout::FailedRelease,
    wanted::Wanted,
};

/// What an app's worker is busy with, in the words of `GET /v1/device`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Activity {
    /// Nothing.
    #[default]
    Idle,
    /// Fetching an image, so many percent of it.
    Downloading(u32),
    /// Making a container.
    Installing,
    /// Starting a container.
    Starting,
    /// Stopping or removing a container.
    Stopping,
}

/// One app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppStatus {
    /// The app's name.
    pub name: String,
    /// The release that the target stands for.
    pub commit: String,
    /// The release's numeric id.
    pub release_id: u64,
    /// The app's uuid; empty for one that has none.
    pub app_uuid: String,
    /// Who applied the target.
    pub applied_by: AppliedBy,
    /// By service name.
    pub services: BTreeMap<ServiceName, ServiceStatus>,
    /// What the worker is busy with.
    pub activity: Activity,
    /// How far the images of an update that waits are, 0 to 100, while they are fetched beside that.
    pub waiting_percent: Option<u32>,
    /// A change is wanted and not yet carried out.
    pub update_pending: bool,
    /// Every image of the pending change is here.
    pub update_downloaded: bool,
    /// The last cycle failed.
    pub update_failed: bool,
    /// Why; empty when nothing is wrong.
    pub last_error: String,
    /// Which services wait for which others, one sentence each.
    pub waiting_for: Vec<String>,
    /// What a downloaded update waits for, to complete "waits for"; empty when none waits.
    pub apply_waits_for: String,
    /// The release of an update that waits for its time; empty when none waits.
    pub waiting_commit: String,
    /// The last release that ran as it should; empty before the first.
    pub running_commit: String,
    /// A release that was given up.
    pub failed: Option<FailedRelease>,
}

/// One service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceStatus {
    /// Its image.
    pub image: String,
    /// Numeric id of the image.
    pub image_id: u64,
    /// Numeric id of the service.
    pub service_id: u64,
    /// What its container is given, without API keys; until the engine has been asked, what the target says.
    pub environment: ShownEnvironment,
    /// Whether it should run.
    pub should_run: bool,
    /// The engine's id of its container; empty without one.
    pub container_id: String,
    /// The engine's word for what the container is doing; empty without one.
    pub container_state: String,
    /// What its health check says; empty without one.
    pub health: String,
    /// Why its container was made, to complete "because"; empty when it does not tell.
    pub made_because: String,
    /// When its container was made, seconds since 1970; 0 without one.
    pub made_at_s: u64,
    /// The image that its container was made from, as the target named it then; empty without one.
    pub container_image: String,
    /// The release that its container was made from; empty without one.
    pub container_commit: String,
    /// How far its image is, 0 to 100, while the app downloads.
    pub download_percent: Option<u32>,
}

/// An environment without API keys; `Debug` shows names only, as apps keep secrets of their own in it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ShownEnvironment(Arc<BTreeMap<String, String>>);

impl ShownEnvironment {
    /// Leaves out what nobody but the container may see.
    pub fn of(environment: &BTreeMap<String, String>) -> Self {
        let shown = environment.iter().filter(|(name, _)| !environment::is_api_key(name));
        Self(Arc::new(shown.map(|(name, value)| (name.clone(), value.clone())).collect()))
    }

    /// By name.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl fmt::Debug for ShownEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// All apps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// By id.
    pub apps: BTreeMap<AppId, AppStatus>,
    /// Whether the engine answers.
    pub engine_available: bool,
}

/// Where workers write and watchers read. Nothing is told when nothing has changed.
#[derive(Debug)]
pub struct StatusBoard {
    sender: watch::Sender<Snapshot>,
}

impl Default for StatusBoard {
    fn default() -> Self {
        Self { sender: watch::channel(Snapshot::default()).0 }
    }
}

impl StatusBoard {
    /// Follows the board; the first value is the present one.
    pub fn watch(&self) -> watch::Receiver<Snapshot> {
        self.sender.subscribe()
    }

    /// Changes one app's entry, which is made if it is not there.
    pub fn update(&self, app: AppId, change: impl FnOnce(&mut AppStatus)) {
        self.sender.send_if_modified(|snapshot| {
            let old = snapshot.apps.get(&app).cloned();
            let mut new = old.clone().unwrap_or_default();
            change(&mut new);
            let modified = old.as_ref() != Some(&new);
            if modified {
                snapshot.apps.insert(app, new);
            }
            modified
        });
    }

    /// Takes one app off the board.
    pub fn remove(&self, app: AppId) {
        self.sender.send_if_modified(|snapshot| snapshot.apps.remove(&app).is_some());
    }

    /// Says whether the engine answers.
    pub fn set_engine_available(&self, available: bool) {
        self.sender.send_if_modified(|snapshot| {
            std::mem::replace(&mut snapshot.engine_available, available) != available
        });
    }
}

impl AppStatus {
    /// What the worker is busy with; with nothing else, the download of an update that waits.
    pub fn shown_activity(&self) -> Activity {
        match (self.activity, self.waiting_percent) {
            (Activity::Idle, Some(percent)) => Activity::Downloading(percent),
            (activity, _) => activity,
        }
    }

    /// Takes over what the record wants.
    pub fn describe(&mut self, record: &AppRecord) {
        self.name.clone_from(&record.target.app.name);
        self.commit.clone_from(&record.target.app.commit);
        self.release_id = record.target.app.release_id;
        self.app_uuid.clone_from(&record.target.app.app_uuid);
        self.applied_by = record.applied_by;
        self.failed.clone_from(&record.rollout.failed);
        let waiting = record.waiting.as_ref().map(|update| update.target.app.commit.clone());
        self.waiting_commit = waiting.unwrap_or_default();
        if let Some(commit) = record.rollout.proven_commit(record) {
            commit.clone_into(&mut self.running_commit);
        }
        self.services.retain(|name, _| record.target.services.contains_key(name));
        for (name, service) in &record.target.services {
            let status = self.services.entry(name.clone()).or_default();
            status.image.clone_from(&service.image);
            (status.image_id, status.service_id) = (service.image_id, service.service_id);
            if status.environment == ShownEnvironment::default() {
                status.environment = ShownEnvironment::of(&service.environment);
            }
            status.should_run = record.services.get(name).is_none_or(|intent| intent.run);
        }
    }

    /// Takes over how far images are; none of a service: it has nothing to wait for.
    pub fn show_downloads(&mut self, percents: &BTreeMap<ServiceName, u32>) {
        for (name, status) in &mut self.services {
            status.download_percent = percents.get(name).copied();
        }
    }

    /// The engine has all that the record wants; a release that is not tried counts as good with that.
    pub fn settle(&mut self, record: &AppRecord) {
        if record.rollout.proven_commit(record).is_none() {
            self.running_commit.clone_from(&record.target.app.commit);
        }
    }

    /// Takes over what containers are given.
    pub fn render(&mut self, wanted: &Wanted) {
        for (name, status) in &mut self.services {
            if let Some(service) = wanted.services.get(name) {
                status.environment = ShownEnvironment::of(&service.spec.environment);
            }
        }
    }

    /// Takes over what the engine says.
    pub fn observe(&mut self, observed: &Observed) {
        for (name, status) in &mut self.services {
            let newest = observed
                .containers
                .iter()
                .filter(|c| c.service.as_ref() == Some(name))
                .max_by_key(|c| (c.generation, c.created_s));
            status.container_id = newest.map(|c| c.id.0.clone()).unwrap_or_default();
            status.container_state = newest.map(|c| c.state.as_str().to_owned()).unwrap_or_default();
            status.health = newest.map(|c| c.health.clone()).unwrap_or_default();
            status.made_because =
                newest.and_then(|c| c.labels.get(labels::MADE_BECAUSE).cloned()).unwrap_or_default();
            (status.container_image, status.container_commit) =
                newest.and_then(|c| origin(c, name)).unwrap_or_default();
            status.made_at_s = newest.and_then(|c| u64::try_from(c.created_s).ok()).unwrap_or_default();
        }
    }
}

/// The image and the commit that the container was made from, when its labels tell.
fn origin(container: &Container, service: &ServiceName) -> Option<(String, String)> {
    let mut made_from = labels::made_from(container)?;
    Some((made_from.services.remove(service)?.image, made_from.app.commit))
}
