//! What the store keeps of one app: its target and the intents that are not yet carried out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use supervisor_proto::ids::{AppId, ServiceName};

use super::{rollout::Rollout, settings::is_default, target::Target, waiting_update::WaitingUpdate};

/// One app's durable desired state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppRecord {
    /// What the app should be.
    pub target: Target,
    /// What each service of the target should be doing.
    pub services: BTreeMap<ServiceName, ServiceIntent>,
    /// A purge that has begun and not ended.
    pub purge: Option<PurgePhase>,
    /// The app is to be forgotten once its containers are gone.
    pub removed: bool,
    /// An action that overrode the update locks has begun and not ended.
    pub override_locks: bool,
    /// Who applied the target; a record of an older release says nothing, and is the owner's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub applied_by: AppliedBy,
    /// Images of the target before, which go before their successors are fetched.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub leaving_images: BTreeSet<String>,
    /// The next target, which waits for its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Box<WaitingUpdate>>,
    /// How its newest release does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rollout: Rollout,
    /// The word that our update locks of this app hold; see [`LockToken`](crate::ports::host_files::LockToken).
    pub lock_token: String,
}

/// Who applied a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppliedBy {
    /// The device's owner: the target is the owner's own word.
    #[default]
    Admin,
    /// The public process, for a cloud: the target is bounded by the owner's policy.
    Frontend,
}

impl AppliedBy {
    /// Whoever may do less of the two.
    #[must_use]
    pub fn or_less(self, other: Self) -> Self {
        if self == Self::Frontend { self } else { other }
    }
}

/// What one service should be doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceIntent {
    /// Raised by each restart and purge: a container of an older generation is replaced.
    pub generation: u64,
    /// Whether the service should run.
    pub run: bool,
}

impl Default for ServiceIntent {
    fn default() -> Self {
        Self { generation: 1, run: true }
    }
}

/// How far a purge has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PurgePhase {
    /// Nothing may be kept: containers go, then the data.
    Requested,
    /// The data is gone and must not be touched again: new containers may already be writing.
    Emptied,
}

impl AppRecord {
    /// The record of an app that is applied for the first time.
    pub fn new(target: Target, lock_token: String) -> Self {
        let services = target.services.keys().map(|name| (name.clone(), ServiceIntent::default())).collect();
        Self {
            target,
            services,
            purge: None,
            removed: false,
            override_locks: false,
            applied_by: AppliedBy::Admin,
            leaving_images: BTreeSet::new(),
            waiting: None,
            rollout: Rollout::default(),
            lock_token,
        }
    }

    /// The same, of a target that somebody applies.
    pub fn applied(target: Target, by: AppliedBy, lock_token: String) -> Self {
        let rollout = Rollout::first(&target, by);
        Self { applied_by: by, rollout, ..Self::new(target, lock_token) }
    }

    /// The app's id.
    pub const fn app_id(&self) -> AppId {
        self.target.app.app_id
    }

    /// Whether the owner has the last word: on the target, or on the one that waits.
    pub fn is_owners(&self) -> bool {
        let waiting = self.waiting.as_ref().map(|update| update.applied_by);
        self.applied_by == AppliedBy::Admin || waiting == Some(AppliedBy::Admin)
    }

    /// Whether there is an unfinished intent that only one more write of the record ends.
    pub fn needs_closing(&self) -> bool {
        self.purge.is_some() || self.override_locks || !self.leaving_images.is_empty()
    }

    /// The record as an older copy of it may be trusted: without intents that destroy. They may have been
    /// carried out since, and data has been written after them.
    #[must_use]
    pub fn recovered(mut self) -> Self {
        self.leaving_images.clear();
        self.purge = None;
        self.removed = false;
        self.override_locks = false;
        self
    }
}
