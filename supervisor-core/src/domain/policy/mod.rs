//! What role frontend may have run: an allow-list over the final requests to the engine, key by key. A key
//! that is not known here is refused, so that what a later release or engine adds is closed until somebody
//! has thought about it. Only the owner's policy opens more, for one service and one image repository.
//!
//! Nothing here knows how a request comes about: it reads the JSON that will be sent.

mod bind;
mod case;
mod container;
mod hardware;
mod host_config;
mod labels;
mod limits;
mod logging;
mod mounts;
mod namespaces;
mod networks;
mod places;
mod ports;
mod refusal;
mod requests;
mod security;
mod shape;
mod volumes;
mod wish;

use std::collections::BTreeSet;

use supervisor_proto::{
    ids::ServiceName,
    policy::{Policy, Repository},
};

use self::case::{Case, MAX_REFUSALS};
pub use self::{
    places::{Place, Places},
    refusal::{Refusal, Refusals},
    requests::{AppRequests, Connect, ServiceRequests},
    wish::{Wish, grant_tables},
};
use super::volume::MadeVolume;

/// Everything that a decision stands on.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// What the owner grants.
    pub policy: &'a Policy,
    /// What would be sent to the engine for the app.
    pub requests: &'a AppRequests,
    /// Where paths of the host lead.
    pub places: &'a Places,
    /// Ports of the host that are the supervisor's own.
    pub own_ports: &'a BTreeSet<u16>,
}

impl<'a> Judge<'a> {
    /// What is refused of one service, with its volumes and networks.
    pub fn service(&self, name: &'a ServiceName) -> Vec<Refusal> {
        let Some(requests) = self.requests.services.get(name) else { return Vec::new() };
        let mut case = self.case(name, requests);
        container::check(&mut case, &requests.create);
        for connect in &requests.connects {
            networks::check_connect(&mut case, connect);
        }
        case.into_refusals()
    }

    /// What is refused of everything that would be sent for the app, used by a service or not.
    pub fn app(&self) -> Vec<Refusal> {
        let services = self.requests.services.keys().flat_map(|name| self.service(name));
        let volumes = self.requests.volumes.keys().flat_map(|name| self.volume(name));
        let networks = self.requests.networks.keys().flat_map(|name| self.network(name));
        let mut all: Vec<Refusal> = Vec::new();
        for refusal in services.chain(volumes).chain(networks) {
            if all.len() < MAX_REFUSALS && !all.contains(&refusal) {
                all.push(refusal);
            }
        }
        all
    }

    /// What is refused of a volume of the app: nothing, when one of its services may have it.
    pub fn volume(&self, name: &str) -> Vec<Refusal> {
        let Some(body) = self.requests.volumes.get(name) else { return Vec::new() };
        self.for_any_service(|case| volumes::check(case, name, body))
    }

    /// What is refused of a volume that is there, made by whomever with whatever, when a service mounts it.
    pub fn made_volume(&self, service: &'a ServiceName, name: &str, made: &MadeVolume) -> Vec<Refusal> {
        let Some(requests) = self.requests.services.get(service) else { return Vec::new() };
        let mut case = self.case(service, requests);
        volumes::check_made(&mut case, name, made);
        case.into_refusals()
    }

    /// What is refused of a network of the app: nothing, when one of its services may have it.
    pub fn network(&self, name: &str) -> Vec<Refusal> {
        let Some(body) = self.requests.networks.get(name) else { return Vec::new() };
        self.for_any_service(|case| networks::check(case, name, body))
    }

    fn for_any_service(&self, check: impl Fn(&mut Case<'a>)) -> Vec<Refusal> {
        let mut first = None;
        if self.requests.services.is_empty() {
            // Nobody has a grant here: only what every app may have is made.
            let mut case = Case::new(*self, None, "", None, Vec::new());
            check(&mut case);
            return case.into_refusals();
        }
        for (name, requests) in &self.requests.services {
            let mut case = self.case(name, requests);
            check(&mut case);
            let refusals = case.into_refusals();
            if refusals.is_empty() {
                return refusals;
            }
            first.get_or_insert(refusals);
        }
        first.unwrap_or_default()
    }

    fn case(&self, name: &'a ServiceName, requests: &'a ServiceRequests) -> Case<'a> {
        let image = requests.image();
        let repository = Repository::of_image(image);
        let grants = self.policy.grants_for(self.requests.app, name, repository.as_ref());
        Case::new(*self, Some(name), image, repository, grants)
    }
}

#[cfg(test)]
mod tests;
