//! What containers stand on: the app's networks, volumes and data.

use std::collections::BTreeSet;

use super::Draft;
use crate::domain::{record::PurgePhase, step::Step, volume::is_of_data_elsewhere};

impl Draft<'_> {
    /// Only what makes or starts a container asks for its networks; a stopped app needs none.
    pub(super) fn needs_supervisor_network(&self) -> bool {
        let here = |network: &String| self.observed.networks.contains(network);
        self.running().filter_map(|s| s.spec.extra_network.as_ref()).any(|network| !here(network))
    }

    /// A volume whose data the engine keeps goes and comes back empty; data of somebody else's stays theirs, also
    /// where the target no longer says that it is.
    fn is_to_be_purged(&self, name: &str) -> bool {
        let purging = self.record.purge == Some(PurgePhase::Requested);
        let (wanted, made) = (self.wanted.volumes.get(name), self.observed.volumes.get(name));
        purging
            && wanted.zip(made).is_some_and(|(wanted, made)| {
                !is_of_data_elsewhere(made) && wanted.options.is_kept_by_engine()
            })
    }

    /// Volumes that are there with other options. Their data is never given up for that: the step is refused,
    /// before anything is taken away.
    pub(super) fn changed_volumes(&self) -> Vec<Step> {
        let changed = self.wanted.volumes.iter().filter(|(name, wanted)| {
            let made = self.observed.volumes.get(*name);
            made.is_some_and(|made| made != wanted.fingerprint()) && !self.is_to_be_purged(name)
        });
        changed.map(|(volume, _)| Step::CreateVolume { volume: volume.clone() }).collect()
    }

    /// Networks that have to be made anew, and those that nothing wants any more.
    pub(super) fn network_removals(&self) -> Vec<Step> {
        let is_unused = |network: &str| {
            let mut left = self.observed.containers.iter().filter(|c| self.is_left(c));
            !left.any(|c| c.networks.contains(network))
        };
        let own = self.observed.known_networks.own.keys();
        own.filter(|name| {
            let unwanted = !self.wanted.networks.contains_key(*name) && is_unused(name);
            unwanted || self.stale.contains(name.as_str())
        })
        .map(|name| Step::RemoveNetwork { network: name.clone() })
        .collect()
    }

    pub(super) fn purge(&self) -> Vec<Step> {
        if self.record.purge != Some(PurgePhase::Requested) {
            return Vec::new();
        }
        let volumes = self.wanted.volumes.keys().filter(|name| self.is_to_be_purged(name));
        let mut steps = vec![Step::EmptyData];
        steps.extend(volumes.map(|volume| Step::RemoveVolume { volume: volume.clone() }));
        steps.push(Step::RecordEmptied);
        steps
    }

    /// The app's networks and volumes, where a container is about to need them.
    pub(super) fn foundations(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let needed: BTreeSet<String> = self.running().flat_map(|s| s.spec.named_networks()).collect();
        let own = &self.observed.known_networks.own;
        for network in needed.into_iter().filter(|network| self.wanted.networks.contains_key(network)) {
            if !own.contains_key(&network) || self.stale.contains(network.as_str()) {
                steps.push(Step::CreateNetwork { network });
            }
        }
        let here = |name: &String| self.observed.volumes.contains_key(name);
        let absent = self.wanted.volumes.keys().filter(|name| !here(name) || self.is_to_be_purged(name));
        steps.extend(absent.map(|volume| Step::CreateVolume { volume: volume.clone() }));
        steps
    }
}
