//! What is on the fake device, and the gate that every call to it passes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, Weak},
    time::Duration,
};

use supervisor_proto::ids::{AppId, ServiceName};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, timeout},
};

use super::exec::FakeExec;
use crate::{
    domain::{
        confinement::Confinement, engine_kind::EngineKind, observed::Container, record::AppRecord,
        target::RestartPolicy, volume::MadeVolume,
    },
    ports::{
        engine::Reading,
        store::{PowerIntent, StoredApiAccess},
    },
};

/// A condition that is not met by then will never be.
pub const LONG: Duration = Duration::from_mins(10);

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The outside system is not there (a full disk, for the store).
    Absent,
    /// The outside system says no.
    Refused,
    /// The call waits until [`FakeDevice::resume`].
    Paused,
    /// The process ends before the call has done anything.
    CrashBefore,
    /// The process ends when the call has done its work and nobody has heard of it.
    CrashAfter,
}

/// How the containers of an image do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Healthy at once.
    Healthy,
    /// Never healthy.
    Unhealthy,
    /// They end again and again.
    Crashing,
    /// They end once, with this exit code.
    Ending(i64),
    /// The engine does not make them, with this status.
    NotMade(u16),
    /// The engine does not start them, with this status.
    NotStarted(u16),
}

/// A container and what the engine's list does not tell.
#[derive(Debug, Clone)]
pub struct Boxed {
    pub seen: Container,
    pub image: String,
    pub policy: RestartPolicy,
    pub environment: BTreeMap<String, String>,
    pub volumes: Vec<String>,
    pub starts: u32,
    pub has_check: bool,
    /// A process of it is alive; an engine that restarts starts only these and policy `always`.
    pub was_running: bool,
}

/// A named volume.
#[derive(Debug, Clone, Default)]
pub struct FakeVolume {
    pub labels: BTreeMap<String, String>,
    pub made_with: MadeVolume,
    pub content: BTreeSet<String>,
}

/// Everything on the device.
#[derive(Default)]
pub struct State {
    pub engine_gone: bool,
    pub engine_kind: EngineKind,
    pub containers: Vec<Boxed>,
    pub created: u32,
    pub images: BTreeSet<String>,
    /// How containers of an image do, unless they do well; those with a health check wait for a test's word.
    pub behaviours: BTreeMap<String, Behaviour>,
    /// Their labels, by name.
    pub networks: BTreeMap<String, BTreeMap<String, String>>,
    pub volumes: BTreeMap<String, FakeVolume>,
    /// Percentages that a pull goes through; an image is 100 bytes large.
    pub pull_steps: Vec<u32>,
    /// Bytes on the disk for each byte that is still to come.
    pub pull_needs: u64,
    /// Name, password and registry of each pull so far.
    pub pulled_as: Vec<Option<String>>,
    /// Images that core has noted as pulled by it.
    pub noted_images: BTreeSet<String>,
    /// Free bytes of every file system.
    pub free_bytes: u64,
    /// References that stand for the same image.
    pub same_images: Vec<BTreeSet<String>>,
    pub listeners: Vec<mpsc::UnboundedSender<AppId>>,
    pub data: BTreeMap<AppId, BTreeSet<String>>,
    pub emptied: u32,
    /// Update locks by app and path; the value is what the lock file holds.
    pub locks: BTreeMap<(AppId, String), String>,
    /// What was read of a container's output last.
    pub output_asked: Option<Reading>,
    /// What containers say after their line, as the engine tells it.
    pub also_said: Vec<String>,
    /// When the output that is followed next ends; without it, never.
    pub output_end: Option<tokio::sync::oneshot::Receiver<()>>,
    /// Services whose new container says that it has taken over.
    pub taken_over: BTreeSet<(AppId, ServiceName)>,
    /// Seconds since 1970, when the device was made.
    pub made_at_s: u64,
    pub clock_is_wrong: bool,
    pub boot_id: String,
    /// A mount point inside an app's data.
    pub mounted: BTreeMap<AppId, String>,
    /// Paths of the host that are symlinks, and where they lead.
    pub planted: BTreeMap<String, String>,
    pub records: BTreeMap<AppId, AppRecord>,
    pub api_access: Option<StoredApiAccess>,
    pub device_uuid: Option<String>,
    /// The owner's config.json.
    pub config_json: Option<String>,
    pub power: Option<PowerIntent>,
    /// Processes in containers, by their number.
    pub execs: Vec<FakeExec>,
    /// Shells that the images have.
    pub shells: BTreeSet<String>,
    /// What every container may do beyond its walls.
    pub confinement: Confinement,
}

/// The fake device.
pub struct FakeDevice {
    /// For the tasks that it starts.
    myself: Weak<FakeDevice>,
    state: Mutex<State>,
    /// Faults by the number of the call, from 0.
    numbered: Mutex<BTreeMap<usize, Fault>>,
    /// Faults by the beginning of a call's name, until they are taken away.
    named: Mutex<Vec<(String, Fault)>>,
    calls: watch::Sender<Vec<String>>,
    crashed: watch::Sender<bool>,
    resumed: Notify,
    /// Wakes whoever waits for a time.
    pub clock_was_set: Notify,
    pub made: Instant,
}

impl FakeDevice {
    pub fn new() -> Arc<Self> {
        let state = State {
            images: [super::IMAGE.to_owned()].into(),
            made_at_s: 1_700_006_400,
            boot_id: "boot-1".to_owned(),
            free_bytes: 40,
            shells: ["sh".to_owned()].into(),
            ..State::default()
        };
        Arc::new_cyclic(|myself| Self {
            myself: Weak::clone(myself),
            state: Mutex::new(state),
            numbered: Mutex::default(),
            named: Mutex::default(),
            calls: watch::channel(Vec::new()).0,
            crashed: watch::channel(false).0,
            resumed: Notify::new(),
            clock_was_set: Notify::new(),
            made: Instant::now(),
        })
    }

    pub fn myself(&self) -> Arc<Self> {
        self.myself.upgrade().unwrap()
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The call of this number, counted from now, meets `fault`.
    pub fn fault_at(&self, number: usize, fault: Fault) {
        let now = self.calls.borrow().len();
        self.numbered.lock().unwrap().insert(now + number, fault);
    }

    /// Every call whose name begins so meets `fault`, until [`heal`](Self::heal).
    pub fn fault_on(&self, call: &str, fault: Fault) {
        self.named.lock().unwrap().push((call.to_owned(), fault));
    }

    /// No more faults.
    pub fn heal(&self) {
        self.numbered.lock().unwrap().clear();
        self.named.lock().unwrap().clear();
        self.crashed.send_replace(false);
    }

    /// Lets one paused call go on.
    pub fn resume(&self) {
        self.resumed.notify_one();
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<String> {
        self.calls.borrow().clone()
    }

    /// How many calls so far begin so.
    pub fn count(&self, call: &str) -> usize {
        self.calls.borrow().iter().filter(|name| name.starts_with(call)).count()
    }

    /// Resolves when `times` calls that begin so have come.
    pub async fn reached(&self, call: &str, times: usize) {
        let enough =
            |calls: &Vec<String>| calls.iter().filter(|name| name.starts_with(call)).count() >= times;
        let mut calls = self.calls.subscribe();
        timeout(LONG, calls.wait_for(enough)).await.expect(call).unwrap();
    }

    /// Resolves when a call was the last before a crash.
    pub async fn crashed(&self) {
        self.crashed.subscribe().wait_for(|crashed| *crashed).await.unwrap();
    }

    fn fault_of(&self, call: &str) -> Option<Fault> {
        let mut number = 0;
        self.calls.send_modify(|calls| {
            number = calls.len();
            calls.push(call.to_owned());
        });
        let numbered = self.numbered.lock().unwrap().get(&number).copied();
        let named = self.named.lock().unwrap();
        numbered.or_else(|| named.iter().find(|(name, _)| call.starts_with(name)).map(|(_, fault)| *fault))
    }

    async fn crash<T>(&self) -> T {
        self.crashed.send_replace(true);
        std::future::pending().await
    }

    /// One call: meets its fault, if it has one, else works on the state.
    pub async fn call<T, E>(
        &self,
        name: String,
        fail: impl Fn(Fault) -> E + Send,
        work: impl FnOnce(&mut State) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        let fault = self.fault_of(&name);
        match fault {
            Some(fault @ (Fault::Absent | Fault::Refused)) => return Err(fail(fault)),
            Some(Fault::Paused) => self.resumed.notified().await,
            Some(Fault::CrashBefore) => self.crash().await,
            Some(Fault::CrashAfter) | None => {}
        }
        let result = work(&mut self.state());
        if fault == Some(Fault::CrashAfter) { self.crash().await } else { result }
    }
}
