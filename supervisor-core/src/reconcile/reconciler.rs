//! All workers: finds the one for an app, starts new ones, and speaks to them all.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use supervisor_proto::ids::AppId;
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    task::JoinSet,
};

use super::{
    Context,
    cycle::Signals,
    worker::{Command, Until, Worker},
};
use crate::{
    domain::{
        intent::Action,
        record::{AppRecord, AppliedBy},
    },
    error::CoreError,
};

/// Commands that may wait for a worker; one more is refused at once, so that no app can pile up calls.
const QUEUE_DEPTH: usize = 8;
/// How long a caller waits; the work goes on. Under the clients' own deadline, so that they get an answer.
const ANSWER_DEADLINE: Duration = Duration::from_mins(14);

#[derive(Clone)]
struct Handle {
    commands: mpsc::Sender<Command>,
    signals: Arc<Signals>,
}

#[derive(Default)]
struct Workers {
    handles: BTreeMap<AppId, Handle>,
    tasks: JoinSet<()>,
    /// Containers that no record named have been adopted.
    adopted: bool,
    /// Apps whose containers are there and could not be adopted: nobody knows that they are not the owner's.
    unread: BTreeSet<AppId>,
    /// Last good copies of damaged records, until the engine can be asked.
    provisional: BTreeMap<AppId, AppRecord>,
}

/// All workers.
pub struct Reconciler {
    context: Arc<Context>,
    workers: Mutex<Workers>,
}

/// Every app's update locks, held until this is dropped.
#[derive(Debug, Default)]
pub struct LockHold {
    releases: Vec<oneshot::Sender<()>>,
}

impl Reconciler {
    /// One worker for each record. The `provisional` ones wait for the engine's word.
    pub fn new(context: Arc<Context>, records: Vec<AppRecord>, provisional: Vec<AppRecord>) -> Self {
        let this = Self { context, workers: Mutex::default() };
        this.workers().provisional =
            provisional.into_iter().map(|record| (record.app_id(), record)).collect();
        for record in records {
            let handle = this.spawn(record.app_id(), Some(record));
            handle.signals.nudge.notify_one();
        }
        this
    }

    /// A damaged record's last good copy, if there is one of this app.
    pub fn take_provisional(&self, app: AppId) -> Option<AppRecord> {
        self.workers().provisional.remove(&app)
    }

    /// Any damaged record's last good copy.
    pub fn take_any_provisional(&self) -> Option<AppRecord> {
        self.workers().provisional.pop_first().map(|(_, record)| record)
    }

    /// What every worker shares.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    fn workers(&self) -> MutexGuard<'_, Workers> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is a worker for this app that has, or had, a record.
    pub fn knows(&self, app: AppId) -> bool {
        self.known(app).is_some()
    }

    fn known(&self, app: AppId) -> Option<Handle> {
        self.workers().handles.get(&app).filter(|handle| !handle.signals.first_record.is_awaited()).cloned()
    }

    /// Gives a record that is not on disk yet to the app's worker, unless the app has got one meanwhile.
    pub fn adopt(&self, record: AppRecord) {
        let handle = self.spawn(record.app_id(), None);
        handle.signals.first_record.offer(record);
        handle.signals.nudge.notify_one();
    }

    fn spawn(&self, app: AppId, record: Option<AppRecord>) -> Handle {
        let (commands, receiver) = mpsc::channel(QUEUE_DEPTH);
        let signals = Arc::new(Signals::default());
        let worker = Worker::new(Arc::clone(&self.context), app, record, receiver, Arc::clone(&signals));
        let handle = Handle { commands, signals };
        let mut workers = self.workers();
        if let Some(known) = workers.handles.get(&app) {
            return known.clone();
        }
        workers.tasks.spawn(worker.run());
        workers.handles.insert(app, handle.clone());
        handle
    }

    /// Carries out an action; the answer comes when the engine has been driven to it.
    pub async fn act(&self, app: AppId, action: Action, force: bool) -> Result<(), CoreError> {
        self.ask(app, action, force, Until::Done).await
    }

    /// Carries out an action; the answer comes as soon as the action is on disk.
    pub async fn begin(&self, app: AppId, action: Action, force: bool) -> Result<(), CoreError> {
        self.ask(app, action, force, Until::Stored).await
    }

    async fn ask(&self, app: AppId, action: Action, force: bool, until: Until) -> Result<(), CoreError> {
        if matches!(action, Action::Apply(_, AppliedBy::Frontend)) && self.workers().unread.contains(&app) {
            return Err(CoreError::OwnersApp(app));
        }
        let is_removal = matches!(action, Action::Remove | Action::Withdraw);
        let handle = match (self.known(app), &action) {
            (Some(handle), _) => handle,
            // Until containers are adopted, an app without a record may still be the owner's.
            (None, Action::Apply(_, AppliedBy::Frontend)) if !self.workers().adopted => {
                return Err(CoreError::StillInProgress { waiting_for: "the container engine".to_owned() });
            }
            (None, Action::Apply(..)) => self.spawn(app, None),
            (None, _) if self.workers().provisional.contains_key(&app) => {
                return Err(CoreError::StillInProgress { waiting_for: "the container engine".to_owned() });
            }
            (None, _) => return Err(CoreError::AppNotFound(app)),
        };
        let (reply, answer) = oneshot::channel();
        let command = Command::Act { action, force, until, reply };
        handle.commands.try_send(command).map_err(|refused| match refused {
            TrySendError::Full(_) => CoreError::StillInProgress {
                waiting_for: "the actions on this app that came before".to_owned(),
            },
            TrySendError::Closed(_) => CoreError::ShuttingDown,
        })?;
        match tokio::time::timeout(ANSWER_DEADLINE, answer).await {
            Ok(Ok(Ok(()))) if is_removal => {
                self.workers().unread.remove(&app);
                Ok(())
            }
            Ok(answer) => answer.unwrap_or(Err(CoreError::ShuttingDown)),
            Err(_) => Err(CoreError::StillInProgress { waiting_for: "the container engine".to_owned() }),
        }
    }

    /// From now on an app without a record is nobody's, but for those whose containers could not be read: they
    /// count as the owner's.
    pub fn adoption_done(&self, unread: BTreeSet<AppId>) {
        let mut workers = self.workers();
        workers.adopted = true;
        workers.unread = unread;
    }

    /// Makes one app's worker look at the engine.
    pub fn nudge(&self, app: AppId) {
        if let Some(handle) = self.workers().handles.get(&app) {
            handle.signals.nudge.notify_one();
        }
    }

    /// Makes every worker look at the engine, because of what nobody has asked for: it is back, the owner's policy or
    /// a key is another. A download that somebody has cancelled stays so.
    pub fn look_again(&self) {
        for handle in self.workers().handles.values() {
            handle.signals.changed.store(true, Ordering::Relaxed);
            handle.signals.nudge.notify_one();
        }
    }

    /// Somebody asks every worker to look at the engine; `force` reaches cycles that already wait for a lock. `cancel`
    /// ends downloads, also ones that are between two images or two attempts, and takes back what nobody has turned to
    /// yet; its `force` would stay behind for a later cycle.
    pub fn nudge_all(&self, force: bool, cancel: bool) {
        for handle in self.workers().handles.values() {
            if force && !cancel {
                handle.signals.force.store(true, Ordering::Relaxed);
            }
            if cancel {
                // Who has asked before is overruled.
                handle.signals.asked.store(false, Ordering::Relaxed);
                handle.signals.apply.store(false, Ordering::Relaxed);
                handle.signals.cancels.say();
            } else {
                handle.signals.asked.store(true, Ordering::Relaxed);
                handle.signals.nudge.notify_one();
            }
        }
    }

    /// Lets every update that waits for its time be carried out, as soon as it is downloaded.
    pub fn apply_waiting(&self) {
        for handle in self.workers().handles.values() {
            handle.signals.apply.store(true, Ordering::Relaxed);
            handle.signals.asked.store(true, Ordering::Relaxed);
            handle.signals.nudge.notify_one();
        }
    }

    /// Takes every app's update locks. A worker that is busy longer than `deadline` counts as locked.
    pub async fn hold_locks(&self, deadline: Duration) -> Result<LockHold, CoreError> {
        let handles: Vec<(AppId, Handle)> =
            self.workers().handles.iter().map(|(a, h)| (*a, h.clone())).collect();
        let mut hold = LockHold::default();
        let mut answers = Vec::new();
        for (app, handle) in handles {
            let (reply, answer) = oneshot::channel();
            let (keep, release) = oneshot::channel();
            let sent = handle.commands.send(Command::Hold { reply, release });
            let sent = tokio::time::timeout(deadline, sent).await;
            sent.map_err(|_| busy(app))?.map_err(|_| CoreError::ShuttingDown)?;
            hold.releases.push(keep);
            answers.push((app, answer));
        }
        let all = async {
            for (app, answer) in answers {
                answer.await.unwrap_or_else(|_| Err(busy(app)))?;
            }
            Ok(())
        };
        match tokio::time::timeout(deadline, all).await {
            Ok(Ok(())) => Ok(hold),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(CoreError::Locked { lock: "an app is being changed".to_owned() }),
        }
    }

    /// Waits until every worker has ended the step it is at, which `closing` makes its last.
    pub async fn shut_down(&self, deadline: Duration) {
        let mut tasks = {
            let mut workers = self.workers();
            workers.handles.clear();
            std::mem::take(&mut workers.tasks)
        };
        let ended =
            tokio::time::timeout(deadline, async { while tasks.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            log::warn!("workers broken off after_ms={}", deadline.as_millis());
        }
    }
}

fn busy(app: AppId) -> CoreError {
    CoreError::Locked { lock: format!("app {app} is being changed") }
}
