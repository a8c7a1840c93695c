//! One terminal: the shell's state, its recent output, and the tabs that show it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use supervisor_proto::{ids::AppId, v1::terminal_input::Input};
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc, watch},
    task::AbortHandle,
};

use super::{
    AHEAD_BYTES, INPUT_QUEUE, OUTPUT_FRAME_BYTES, RECENT_BYTES, TABS_MAX,
    ending::Ending,
    frame::{Size, TabHears},
    lifetime::Lifetime,
    recent::Recent,
    shell,
    token::Token,
    tunnel::Tunnel,
};

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

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Counts phases, so that each tab is told each of them once.
    phase_number: u64,
    recent: Recent,
    size: Option<Size>,
    /// The tab whose size counts.
    active: Option<u64>,
    tabs: BTreeMap<u64, Tab>,
    next_tab: u64,
    lifetime: Lifetime,
    inputs: Option<mpsc::Sender<Input>>,
    shell: Option<AbortHandle>,
    tunnel: Option<Tunnel>,
}

#[derive(Debug, Clone)]
enum Phase {
    Waiting,
    Opening,
    Open { service: String, command: String },
    Refused(String),
    Ended(Ending, Option<u32>),
}

#[derive(Debug, Default)]
struct Tab {
    /// Output up to here was taken.
    taken: u64,
    size: Option<Size>,
}

/// What one tab has been shown.
#[derive(Debug)]
pub struct View {
    tab: u64,
    greeted: bool,
    offset: Option<u64>,
    phase: Option<u64>,
    size: Option<Size>,
    active: bool,
}

/// The next thing for a tab.
#[derive(Debug)]
pub enum Show {
    /// A message.
    Say(TabHears),
    /// Bytes for its screen.
    Output(Vec<u8>),
    /// There will be nothing more.
    Over,
}

impl Session {
    /// A terminal that nobody looks at yet; its tasks run on `runtime`.
    pub fn new(identity: Identity, core_socket: PathBuf, tunnel: Option<Tunnel>, runtime: Handle) -> Self {
        let state = State {
            phase: Phase::Waiting,
            phase_number: 0,
            recent: Recent::new(RECENT_BYTES),
            size: None,
            active: None,
            tabs: BTreeMap::new(),
            next_tab: 0,
            lifetime: Lifetime::new(Instant::now()),
            inputs: None,
            shell: None,
            tunnel,
        };
        Self {
            identity,
            core_socket,
            runtime,
            state: Mutex::new(state),
            changes: watch::Sender::new(()),
            progress: Notify::new(),
            usage: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Core's socket, for the shell's own connection.
    pub(super) fn core_socket(&self) -> &std::path::Path {
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

    /// Adds a tab; `None` when there are too many.
    pub fn attach(&self) -> Option<(View, watch::Receiver<()>)> {
        let mut state = self.state();
        if state.tabs.len() >= TABS_MAX {
            return None;
        }
        let tab = state.next_tab;
        state.next_tab += 1;
        state.tabs.insert(tab, Tab::default());
        state.lifetime.opened(Instant::now());
        self.progress.notify_one();
        self.usage.notify_one();
        let view = View { tab, greeted: false, offset: None, phase: None, size: None, active: false };
        Some((view, self.changes.subscribe()))
    }

    /// Removes a tab.
    pub fn detach(&self, tab: u64) {
        let mut state = self.state();
        if state.tabs.remove(&tab).is_some() {
            state.lifetime.used(Instant::now());
        }
        if state.active == Some(tab) {
            state.active = None;
        }
        self.progress.notify_one();
        self.usage.notify_one();
    }

    /// The next thing to show in a tab; `None` when it has seen everything.
    pub fn next(&self, view: &mut View) -> Option<Show> {
        if !view.greeted {
            view.greeted = true;
            let name = self.identity.app_name.clone();
            return Some(Show::Say(TabHears::Hello { app: self.identity.app.get(), name }));
        }
        let shown = self.state().next(view);
        if matches!(shown, Some(Show::Output(_))) {
            self.progress.notify_one();
        }
        shown
    }

    /// Bytes that a user typed in a tab, which makes it the active one. Waits while the shell does not read.
    pub async fn typed(&self, tab: u64, bytes: Vec<u8>) {
        self.state().lifetime.used(Instant::now());
        self.look_from(tab).await;
        self.send(Input::Data(bytes)).await;
    }

    /// A tab has another size.
    pub async fn resize(&self, tab: u64, size: Size) {
        let counts = {
            let mut state = self.state();
            if let Some(known) = state.tabs.get_mut(&tab) {
                known.size = Some(size);
            }
            *state.active.get_or_insert(tab) == tab && state.size.replace(size) != Some(size)
        };
        self.changes.send_replace(());
        if counts {
            self.send(Input::Resize(size.into())).await;
        }
    }

    /// The user looks at this tab: the terminal takes its size.
    pub async fn look_from(&self, tab: u64) {
        let size = {
            let mut state = self.state();
            if state.active == Some(tab) {
                return;
            }
            state.active = Some(tab);
            state.tabs.get(&tab).and_then(|known| known.size)
        };
        self.changes.send_replace(());
        if let Some(size) = size {
            self.resize(tab, size).await;
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

impl View {
    /// Names the tab.
    pub const fn tab(&self) -> u64 {
        self.tab
    }
}

impl State {
    fn is_followed(&self) -> bool {
        let end = self.recent.end();
        self.tabs.is_empty() || self.tabs.values().any(|tab| end.saturating_sub(tab.taken) <= AHEAD_BYTES)
    }

    fn next(&mut self, view: &mut View) -> Option<Show> {
        let is_over = matches!(self.phase, Phase::Ended(..));
        let is_told = view.phase == Some(self.phase_number);
        // The end comes after the last output.
        if !is_told && !is_over {
            view.phase = Some(self.phase_number);
            return Some(Show::Say(self.phase.message()));
        }
        if self.size.is_some() && view.size != self.size {
            view.size = self.size;
            return self.size.map(|size| Show::Say(TabHears::Size(size)));
        }
        let active = self.active == Some(view.tab);
        if view.active != active {
            view.active = active;
            return Some(Show::Say(TabHears::Active { active }));
        }
        let output = view.offset.and_then(|offset| self.recent.from(offset, OUTPUT_FRAME_BYTES));
        match output {
            None => {
                let start = self.recent.clean_start();
                view.offset = Some(start);
                if let Some(tab) = self.tabs.get_mut(&view.tab) {
                    tab.taken = start;
                }
                return Some(Show::Say(TabHears::Replay { bytes: self.recent.end().saturating_sub(start) }));
            }
            Some(output) if !output.is_empty() => {
                let taken = view.offset.unwrap_or_default() + output.len() as u64;
                view.offset = Some(taken);
                if let Some(tab) = self.tabs.get_mut(&view.tab) {
                    tab.taken = taken;
                }
                return Some(Show::Output(output));
            }
            Some(_) => {}
        }
        match (is_over, is_told) {
            (false, _) => None,
            (true, true) => Some(Show::Over),
            (true, false) => {
                view.phase = Some(self.phase_number);
                Some(Show::Say(self.phase.message()))
            }
        }
    }
}

impl Phase {
    fn message(&self) -> TabHears {
        match self {
            Self::Waiting | Self::Opening => TabHears::Opening,
            Self::Open { service, command } => {
                TabHears::Opened { service: service.clone(), command: command.clone() }
            }
            Self::Refused(message) => TabHears::Refused { message: message.clone() },
            Self::Ended(reason, exit_code) => TabHears::Ended { reason: *reason, exit_code: *exit_code },
        }
    }
}
