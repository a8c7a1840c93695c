//! Tells the cloud what the device is and what runs on it: `PATCH /device/v3/state`.
//!
//! ```text
//! state, key, metrics ─▶ document ─▶ difference ─▶ send
//!                                       ▲ accepted ┘
//! ```
//!
//! Pushed, not polled: a change of the apps or the key wakes the reporter, and only measurements come by the clock.
//! One request at a time. Nothing is written to disk.

pub mod difference;
pub mod document;
pub mod hardware;
pub mod metrics;
pub mod schedule;
pub mod send;
pub mod state;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{sleep, timeout},
};

use super::{
    api::{ApiClient, CloudFailure},
    identity::Identity,
    settings::CloudSettings,
    status::CloudStatus,
};
use crate::{
    auth::key_ring::{KeyChanges, KeyRing},
    core_link::apps_states::LastState,
    device::DeviceFacts,
    error_chain::chain,
};
use difference::{APPS, Accepted, Fields};
use document::Known;
use metrics::{CpuTime, Metrics, Sources};
use schedule::{Schedule, Timing};
use send::Outcome;

/// How long the first report waits for core's word on the apps.
const FIRST_STATE: Duration = Duration::from_secs(5);
/// How long a measurement may take.
const MEASURE_DEADLINE: Duration = Duration::from_secs(5);
/// The field that only the holder of the API's key may know.
const API_SECRET: &str = "api_secret";

/// What reports are made from, and where they go.
pub struct Sight {
    /// The cloud.
    pub client: ApiClient,
    /// Who the device is; none until it is registered.
    pub identity: watch::Receiver<Option<Arc<Identity>>>,
    /// The longest wait after failures is the cloud's own interval.
    pub settings: watch::Receiver<CloudSettings>,
    /// What runs.
    pub states: watch::Receiver<LastState>,
    /// What core refuses.
    pub standing: watch::Receiver<CloudStatus>,
    /// The API's key.
    pub keys: Arc<KeyRing>,
    /// Port, version and addresses.
    pub device: Arc<DeviceFacts>,
    /// `dev` or `prod`, where that is known.
    pub os_variant: Option<&'static str>,
    /// A path of the file system whose space is reported.
    pub storage: PathBuf,
    /// Hears whether the cloud knows the API's present key.
    pub key_reported: Box<dyn Fn(bool) + Send + Sync>,
    /// When.
    pub timing: Timing,
}

/// The task.
pub struct Reporter {
    sight: Sight,
    key_changes: KeyChanges,
    schedule: Schedule,
    accepted: Accepted,
    /// Whom `accepted` is about.
    told_as: Option<Arc<Identity>>,
    metrics: Metrics,
    cpu: CpuTime,
    complained: Option<String>,
}

impl Reporter {
    /// A reporter that has reported nothing.
    pub fn new(sight: Sight) -> Self {
        Self {
            key_changes: sight.keys.changes(),
            schedule: Schedule::new(sight.timing),
            accepted: Accepted::default(),
            told_as: None,
            metrics: Metrics::default(),
            cpu: CpuTime::default(),
            complained: None,
            sight,
        }
    }

    /// Reports whenever there is something to tell. Never returns.
    pub async fn run(mut self) {
        let _ = timeout(FIRST_STATE, self.sight.states.wait_for(Option::is_some)).await;
        loop {
            let identity = self.identity().await;
            self.may_report().await;
            let report = self.look().await;
            let mut told = self.accepted.difference(report);
            let with_apps = self.schedule.may_tell_apps(Instant::now());
            if !with_apps {
                told.remove(APPS);
            }
            if told.is_empty() {
                self.schedule.nothing_left(with_apps);
                self.changed().await;
            } else if self.tell(&identity, told).await {
                self.changed().await;
            }
        }
    }

    /// Who the device is, as soon as that is known. Another device has been told nothing.
    async fn identity(&mut self) -> Arc<Identity> {
        loop {
            let found = self.sight.identity.borrow_and_update().clone();
            if let Some(identity) = found {
                if self.told_as.as_ref().is_some_and(|before| before.uuid != identity.uuid) {
                    self.accepted = Accepted::default();
                }
                self.told_as = Some(identity.clone());
                return identity;
            }
            next(&mut self.sight.identity).await;
        }
    }

    /// Waits for the time of the next report; a key that changes meanwhile is not known to the cloud from then on.
    async fn may_report(&mut self) {
        self.note_key();
        let time = sleep(self.schedule.until_report(Instant::now()));
        tokio::pin!(time);
        loop {
            tokio::select! {
                () = &mut time => return,
                () = self.key_changes.changed() => self.note_key(),
            }
        }
    }

    /// Puts the report together from what is true now.
    async fn look(&mut self) -> Fields {
        if self.schedule.is_measurement_due(Instant::now()) {
            self.measure().await;
        }
        let state = self.sight.states.borrow_and_update().clone();
        let refused = self.sight.standing.borrow_and_update().refused_releases.clone();
        let addresses = self.sight.device.addresses().await;
        document::fields(&Known {
            port: self.sight.device.port(),
            key: self.key_changes.take().as_ref(),
            os_version: self.sight.device.os_version(),
            os_variant: self.sight.os_variant,
            addresses: &addresses,
            metrics: &self.metrics,
            apps: state.as_deref(),
            refused: &refused,
        })
    }

    async fn measure(&mut self) {
        self.schedule.measured(Instant::now());
        let (storage, mut cpu) = (self.sight.storage.clone(), self.cpu);
        let measuring = spawn_blocking(move || {
            let sources = Sources { proc: Path::new("/proc"), sys: Path::new("/sys"), storage: &storage };
            (metrics::measure(&sources, &mut cpu), cpu)
        });
        // Without an answer in time the last measurement stands.
        if let Ok(Ok((metrics, cpu))) = timeout(MEASURE_DEADLINE, measuring).await {
            (self.metrics, self.cpu) = (metrics, cpu);
        }
    }

    /// Whether it was accepted.
    async fn tell(&mut self, identity: &Identity, told: Fields) -> bool {
        let outcome = send::send(&self.sight.client, identity, &told).await;
        let (now, longest) = (Instant::now(), self.sight.settings.borrow().poll_interval);
        match outcome {
            Outcome::Accepted => {
                self.schedule.accepted(now, told.contains_key(APPS));
                self.accepted.accept(told);
                self.complained = None;
                self.note_key();
                true
            }
            Outcome::AppsRefused(failure) => {
                self.schedule.refused_apps(now, longest, draw());
                self.complain(
                    "the cloud does not take the apps of the report, the rest goes without",
                    &failure,
                );
                false
            }
            Outcome::Failed(failure) => {
                self.schedule.failed(now, failure.retry_after(), longest, draw());
                self.complain("report not accepted, tried again", &failure);
                false
            }
        }
    }

    /// Says whether the cloud knows the present key.
    fn note_key(&self) {
        let known = self.accepted.get(API_SECRET).and_then(|secret| secret.as_str());
        let key = self.sight.keys.key();
        (self.sight.key_reported)(key.as_ref().is_none_or(|key| known == Some(key.expose())));
    }

    /// Once per reason, not once per attempt.
    fn complain(&mut self, what: &str, failure: &CloudFailure) {
        let text = chain(failure).to_string();
        if self.complained.as_deref() == Some(text.as_str()) {
            log::debug!("{what} error='{text}'");
        } else {
            log::warn!("{what} error='{text}'");
            self.complained = Some(text);
        }
    }

    /// Waits until something may be different from what was reported.
    async fn changed(&mut self) {
        let look = self.schedule.until_look(Instant::now());
        tokio::select! {
            () = next(&mut self.sight.states) => {}
            () = next(&mut self.sight.standing) => {}
            () = next(&mut self.sight.identity) => {}
            () = self.key_changes.changed() => {}
            () = sleep(look) => {}
        }
    }
}

/// Waits for a change; one whose sender is gone never comes.
async fn next<T>(watched: &mut watch::Receiver<T>) {
    if watched.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// From 0 to 1; the middle, where the kernel gives nothing.
fn draw() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}
