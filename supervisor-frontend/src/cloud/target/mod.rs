//! What the cloud wants to run: asked for, kept, and passed on to core.
//!
//! ```text
//! schedule ─▶ poll ─▶ device_target ─▶ apply (ledger) ─▶ core
//!               ▲▼                 └─▶ controls ───────▶ core
//!              cache
//! ```

pub mod apply;
pub mod cache;
pub mod controls;
pub mod device_target;
mod disk;
pub mod ledger;
pub mod nudge;
mod past;
pub mod poll;
mod question;
pub mod schedule;

use std::{sync::Arc, time::Duration};

use supervisor_proto::client::CoreClient;
use tokio::sync::watch;

use self::{apply::Applier, cache::TargetCache, controls::Controls, poll::Poll};
use super::{
    CloudView, IdentityWatch,
    api::ApiClient,
    settings::{CloudSettings, LONGEST_INTERVAL, SHORTEST_INTERVAL},
};
use crate::core_link::{apps_states::LastState, presence::Sessions};

/// The longest answer that is read, decompressed.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// The way to core.
#[derive(Debug)]
pub struct CoreSide {
    /// Calls on it.
    pub client: Arc<CoreClient>,
    /// Its comings.
    pub sessions: Sessions,
    /// What it says of its apps.
    pub states: watch::Receiver<LastState>,
}

/// Asks, keeps and passes on for as long as it is not dropped; nothing while the device is not registered.
pub async fn run(
    client: ApiClient,
    cache: TargetCache,
    defaults: CloudSettings,
    core: CoreSide,
    view: CloudView,
    identity: IdentityWatch,
) {
    let targets = watch::Sender::new(None);
    let CoreSide { client: core, sessions, states } = core;
    let controls =
        Controls { core: core.clone(), sessions: sessions.clone(), settings: view.settings.subscribe() };
    let applier = Applier {
        core,
        sessions,
        states,
        targets: targets.subscribe(),
        settings: view.settings.subscribe(),
        board: view.board.clone(),
        carried: None,
    };
    let CloudView { board, nudges, settings } = view;
    let poll = Poll { client, cache, defaults, nudges, board, targets, settings };
    tokio::join!(ask(poll, identity), applier.run(), controls.run());
}

/// What holds while the cloud says nothing: the owner's setting, else the one of `config.json`.
pub fn defaults(of_the_owner: Option<Duration>, of_config_json: Option<Duration>) -> CloudSettings {
    let defaults = CloudSettings::default();
    let interval = of_the_owner.or(of_config_json).unwrap_or(defaults.poll_interval);
    CloudSettings { poll_interval: interval.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL), ..defaults }
}

/// Asks as whoever the device is now.
async fn ask(poll: Poll, mut identity: IdentityWatch) {
    loop {
        let now = identity.borrow_and_update().clone();
        let asked = async {
            match now {
                Some(identity) => poll.run(&identity).await,
                None => std::future::pending().await,
            }
        };
        // Where nobody can say anything new, the device stays who it is.
        let replaced = async {
            if identity.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = asked => {}
            () = replaced => {}
        }
    }
}
