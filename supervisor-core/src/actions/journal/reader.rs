//! One container's output on its way to the follower.

use std::sync::Arc;

use futures_util::StreamExt;
use supervisor_proto::ids::{AppId, ServiceName};
use tokio::sync::{mpsc, watch};

use crate::{
    domain::{
        journal::{
            Line, Voice,
            assembly::{Assembly, Said},
        },
        labels,
        observed::{Container, ContainerId},
        record::AppliedBy,
    },
    error::chain,
    ports::engine::{Engine, EngineError, Reading},
    reconcile::status::Snapshot,
};

/// Whose output it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub container: ContainerId,
    pub app: AppId,
    service: ServiceName,
    service_id: u64,
}

impl Origin {
    /// `None` for a container that was not made for role frontend, or whose labels are not understood.
    pub fn of(container: &Container) -> Option<Self> {
        let service_id = container.labels.get(labels::SERVICE_ID).and_then(|id| id.parse().ok());
        container.labels.contains_key(labels::APPLIED_BY).then_some(())?;
        Some(Self {
            container: container.id.clone(),
            app: container.app?,
            service: container.service.clone()?,
            service_id: service_id.unwrap_or_default(),
        })
    }
}

/// Whether role frontend applied the app, as core knows it now.
pub(super) fn is_the_frontends(apps: &Snapshot, app: AppId) -> bool {
    apps.apps.get(&app).is_some_and(|status| status.applied_by == AppliedBy::Frontend)
}

/// How the reading ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub container: ContainerId,
    /// Where to go on, nanoseconds since 1970.
    pub next_ns: u64,
    /// The engine went away, or could not be asked.
    pub failed: bool,
}

/// An engine that refuses does so again: it keeps no output with the container's logging driver, or has no such container.
fn is_worth_another_try(error: &EngineError) -> bool {
    match error {
        EngineError::Unavailable(_) => true,
        EngineError::Refused { .. } | EngineError::NotPulled { .. } | EngineError::Malformed { .. } => false,
    }
}

/// Reads one container from a moment on.
pub(super) struct Reader {
    pub engine: Arc<dyn Engine>,
    pub origin: Origin,
    /// From when on lines are wanted; stays, for a clock may step back.
    pub since_ns: u64,
    /// Where the next reading goes on.
    pub next_ns: u64,
    pub lines: mpsc::Sender<Line>,
    pub apps: watch::Receiver<Snapshot>,
}

impl Reader {
    /// Until the container's process ends, or the follower is gone.
    pub async fn run(mut self) -> Ended {
        let failed = self.read().await;
        Ended { container: self.origin.container, next_ns: self.next_ns, failed }
    }

    async fn read(&mut self) -> bool {
        let since_ns = Some(self.since_ns);
        let reading = Reading { follow: true, tail: None, since_ns, timed: true };
        let mut pieces = match self.engine.logs(&self.origin.container, reading).await {
            Ok(pieces) => pieces,
            Err(error) => {
                log::debug!("output not read container={} error='{}'", self.origin.container, chain(&error));
                return is_worth_another_try(&error);
            }
        };
        let mut assembly = Assembly::default();
        while let Some(piece) = pieces.next().await {
            let piece = match piece {
                Ok(piece) => piece,
                Err(error) => return is_worth_another_try(&error),
            };
            for said in assembly.push(piece.is_stderr, &piece.bytes) {
                if !self.pass_on(said).await {
                    return false;
                }
            }
        }
        for said in assembly.end() {
            if !self.pass_on(said).await {
                return false;
            }
        }
        false
    }

    /// Whether there is any point in going on. An app that became the owner's is not told of.
    async fn pass_on(&mut self, said: Said) -> bool {
        if !is_the_frontends(&self.apps.borrow(), self.origin.app) {
            return false;
        }
        let time_ns = said.time_ns.unwrap_or_else(super::follower::now_ns);
        // An engine that knows whole seconds only tells some again.
        if time_ns < self.since_ns && said.time_ns.is_some() {
            return true;
        }
        self.next_ns = self.next_ns.max(time_ns.saturating_add(1));
        let line = Line {
            app: self.origin.app,
            service: Some(self.origin.service.clone()),
            service_id: self.origin.service_id,
            time_ns,
            voice: if said.is_stderr { Voice::Stderr } else { Voice::Stdout },
            message: said.message,
            dropped: 0,
        };
        self.lines.send(line).await.is_ok()
    }
}
