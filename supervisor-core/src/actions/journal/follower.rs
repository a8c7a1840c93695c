//! Which containers are read, and what core itself says.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use supervisor_proto::ids::{AppId, ServiceName};
use tokio::{
    sync::{broadcast::error::RecvError, mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::reader::{Ended, Origin, Reader, is_the_frontends};
use crate::{
    domain::{
        event::{Event, Happening, What},
        journal::{Line, Voice, assembly::cut, sentence},
        labels,
        observed::{Container, ContainerId},
    },
    error::chain,
    reconcile::{Reconciler, status::Snapshot},
};

/// A reading that broke off is begun again after so long, and twice as long each time.
const RETRY: Duration = Duration::from_secs(5);
const MAX_RETRY: Duration = Duration::from_mins(5);
const NS_PER_MS: u64 = 1_000_000;

/// One who follows.
pub(super) struct Follower {
    reconciler: Arc<Reconciler>,
    lines: mpsc::Sender<Line>,
    apps: watch::Receiver<Snapshot>,
    /// Apps that were role frontend's at the last look.
    known: BTreeSet<AppId>,
    /// From when on lines are wanted.
    since_ns: u64,
    readers: JoinSet<Ended>,
    read: BTreeSet<ContainerId>,
    /// Containers that were started while they were still read.
    again: BTreeMap<ContainerId, AppId>,
    /// Where to go on with containers that were read before.
    next_ns: BTreeMap<ContainerId, u64>,
    /// The last sentence about each app: a failure that repeats itself is told once.
    told: BTreeMap<AppId, String>,
    missed: u64,
    retry_at: Option<Instant>,
    retry: Duration,
}

impl Follower {
    pub fn new(reconciler: Arc<Reconciler>, lines: mpsc::Sender<Line>, since_ns: u64) -> Self {
        Self {
            apps: reconciler.context().status.watch(),
            reconciler,
            lines,
            known: BTreeSet::new(),
            since_ns: if since_ns == 0 { now_ns() } else { since_ns.min(now_ns()) },
            readers: JoinSet::new(),
            read: BTreeSet::new(),
            again: BTreeMap::new(),
            next_ns: BTreeMap::new(),
            told: BTreeMap::new(),
            missed: 0,
            retry_at: None,
            retry: RETRY,
        }
    }

    /// Until the stream is dropped; the readers end with this.
    pub async fn run(mut self) {
        let mut feed = self.reconciler.context().events.follow();
        let lines = self.lines.clone();
        self.look(None).await;
        loop {
            let retry_at = self.retry_at;
            tokio::select! {
                () = lines.closed() => return,
                event = feed.recv() => match event {
                    Ok(event) => self.hear(event).await,
                    Err(RecvError::Lagged(count)) => {
                        self.missed = self.missed.saturating_add(count);
                        self.look(None).await;
                    }
                    Err(RecvError::Closed) => return,
                },
                Some(Ok(ended)) = self.readers.join_next() => self.note(ended).await,
                changed = self.apps.changed() => match changed {
                    Ok(()) => self.look_for_new_apps().await,
                    Err(_) => return,
                },
                () = sleep_until(retry_at.unwrap_or_else(Instant::now)), if retry_at.is_some() => {
                    self.retry_at = None;
                    self.look(None).await;
                }
            }
        }
    }

    async fn hear(&mut self, event: Event) {
        let Some(app) = event.app else {
            if event.what == (What::EngineChanged { available: true }) {
                self.retry = RETRY;
                self.look(None).await;
            }
            return;
        };
        if !is_the_frontends(&self.apps.borrow(), app) {
            return;
        }
        if let What::ContainerChanged { container, happening, .. } = &event.what {
            match happening {
                Happening::Started if self.read.contains(container) => {
                    self.again.insert(container.clone(), app);
                }
                Happening::Started => self.look(Some((app, container))).await,
                Happening::Destroyed => {
                    self.next_ns.remove(container);
                    self.again.remove(container);
                }
                _ => {}
            }
        }
        self.tell(app, &event).await;
    }

    /// Passes on what core says of it.
    async fn tell(&mut self, app: AppId, event: &Event) {
        let Some((service, text)) = sentence::of(&event.what) else { return };
        let text = cut(&text);
        if self.told.insert(app, text.clone()).as_ref() == Some(&text) {
            return;
        }
        let line = Line {
            app,
            service: service.cloned(),
            service_id: service.map_or(0, |name| self.service_id(app, name)),
            time_ns: event.time_ms.saturating_mul(NS_PER_MS),
            voice: Voice::System,
            message: text,
            dropped: std::mem::take(&mut self.missed),
        };
        // The end of the stream is noticed elsewhere.
        let _ = self.lines.send(line).await;
    }

    fn service_id(&self, app: AppId, service: &ServiceName) -> u64 {
        let apps = self.apps.borrow();
        let status = apps.apps.get(&app).and_then(|status| status.services.get(service));
        status.map_or(0, |status| status.service_id)
    }

    async fn look_for_new_apps(&mut self) {
        let apps: BTreeSet<AppId> = {
            let apps = self.apps.borrow_and_update();
            apps.apps.keys().copied().filter(|app| is_the_frontends(&apps, *app)).collect()
        };
        if !apps.is_subset(&self.known) {
            self.look(None).await;
        }
        self.told.retain(|app, _| apps.contains(app));
        self.known = apps;
    }

    /// Begins to read what is not read yet: every container of role frontend's apps, or this one.
    async fn look(&mut self, only: Option<(AppId, &ContainerId)>) {
        let context = Arc::clone(self.reconciler.context());
        let id = only.map(|(app, _)| app.to_string());
        let mut wanted = vec![(labels::INSTANCE, context.instance.as_str())];
        wanted.extend(id.as_deref().map(|id| (labels::APP_ID, id)));
        match context.engine.containers(&wanted).await {
            Ok(containers) => {
                let is_meant = |found: &&Container| {
                    only.is_none_or(|(_, id)| found.id == *id || found.state.is_active())
                };
                for container in containers.iter().filter(is_meant) {
                    self.begin(container);
                }
            }
            Err(error) => {
                log::debug!("containers not listed for the journal error='{}'", chain(&error));
                self.retry_later();
            }
        }
    }

    fn begin(&mut self, container: &Container) {
        let Some(origin) = Origin::of(container) else { return };
        let is_told = is_the_frontends(&self.apps.borrow(), origin.app);
        if !is_told || !self.read.insert(origin.container.clone()) {
            return;
        }
        let since_ns = self.next_ns.get(&origin.container).copied().unwrap_or(self.since_ns).min(now_ns());
        let reader = Reader {
            engine: Arc::clone(&self.reconciler.context().engine),
            origin,
            since_ns,
            next_ns: since_ns,
            lines: self.lines.clone(),
            apps: self.reconciler.context().status.watch(),
        };
        self.readers.spawn(reader.run());
    }

    async fn note(&mut self, ended: Ended) {
        self.read.remove(&ended.container);
        let again = self.again.remove(&ended.container);
        self.next_ns.insert(ended.container.clone(), ended.next_ns);
        if ended.failed {
            self.retry_later();
        } else {
            self.retry = RETRY;
        }
        if let Some(app) = again {
            self.look(Some((app, &ended.container))).await;
        }
    }

    fn retry_later(&mut self) {
        if self.retry_at.is_none() {
            self.retry_at = Some(Instant::now() + self.retry);
            self.retry = self.retry.saturating_mul(2).min(MAX_RETRY);
        }
    }
}

/// Nanoseconds since 1970.
pub(super) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
