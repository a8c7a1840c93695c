//! One app's worker: it owns the app's record, takes actions one after the other, and keeps the engine in
//! step with the record. An action belongs to the worker once it is accepted: a caller that goes away
//! changes nothing.

mod intents;
mod settle;
mod starts;
mod taken_down;
mod trial;
mod waiters;
mod waiting;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use supervisor_proto::ids::AppId;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    Context,
    cancellation::Cancellation,
    cycle::{Cycle, Held, Outcome, Signals, release_locks, take_locks},
    download::WaitingDownload,
    fault::Fault,
    handover::Handovers,
    status::Activity,
};
use crate::{
    domain::{download::Download, intent::Action, record::AppRecord},
    error::CoreError,
    ports::engine::EngineError,
};

/// Wait after somebody cancelled an update that has already taken the app down: long enough for a word of theirs.
const RETRY_CANCELLED: Duration = Duration::from_mins(5);
/// How long a caller waits for an engine that does not answer: a restart of the engine fits in.
const PATIENCE: Duration = Duration::from_secs(15);

pub use self::intents::fresh_token;
use self::{
    settle::backoff,
    trial::{Trying, disappoint},
    waiters::{Reply, Waiters},
    waiting::Fetch,
};

/// What the caller of an action waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The action is on disk; how its work goes shows on the status board.
    Stored,
    /// The engine has been driven to it.
    Done,
}

/// What a worker is asked to do.
pub enum Command {
    /// Carry out an action and answer when it is done.
    Act {
        /// The action.
        action: Action,
        /// Override the update locks.
        force: bool,
        /// When the answer goes.
        until: Until,
        /// Where the answer goes.
        reply: Reply,
    },
    /// Take the app's update locks and keep still until `release` is dropped.
    Hold {
        /// Says whether the locks are held.
        reply: Reply,
        /// Ends when the holder lets go.
        release: oneshot::Receiver<()>,
    },
}

/// One app's worker.
pub struct Worker {
    context: Arc<Context>,
    app: AppId,
    /// `None` until the first target comes, and after the app was removed.
    record: Option<AppRecord>,
    /// The record is not on disk yet.
    unsaved: bool,
    commands: mpsc::Receiver<Command>,
    signals: Arc<Signals>,
    held: Option<Held>,
    /// A hand-over has made way for what waits, and keeps its locks.
    makes_way: bool,
    handovers: Handovers,
    download: Mutex<Download>,
    cancellation: Cancellation,
    waiting_download: WaitingDownload,
    failures: u32,
    retry_at: Option<Instant>,
    /// When to look after the update that waits, seconds since 1970.
    apply_at_s: Option<u64>,
    last_error: String,
    waiters: Waiters,
    trying: Trying,
    /// This life began with a trial, and is not counted in it yet.
    uncounted: bool,
    /// That the target itself is to blame for how a cycle ended.
    fault: Option<Fault>,
}

impl Worker {
    /// A worker for `app`, with the record that is on disk, if there is one.
    pub fn new(
        context: Arc<Context>,
        app: AppId,
        record: Option<AppRecord>,
        commands: mpsc::Receiver<Command>,
        signals: Arc<Signals>,
    ) -> Self {
        if record.is_some() {
            signals.first_record.is_here();
        }
        let uncounted = record.as_ref().is_some_and(|record| record.rollout.trial.is_some());
        Self {
            context,
            app,
            record,
            unsaved: false,
            commands,
            signals,
            held: None,
            makes_way: false,
            handovers: Handovers::default(),
            download: Mutex::default(),
            cancellation: Cancellation::default(),
            waiting_download: WaitingDownload::default(),
            failures: 0,
            retry_at: None,
            apply_at_s: None,
            last_error: String::new(),
            waiters: Waiters::new(app),
            trying: Trying::new(),
            uncounted,
            fault: None,
        }
    }

    /// Works until every sender of commands is gone.
    pub async fn run(mut self) {
        self.take_over().await;
        loop {
            let looks = [
                self.retry_at,
                self.trying.look_at,
                self.waiting_download.look_at(),
                self.cancellation.again_at(),
            ];
            let retry = async {
                match looks.into_iter().flatten().min() {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let impatience = async {
                match self.waiters.deadline() {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let due = async {
                match self.apply_at_s {
                    Some(at_s) => self.context.clock.reaches(at_s).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command).await,
                    None => break,
                },
                () = self.signals.nudge.notified() => self.drive(None).await,
                () = retry => self.drive(None).await,
                () = due => self.drive(None).await,
                fetched = self.waiting_download.ended() => self.fetched(fetched).await,
                () = impatience => self.waiters.expire(),
            }
        }
        self.let_go().await;
    }

    /// Begins with what an earlier life has left.
    async fn take_over(&mut self) {
        if let Some(record) = &self.record {
            self.context.status.update(self.app, |status| status.describe(record));
            // An earlier life may have ended while it held them.
            release_locks(&self.context, record, &Held::new()).await;
        }
    }

    /// Takes the record that adoption has found, if this worker never had one.
    async fn take_adopted(&mut self) {
        if let Some(record) = self.signals.first_record.take() {
            (self.record, self.unsaved) = (Some(record), true);
            self.take_over().await;
        }
    }

    async fn obey(&mut self, command: Command) {
        self.take_adopted().await;
        match command {
            Command::Act { action, force, until, reply } => self.act(&action, force, until, reply).await,
            Command::Hold { reply, release } => self.hold(reply, release).await,
        }
    }

    async fn act(&mut self, action: &Action, force: bool, until: Until, reply: Reply) {
        if let Err(error) = self.accept(action, force).await {
            if !self.makes_way {
                self.let_go().await;
            }
            let _ = reply.send(Err(error));
            return;
        }
        self.waiting_download.wake();
        self.begin_cancelled();
        match until {
            Until::Stored => {
                let _ = reply.send(Ok(()));
                self.drive(None).await;
            }
            Until::Done => self.drive(Some(reply)).await,
        }
    }

    /// Runs cycles until everything is as it should be, or until there is no sense in going on now.
    async fn drive(&mut self, reply: Option<Reply>) {
        let patience = Instant::now() + PATIENCE;
        (self.retry_at, self.apply_at_s, self.trying.look_at) = (None, None, None);
        self.hear_who_asks();
        let mut given_up = self.count_start().await;
        loop {
            let result = match self.cycle().await {
                Err(error) if self.gives_up_purge(&error).await => {
                    self.show_failure(&Err(error));
                    self.cycle().await.and(Err(CoreError::PurgeGivenUp { why: self.last_error.clone() }))
                }
                other => other,
            };
            if let Some(error) = self.weigh(&result).await {
                given_up = Some(error);
                continue;
            }
            let Some(result) = self.fetch_waiting(result).await else { continue };
            let waits_for_engine = matches!(result, Err(CoreError::Engine(EngineError::Unavailable(_))));
            let ending = *self.context.closing.borrow();
            if waits_for_engine && reply.is_some() && !ending && Instant::now() < patience {
                self.failures = self.failures.saturating_add(1);
                self.show_failure(&result);
                let mut closing = self.context.closing.clone();
                tokio::select! {
                    () = tokio::time::sleep(backoff(self.failures)) => {}
                    () = self.signals.nudge.notified() => {}
                    Ok(_) = closing.wait_for(|closing| *closing) => {}
                }
                continue;
            }
            self.let_go_after(&result).await;
            self.settle(&result);
            if matches!(result, Err(CoreError::Cancelled)) && self.is_taken_down().await {
                self.cancellation.rest(RETRY_CANCELLED);
            }
            let reply = match given_up {
                Some(error) => {
                    disappoint(reply, error);
                    None
                }
                None => reply,
            };
            self.waiters.conclude(result, reply);
            return;
        }
    }

    /// Downloads that rest may begin, where somebody asks for that or their time has come.
    fn hear_who_asks(&mut self) {
        let [asked, changed] = [&self.signals.asked, &self.signals.changed];
        let is_asked = asked.swap(false, Ordering::Relaxed);
        self.waiting_download.look(is_asked, changed.swap(false, Ordering::Relaxed));
        if is_asked || self.cancellation.again_at().is_some_and(|at| at <= Instant::now()) {
            self.begin_cancelled();
        }
    }

    /// A download that somebody has cancelled may begin anew.
    fn begin_cancelled(&mut self) {
        if self.cancellation.is_said() {
            self.last_error.clear();
        }
        self.cancellation.forget();
    }

    async fn cycle(&mut self) -> Result<Outcome, CoreError> {
        self.take_adopted().await;
        self.save_adopted().await;
        if self.record.is_none() {
            return Ok(Outcome::Converged);
        }
        let result = self.run_cycle().await;
        self.show_idle();
        result
    }

    fn show_idle(&self) {
        self.context.status.update(self.app, |status| {
            status.activity = Activity::Idle;
            status.show_downloads(&BTreeMap::new());
            status.waiting_percent = status.waiting_percent.filter(|_| self.waiting_download.goes_on());
        });
    }

    /// The app as it should be. What waits for its time, and is here, comes first.
    async fn run_cycle(&mut self) -> Result<Outcome, CoreError> {
        self.look_after_waiting(Fetch::Later).await?;
        self.fault = None;
        let Some(mut cycle) = self.parts() else { return Ok(Outcome::Converged) };
        cycle.run().await
    }

    fn parts(&mut self) -> Option<Cycle<'_>> {
        let record = self.record.as_mut()?;
        let (context, signals, held) = (self.context.as_ref(), self.signals.as_ref(), &mut self.held);
        let (download, handovers, fault) = (&self.download, &mut self.handovers, &mut self.fault);
        let (commands, cancellation) = (&self.commands, &mut self.cancellation);
        Some(Cycle { context, record, signals, commands, held, download, cancellation, handovers, fault })
    }

    /// The app's locks, beside those that are held already.
    async fn take_locks_of(&self, record: &AppRecord) -> Result<Held, CoreError> {
        take_locks(&self.context, record, self.held.clone().unwrap_or_default()).await
    }

    /// What waits is obeyed next, and whatever made way for it goes on with the same locks.
    async fn let_go_after(&mut self, result: &Result<Outcome, CoreError>) {
        self.makes_way =
            matches!(result, Err(CoreError::StillInProgress { .. })) && !self.commands.is_empty();
        if !self.makes_way {
            self.let_go().await;
        }
    }

    async fn let_go(&mut self) {
        if let Some(held) = self.held.take()
            && let Some(record) = &self.record
        {
            release_locks(&self.context, record, &held).await;
        }
    }

    async fn hold(&mut self, reply: Reply, release: oneshot::Receiver<()>) {
        let Some(record) = &self.record else {
            let _ = reply.send(Ok(()));
            return;
        };
        let taken = self.take_locks_of(record).await.map(|held| self.held = Some(held));
        if reply.send(taken).is_ok() && self.held.is_some() {
            // An error means that the holder is gone, which is just as well.
            let _ = release.await;
        }
        self.let_go().await;
    }
}
