//! Who is inside which container: terminals and commands register here, and are told just before their
//! container is taken away. It also bounds how many there are.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use supervisor_proto::ids::AppId;
use tokio::sync::{oneshot, watch};

use crate::domain::{
    departure::Departure,
    observed::{Container, ContainerId},
};

/// Attachments of all apps together.
pub const MAX_IN_ALL: usize = 16;
/// Attachments of one app.
pub const MAX_OF_AN_APP: usize = 4;
/// Of both, so many are the owner's alone: role frontend cannot lock the owner out.
pub const OWNERS_IN_ALL: usize = 4;
/// The same for one app.
pub const OWNERS_OF_AN_APP: usize = 1;

const KIND: &str = "terminals and commands";

/// No more may be open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{limit} {kind} of {what} are open already")]
pub struct Full {
    /// What is limited, in the plural, for people.
    pub kind: &'static str,
    /// Whose limit it is, for people.
    pub what: String,
    /// How many may be open.
    pub limit: usize,
}

struct Entry {
    app: AppId,
    container: Container,
    tell: oneshot::Sender<Departure>,
}

#[derive(Default)]
struct Entries {
    next: u64,
    open: BTreeMap<u64, Entry>,
}

/// All attachments.
#[derive(Default)]
pub struct Attachments {
    entries: Mutex<Entries>,
    count: watch::Sender<usize>,
}

/// One attachment, open until it is dropped.
pub struct Attachment {
    /// Told when the container is about to be taken away.
    pub departure: oneshot::Receiver<Departure>,
    number: u64,
    registry: Arc<Attachments>,
}

impl Attachments {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers one more inside `container`, as the engine tells it now.
    pub fn enter(
        self: &Arc<Self>,
        app: AppId,
        container: &Container,
        by_owner: bool,
    ) -> Result<Attachment, Full> {
        let (in_all, of_an_app) = if by_owner {
            (MAX_IN_ALL, MAX_OF_AN_APP)
        } else {
            (MAX_IN_ALL - OWNERS_IN_ALL, MAX_OF_AN_APP - OWNERS_OF_AN_APP)
        };
        let mut entries = self.entries();
        if entries.open.len() >= in_all {
            return Err(Full { kind: KIND, what: "all apps".to_owned(), limit: in_all });
        }
        if entries.open.values().filter(|entry| entry.app == app).count() >= of_an_app {
            return Err(Full { kind: KIND, what: format!("app {app}"), limit: of_an_app });
        }
        let (tell, departure) = oneshot::channel();
        let number = entries.next;
        entries.next += 1;
        entries.open.insert(number, Entry { app, container: container.clone(), tell });
        self.count.send_replace(entries.open.len());
        Ok(Attachment { departure, number, registry: Arc::clone(self) })
    }

    /// Tells everybody inside the container that it goes.
    pub fn tell(&self, id: &ContainerId, why: impl Fn(&Container) -> Departure) {
        let mut entries = self.entries();
        for entry in entries.open.values_mut().filter(|entry| entry.container.id == *id) {
            // Each can be told once; who comes later is told by the container's own end.
            let tell = std::mem::replace(&mut entry.tell, oneshot::channel().0);
            let _ = tell.send(why(&entry.container));
        }
    }

    /// Waits until nobody is inside any more.
    pub async fn all_gone(&self, deadline: Duration) {
        let mut count = self.count.subscribe();
        let gone = count.wait_for(|count| *count == 0);
        if tokio::time::timeout(deadline, gone).await.is_err() {
            log::warn!("terminals broken off after_ms={}", deadline.as_millis());
        }
    }

    fn leave(&self, number: u64) {
        let mut entries = self.entries();
        entries.open.remove(&number);
        self.count.send_replace(entries.open.len());
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.registry.leave(self.number);
    }
}
