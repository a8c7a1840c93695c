//! The standing connection to core: tells it the API key, passes on update wishes, and receives app
//! state, connectivity and rotation requests. Everything is pushed; nothing is polled.

pub mod apps_states;
pub mod apps_summary;
pub mod backoff;
pub mod pending_update;
pub mod presence;
mod session;

use std::{sync::Arc, time::Duration};

use supervisor_proto::client::{CallError, CoreClient};
use tokio::{sync::watch, time::Instant};

use crate::{
    auth::key_ring::{KeyChanges, KeyRing},
    error_chain::chain,
    led::LedHandle,
};
use apps_states::AppsStates;
use apps_summary::AppsSummary;
use backoff::Backoff;
use pending_update::{PendingUpdate, UpdateWish};
use presence::{Presence, Sessions};

/// A connection that lasted this long was a good one: the next attempt comes quickly again.
const STABLE_AFTER: Duration = Duration::from_secs(5);

/// What routes see of the link.
#[derive(Debug, Clone)]
pub struct LinkHandle {
    apps: watch::Receiver<Arc<AppsSummary>>,
    states: AppsStates,
    updates: Arc<PendingUpdate>,
    presence: Arc<Presence>,
}

impl LinkHandle {
    /// The last app state that core streamed; the idle state before the first.
    pub fn apps(&self) -> Arc<AppsSummary> {
        self.apps.borrow().clone()
    }

    /// The whole state of the apps, for whoever has to know all of it.
    pub const fn states(&self) -> &AppsStates {
        &self.states
    }

    /// How long there has been no connection to core; `None` while there is one.
    pub fn core_away(&self) -> Option<Duration> {
        self.presence.away()
    }

    /// Changes whenever core comes.
    pub fn sessions(&self) -> Sessions {
        self.presence.sessions()
    }

    /// Passes the wish to core, now or when core is back.
    pub fn request_update(&self, wish: UpdateWish) {
        self.updates.add(wish);
    }
}

/// The task that keeps the connection.
#[derive(Debug)]
pub struct CoreLink {
    client: Arc<CoreClient>,
    keys: Arc<KeyRing>,
    port: u16,
    led: LedHandle,
    apps: watch::Sender<Arc<AppsSummary>>,
    states: AppsStates,
    updates: Arc<PendingUpdate>,
    presence: Arc<Presence>,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum LinkError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("core closed the stream")]
    Closed,
    #[error("the stream from core broke")]
    Broken(#[source] Box<tonic::Status>),
}

impl CoreLink {
    /// A link that is not running yet, and its handle.
    pub fn new(client: Arc<CoreClient>, keys: Arc<KeyRing>, port: u16, led: LedHandle) -> (Self, LinkHandle) {
        let (apps, receiver) = watch::channel(Arc::new(AppsSummary::default()));
        let updates = Arc::new(PendingUpdate::default());
        let presence = Arc::new(Presence::default());
        let states = AppsStates::default();
        let handle = LinkHandle {
            apps: receiver,
            states: states.clone(),
            updates: updates.clone(),
            presence: presence.clone(),
        };
        (Self { client, keys, port, led, apps, states, updates, presence }, handle)
    }

    /// Connects, and connects again whenever the connection ends. Never returns.
    pub async fn run(self) {
        let mut backoff = Backoff::default();
        let mut wakes = self.keys.changes();
        let mut reported = None;
        loop {
            let started = Instant::now();
            let Err(error) = self.session().await;
            self.presence.went();
            self.states.forget();
            self.client.disconnect().await;
            let left = self.apps.borrow().without_core();
            self.apps.send_replace(Arc::new(left));
            if started.elapsed() >= STABLE_AFTER {
                backoff.reset();
                reported = None;
            }
            report(&mut reported, &error);
            self.wait(backoff.next_wait(), &mut wakes).await;
        }
    }

    /// Waits until the next attempt is due, or until there is something to tell core.
    async fn wait(&self, delay: Duration, wakes: &mut KeyChanges) {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = wakes.changed() => { wakes.take(); }
            () = self.updates.added() => {}
        }
    }
}

/// Logs why there is no connection: once per reason, not once per attempt.
fn report(reported: &mut Option<String>, error: &LinkError) {
    let text = chain(error).to_string();
    if reported.as_deref() == Some(text.as_str()) {
        log::debug!("core link down error='{text}'");
    } else {
        log::warn!("core link down, privileged routes answer 503 until it is back error='{text}'");
        *reported = Some(text);
    }
}
