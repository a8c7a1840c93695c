//! One terminal: its shell, its lifetime, and the tabs that show it.

mod state;
mod tabs;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use supervisor_proto::{ids::AppId, v1::terminal_input::Input};
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc, watch},
};

use self::state::{Phase, State};
pub use self::tabs::{Show, View};
use super::{INPUT_QUEUE, ending::Ending, lifetime::Lifetime, shell, token::Token, tunnel::Tunnel};

/// What a terminal is of, and who may see it; it never changes.
#[derive(Debug)]
pub struct Identity {
    /// Names the session in paths; no secret.
    pub id: String,
    /// The app.
    pub app: AppId,
    /// The app's name, for the page.
    pub app_name: String,
    /// The service that was asked for; empty: core chooses.
    pub service: String,
    /// The word in the URL.
    pub token: Token,
    /// The word that it is exchanged for.
    pub cookie: Token,
    /// What spawn answers.
    pub url: String,
}

/// One terminal.
#[derive(Debug)]
pub struct Session {
    /// What it is of.
    pub identity: Identity,
    core_socket: PathBuf,
    runtime: Handle,
    state: Mutex<State>,
    /// Something for the tabs to look at.
    changes: watch::Sender<()>,
    /// A tab took output, came or went.
    progress: Notify,
    /// Its lifetime changed.
    usage: Notify,
}

impl Session {
    /// A terminal that nobody looks at yet; its tasks run on `runtime`.
    pub fn new(identity: Identity, core_socket: PathBuf, tunnel: Option<Tunnel>, runtime: Handle) -> Self {
        Self {
            identity,
            core_socket,
            runtime,
            state: Mutex::new(State::new(tunnel, Instant::now())),
            changes: watch::Sender::new(()),
            progress: Notify::new(),
            usage: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Core's socket, for the shell's own connection.
    pub(super) fn core_socket(&self) -> &Path {
        &self.core_socket
    }

    /// Whether the shell is gone for good.
    pub fn is_over(&self) -> bool {
        matches!(self.state().phase, Phase::Ended(..))
    }

    /// Whether it is of this service: the one that was asked for, or else the one that core chose.
    pub fn is_of(&self, service: &str) -> bool {
        let state = self.state();
        let chosen = matches!(&state.phase, Phase::Open { service: chosen, .. } if chosen == service);
        chosen || self.identity.service == service
    }

    /// Takes something from the lifetime, and waits until that may have changed.
    pub fn lifetime<T>(&self, of: impl FnOnce(&Lifetime) -> T) -> T {
        of(&self.state().lifetime)
    }

    /// Waits for a change of the lifetime, or for the end.
    pub async fn usage_changed(&self) {
        self.usage.notified().await;
    }

    /// Wakes who waits for a change: it was forgotten.
    pub fn look_again(&self) {
        self.usage.notify_one();
    }

    /// Opens the shell, unless it is or was open.
    pub fn open(self: &Arc<Self>) {
        let mut state = self.state();
        if !matches!(state.phase, Phase::Waiting | Phase::Refused(_)) {
            return;
        }
        let (inputs, receiver) = mpsc::channel(INPUT_QUEUE);
        let task = self.runtime.spawn(shell::run(self.clone(), receiver, state.size));
        state.inputs = Some(inputs);
        state.shell = Some(task.abort_handle());
        self.enter(state, Phase::Opening);
    }

    /// The shell runs.
    pub(super) fn opened(&self, service: String, command: String) {
        self.enter(self.state(), Phase::Open { service, command });
    }

    /// The shell could not be opened; a tab may ask for it again.
    pub(super) fn refused(&self, why: String) {
        let mut state = self.state();
        state.inputs = None;
        self.enter(state, Phase::Refused(why));
    }

    /// Ends it, for good; what is left of it can only be looked at.
    pub fn end(&self, why: Ending, exit_code: Option<u32>) {
        let mut state = self.state();
        state.inputs = None;
        state.tunnel = None;
        let shell = state.shell.take();
        if !matches!(state.phase, Phase::Ended(..)) {
            let app = self.identity.app;
            log::info!("terminal ended app_id={app} session={} reason={why:?}", self.identity.id);
        }
        self.enter(state, Phase::Ended(why, exit_code));
        self.usage.notify_one();
        // Last: the shell's task may be the caller.
        if let Some(shell) = shell {
            shell.abort();
        }
    }

    /// An ended terminal stays what it is.
    fn enter(&self, mut state: MutexGuard<'_, State>, phase: Phase) {
        if !matches!(state.phase, Phase::Ended(..)) {
            state.phase = phase;
            state.phase_number += 1;
            self.changes.send_replace(());
        }
    }

    /// Adds output of the shell.
    pub(super) fn append(&self, output: &[u8]) {
        let mut state = self.state();
        state.recent.append(output);
        state.lifetime.used(Instant::now());
        drop(state);
        self.changes.send_replace(());
    }

    /// Waits while the shell's output is far ahead of every tab. Without a tab it never waits.
    pub(super) async fn until_followed(&self) {
        loop {
            let progress = self.progress.notified();
            if self.state().is_followed() {
                return;
            }
            progress.await;
        }
    }

    /// What a shell that is not there would have read is lost.
    async fn send(&self, input: Input) {
        let inputs = self.state().inputs.clone();
        if let Some(inputs) = inputs {
            let _ = inputs.send(input).await;
        }
    }
}
