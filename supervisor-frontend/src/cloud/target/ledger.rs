//! What core has been told of each app in this session, and so what it is still to be told. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use supervisor_proto::v1::{Applier, AppsState, Target};

use super::device_target::DeviceTarget;
use crate::cloud::settings::CloudSettings;

const STRATEGY_LABELS: [&str; 2] = ["io.balena.update.strategy", "io.resin.update.strategy"];
const HANDOVER_LABELS: [&str; 2] = ["io.balena.update.handover-timeout", "io.resin.update.handover-timeout"];

/// One thing to tell core.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// Make this the app's target.
    Apply {
        /// The app's uuid.
        uuid: String,
        /// The target.
        target: Arc<Target>,
        /// Over the app's locks.
        force: bool,
    },
    /// Remove the app that has this number.
    Remove {
        /// The app's number.
        app_id: u64,
        /// Over the app's locks.
        force: bool,
    },
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Core took it.
    Taken,
    /// Core refuses it for this reason, and would do so again.
    Refused(String),
}

#[derive(Debug)]
struct Told {
    target: Arc<Target>,
    force: bool,
    refusal: Option<String>,
}

/// The replies of one session with core.
#[derive(Debug, Default)]
pub struct Ledger {
    apps: BTreeMap<String, Told>,
    removed: BTreeSet<u64>,
    kept: BTreeMap<u64, String>,
}

impl Ledger {
    /// What is to be told now. `apps` is what core last said of its apps; `force` is a caller's, beside the
    /// variable's.
    pub fn orders(
        &self,
        target: &DeviceTarget,
        settings: &CloudSettings,
        apps: &AppsState,
        force: bool,
    ) -> Vec<Order> {
        let force = force || settings.override_lock;
        let applied = target.apps.iter().filter_map(|(uuid, wanted)| {
            let wanted = with_defaults(wanted, settings);
            let is_told =
                self.apps.get(uuid).is_some_and(|told| told.target == wanted && told.force >= force);
            (!is_told).then(|| Order::Apply { uuid: uuid.clone(), target: wanted, force })
        });
        let removed =
            departed(target, apps).filter(|id| !self.removed.contains(id) && !self.kept.contains_key(id));
        applied.chain(removed.map(|app_id| Order::Remove { app_id, force })).collect()
    }

    /// Notes what came of an order.
    pub fn note(&mut self, order: Order, reply: Reply) {
        match (order, reply) {
            (Order::Apply { uuid, target, force }, Reply::Taken) => {
                self.apps.insert(uuid, Told { target, force, refusal: None });
            }
            (Order::Apply { uuid, target, force }, Reply::Refused(why)) => {
                self.apps.insert(uuid, Told { target, force, refusal: Some(why) });
            }
            (Order::Remove { app_id, .. }, Reply::Taken) => drop(self.removed.insert(app_id)),
            (Order::Remove { app_id, .. }, Reply::Refused(why)) => drop(self.kept.insert(app_id, why)),
        }
    }

    /// Lets what was refused be told once more: the owner's policy may be another one by now.
    pub fn forget_refusals(&mut self) {
        self.apps.retain(|_, told| told.refusal.is_none());
        self.kept.clear();
    }

    /// A new target: what it removes is asked for anew.
    pub fn forget_removals(&mut self) {
        self.removed.clear();
        self.kept.clear();
    }

    /// Whether anything was refused.
    pub fn has_refusals(&self) -> bool {
        !self.kept.is_empty() || self.apps.values().any(|told| told.refusal.is_some())
    }

    /// Apps of the target that are not carried out, with the reason.
    pub fn refused(&self, target: &DeviceTarget) -> BTreeMap<String, String> {
        let mut refused = target.refused.clone();
        for uuid in target.apps.keys() {
            if let Some(why) = self.apps.get(uuid).and_then(|told| told.refusal.clone()) {
                refused.insert(uuid.clone(), why);
            }
        }
        refused
    }

    /// Releases of the target that are not carried out: the commit, by the app's uuid.
    pub fn refused_releases(&self, target: &DeviceTarget) -> BTreeMap<String, String> {
        let is_refused = |uuid: &str, commit: &str| {
            self.apps.get(uuid).is_some_and(|told| told.refusal.is_some() && told.target.commit == commit)
        };
        let apps = target.apps.iter().filter(|(uuid, wanted)| is_refused(uuid, &wanted.commit));
        let by_core = apps.map(|(uuid, wanted)| (uuid.clone(), wanted.commit.clone()));
        by_core.chain(target.refused_releases.clone()).collect()
    }
}

/// Apps that a cloud's target had run, that an earlier target named, and that this one does not: by
/// uuid and by number, so that an app of the owner's is never among them.
fn departed<'a>(target: &'a DeviceTarget, apps: &'a AppsState) -> impl Iterator<Item = u64> + 'a {
    apps.apps
        .iter()
        .filter(|app| app.applied_by() == Applier::Frontend)
        .filter(|app| target.has_left(&app.app_uuid))
        .filter(|app| !target.apps.values().any(|wanted| wanted.app_id == app.app_id))
        .map(|app| app.app_id)
}

/// The same target with what the device's variables say for services whose labels say nothing.
fn with_defaults(target: &Arc<Target>, settings: &CloudSettings) -> Arc<Target> {
    let mut shared = Arc::clone(target);
    for (value, labels) in
        [(&settings.update_strategy, STRATEGY_LABELS), (&settings.handover_timeout, HANDOVER_LABELS)]
    {
        let Some(value) = value else { continue };
        for service in Arc::make_mut(&mut shared).services.values_mut() {
            if !labels.iter().any(|label| service.labels.contains_key(*label)) {
                let [label, _] = labels;
                service.labels.insert(label.to_owned(), value.clone());
            }
        }
    }
    shared
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
