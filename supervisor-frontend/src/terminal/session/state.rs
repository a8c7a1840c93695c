//! Where a terminal stands, and what each of its tabs is to be shown next; no task and no lock.

use std::{collections::BTreeMap, time::Instant};

use supervisor_proto::v1::terminal_input::Input;
use tokio::{sync::mpsc, task::AbortHandle};

use super::{Show, View};
use crate::terminal::{
    AHEAD_BYTES, OUTPUT_FRAME_BYTES, RECENT_BYTES,
    ending::Ending,
    frame::{Size, TabHears},
    lifetime::Lifetime,
    recent::Recent,
    tunnel::Tunnel,
};

/// What changes of a terminal.
#[derive(Debug)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// Counts phases, so that each tab is told each of them once.
    pub(super) phase_number: u64,
    pub(super) recent: Recent,
    pub(super) size: Option<Size>,
    /// The tab whose size counts.
    pub(super) active: Option<u64>,
    pub(super) tabs: BTreeMap<u64, Tab>,
    pub(super) next_tab: u64,
    pub(super) lifetime: Lifetime,
    pub(super) inputs: Option<mpsc::Sender<Input>>,
    pub(super) shell: Option<AbortHandle>,
    pub(super) tunnel: Option<Tunnel>,
}

/// How far it has come.
#[derive(Debug, Clone)]
pub(super) enum Phase {
    Waiting,
    Opening,
    Open { service: String, command: String },
    Refused(String),
    Ended(Ending, Option<u32>),
}

/// What is known of a tab.
#[derive(Debug, Default)]
pub(super) struct Tab {
    /// Output up to here was taken.
    pub(super) taken: u64,
    pub(super) size: Option<Size>,
}

impl State {
    /// Of a terminal that was asked for at `now` and that nobody looks at yet.
    pub(super) fn new(tunnel: Option<Tunnel>, now: Instant) -> Self {
        Self {
            phase: Phase::Waiting,
            phase_number: 0,
            recent: Recent::new(RECENT_BYTES),
            size: None,
            active: None,
            tabs: BTreeMap::new(),
            next_tab: 0,
            lifetime: Lifetime::new(now),
            inputs: None,
            shell: None,
            tunnel,
        }
    }

    /// Whether some tab, or nobody, keeps up with the output.
    pub(super) fn is_followed(&self) -> bool {
        let end = self.recent.end();
        self.tabs.is_empty() || self.tabs.values().any(|tab| end.saturating_sub(tab.taken) <= AHEAD_BYTES)
    }

    /// The next thing to show; `None` when the tab has seen everything.
    pub(super) fn next(&mut self, view: &mut View) -> Option<Show> {
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
