//! A terminal's tabs: they come and go, are shown what there is, and one of them gives the size.

use std::time::Instant;

use supervisor_proto::v1::terminal_input::Input;
use tokio::sync::watch;

use super::{Session, state::Tab};
use crate::terminal::{
    TABS_MAX,
    frame::{Size, TabHears},
};

/// What one tab has been shown.
#[derive(Debug)]
pub struct View {
    pub(super) tab: u64,
    pub(super) greeted: bool,
    pub(super) offset: Option<u64>,
    pub(super) phase: Option<u64>,
    pub(super) size: Option<Size>,
    pub(super) active: bool,
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
}

impl View {
    /// Names the tab.
    pub const fn tab(&self) -> u64 {
        self.tab
    }
}
