//! How containers make way for their successors where that is not the usual way: before the new image is
//! fetched, or after the new container has taken over. A part of the planner.

use std::collections::{BTreeMap, BTreeSet};

use supervisor_proto::ids::ServiceName;

use super::{
    dependency::Wait,
    observed::{Container, Observed},
    record::{AppRecord, PurgePhase},
    standing::{must_wait, needs_start},
    step::Step,
    update_strategy::UpdateStrategy,
    wanted::{Wanted, WantedService},
};

/// What makes way otherwise than between the pulls and the new containers.
#[derive(Debug, Default)]
pub(super) struct Replacement<'a> {
    /// Services whose containers go before anything is fetched.
    early: BTreeSet<&'a ServiceName>,
    /// Containers that run on beside their successor, dependents first, and how long at most, in milliseconds.
    partners: Vec<(&'a ServiceName, &'a Container, u64)>,
    /// Images that go before anything is fetched.
    leaving: Vec<&'a String>,
}

impl<'a> Replacement<'a> {
    /// `kept` stand for their services as they should be, `stale` networks have to go.
    pub(super) fn new(
        record: &'a AppRecord,
        wanted: &'a Wanted,
        observed: &'a Observed,
        kept: &BTreeMap<&ServiceName, &Container>,
        stale: &BTreeSet<&str>,
    ) -> Self {
        let leaving: Vec<&String> = record
            .leaving_images
            .iter()
            .filter(|image| observed.images.contains(*image))
            .filter(|image| !wanted.services.values().any(|service| service.spec.image == **image))
            .filter(|image| !record.waiting.as_ref().is_some_and(|next| next.target.has_image(image)))
            .collect();
        let mut partners: Vec<_> = wanted
            .order
            .iter()
            .filter_map(|name| {
                let service = wanted.services.get(name)?;
                let UpdateStrategy::HandOver { timeout_ms } = service.strategy else { return None };
                let may = record.purge != Some(PurgePhase::Requested) && service.run && !must_wait(service);
                let partner = partner(name, service, observed, kept, stale).filter(|_| may)?;
                Some((name, partner, timeout_ms))
            })
            .collect();
        partners.reverse();
        let goes_early = |name: &ServiceName, service: &WantedService| {
            let is_absent = service.run && !observed.images.contains(&service.spec.image);
            !kept.contains_key(name)
                && match service.strategy {
                    UpdateStrategy::DownloadThenKill | UpdateStrategy::HandOver { .. } => false,
                    UpdateStrategy::KillThenDownload => is_absent,
                    UpdateStrategy::DeleteThenDownload => is_absent || !leaving.is_empty(),
                }
        };
        let mut early = BTreeSet::new();
        for name in &wanted.order {
            let Some(service) = wanted.services.get(name) else { continue };
            // Dependents go before what they depend on, also those that do not come back.
            let is_left = |c: &Container| {
                let stays = kept.get(name).is_some_and(|kept| kept.id == c.id)
                    || partners.iter().any(|(_, partner, _)| partner.id == c.id);
                c.service.as_ref() == Some(name) && !stays
            };
            let goes = !service.run || observed.containers.iter().any(is_left);
            let depends = |early: &BTreeSet<&ServiceName>| {
                let target = record.target.services.get(name);
                target.is_some_and(|service| service.depends_on.iter().any(|other| early.contains(other)))
            };
            let follows = goes && depends(&early);
            if follows || goes_early(name, service) {
                early.insert(name);
            }
        }
        Self { early, partners, leaving }
    }

    /// Whether a service's containers go before anything is fetched.
    pub(super) fn goes_early(&self, service: &ServiceName) -> bool {
        self.early.contains(service)
    }

    /// Whether a container runs on beside its successor.
    pub(super) fn hands_over(&self, container: &Container) -> bool {
        self.partners.iter().any(|(_, partner, _)| partner.id == container.id)
    }

    /// Images that go before anything is fetched.
    pub(super) fn image_removals(&self) -> impl Iterator<Item = Step> {
        self.leaving.iter().map(|image| Step::RemoveImage { image: (*image).clone() })
    }

    /// Before the container of `service` is made: its predecessor may bear the same name.
    pub(super) fn rename(&self, name: &ServiceName, service: &WantedService) -> Option<Step> {
        let (_, partner, _) = self.partners.iter().find(|(of, ..)| *of == name)?;
        (partner.name == service.spec.name).then(|| Step::RenameContainer {
            id: partner.id.clone(),
            service: name.clone(),
            name: format!("{}_old_{}", partner.name, partner.id),
        })
    }

    /// The ends of hand-overs, once all new containers run but those that wait for others.
    pub(super) fn handovers(&self, waits: &BTreeMap<&ServiceName, Wait>) -> Vec<Step> {
        let started = self.partners.iter().filter(|(name, ..)| !waits.contains_key(name));
        let steps = started.flat_map(|(name, partner, timeout_ms)| {
            let service = (*name).clone();
            let gone = Step::RemoveContainer { id: partner.id.clone(), service: Some(service.clone()) };
            [Step::AwaitHandover { service, timeout_ms: *timeout_ms }, gone]
        });
        steps.collect()
    }
}

/// The container that hands over: the newest that does the service's work and was made for another release.
/// A restart and a purge hand nothing over.
fn partner<'a>(
    name: &ServiceName,
    service: &WantedService,
    observed: &'a Observed,
    kept: &BTreeMap<&ServiceName, &Container>,
    stale: &BTreeSet<&str>,
) -> Option<&'a Container> {
    let successor = kept.get(name);
    if successor.is_some_and(|c| !c.state.is_active() && !needs_start(c, service)) {
        return None;
    }
    let of_service = observed.containers.iter().filter(|c| c.service.as_ref() == Some(name));
    let hands_over = |c: &&Container| {
        successor.is_none_or(|new| new.id != c.id)
            && c.state.is_active()
            && c.generation == service.generation
            && !service.is_made_as(&c.config_hash)
            && !c.networks.iter().any(|network| stale.contains(network.as_str()))
    };
    of_service.filter(hands_over).max_by_key(|c| (c.created_s, &c.id))
}
