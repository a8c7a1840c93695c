//! One app's worker: it owns the app's record, takes actions one after the other, and keeps the engine in
//! step with the record. An action belongs to the worker once it is accepted: a caller that goes away
//! changes nothing.

mod drive;
mod intents;
mod locks;
mod settle;
mod starts;
mod taken_down;
mod trial;
mod waiters;
mod waiting;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use supervisor_proto::ids::AppId;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    Context,
    cancellation::Cancellation,
    cycle::{Cycle, Held, Outcome, Signals, release_locks},
    download::WaitingDownload,
    fault::Fault,
    handover::Handovers,
    status::Activity,
};
use crate::{
    domain::{download::Download, intent::Action, record::AppRecord},
    error::CoreError,
};

pub use self::intents::fresh_token;
use self::{
    trial::Trying,
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
        self.forget_cancel();
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
        self.waiting_download.wake(&self.signals.cancels);
        self.forget_cancel();
        match until {
            Until::Stored => {
                let _ = reply.send(Ok(()));
                self.drive(None).await;
            }
            Until::Done => self.drive(Some(reply)).await,
        }
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
}
