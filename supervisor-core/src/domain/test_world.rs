//! A model of everything that a plan acts on: the store, the engine and the app's data.

mod steps;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use supervisor_proto::ids::ServiceName;

use self::steps::Made;
use super::{
    environment::ApiAccess,
    network::KnownNetworks,
    observed::{Container, ContainerId, ContainerState, Observed},
    plan::{Plan, plan},
    record::AppRecord,
    test_samples::{EXTERNAL_NETWORK, EXTERNAL_VOLUME, api, render_among},
    wanted::{SUPERVISOR_NETWORK, Wanted},
};

/// What is written in a folder or a volume.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Content {
    /// From before: what a purge is to destroy.
    pub(super) old: u32,
    /// By containers that started since: what no purge that has begun may destroy.
    pub(super) new: u32,
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) record: Option<AppRecord>,
    pub(super) api: Option<ApiAccess>,
    pub(super) containers: Vec<Container>,
    pub(super) volumes: BTreeMap<String, Content>,
    pub(super) external: BTreeMap<String, Content>,
    /// What each of ours was made from, by the engine's name.
    pub(super) networks: BTreeMap<String, String>,
    /// Others' networks.
    pub(super) foreign_networks: BTreeSet<String>,
    pub(super) gateway: Option<IpAddr>,
    pub(super) images: BTreeSet<String>,
    pub(super) data: Content,
    pub(super) containers_made: usize,
    /// Services whose job fails, or that are never healthy.
    pub(super) failing: BTreeSet<ServiceName>,
    /// Running containers that will end.
    pub(super) jobs: BTreeSet<ContainerId>,
}

impl World {
    /// Nothing is there but what others own and the API's key.
    pub(super) fn new(record: AppRecord) -> Self {
        Self {
            record: Some(record),
            api: Some(api()),
            containers: Vec::new(),
            volumes: BTreeMap::new(),
            external: BTreeMap::from([(EXTERNAL_VOLUME.to_owned(), Content::default())]),
            networks: BTreeMap::new(),
            foreign_networks: BTreeSet::from([EXTERNAL_NETWORK.to_owned()]),
            gateway: None,
            images: BTreeSet::new(),
            data: Content::default(),
            containers_made: 0,
            failing: BTreeSet::new(),
            jobs: BTreeSet::new(),
        }
    }

    pub(super) fn observed(&self) -> Observed {
        let has_network = self.networks.contains_key(SUPERVISOR_NETWORK);
        let mut own = self.networks.clone();
        own.remove(SUPERVISOR_NETWORK);
        Observed {
            containers: self.containers.clone(),
            volumes: self.volumes.keys().map(|name| (name.clone(), String::new())).collect(),
            networks: self.networks.keys().chain(&self.foreign_networks).cloned().collect(),
            known_networks: KnownNetworks { own, foreign: self.foreign_networks.clone() },
            images: self.images.clone(),
            supervisor_gateway: self.gateway.filter(|_| has_network),
        }
    }

    pub(super) fn wanted(&self) -> Option<Wanted> {
        let observed = self.observed();
        let render = |record| {
            let (gateway, networks) = (observed.supervisor_gateway, &observed.known_networks);
            render_among(record, self.api.as_ref(), gateway, networks)
        };
        self.record.as_ref().map(render)
    }

    pub(super) fn plan(&self) -> Plan {
        match (&self.record, self.wanted()) {
            (Some(record), Some(wanted)) => plan(record, &wanted, &self.observed()),
            _ => Plan::default(),
        }
    }

    /// Carries out the first `limit` steps of the next plan, then crashes.
    pub(super) fn run(&mut self, limit: usize) -> Result<Plan, String> {
        let (Some(record), Some(wanted)) = (&self.record, self.wanted()) else { return Ok(Plan::default()) };
        let next = plan(record, &wanted, &self.observed());
        let mut made = Made::default();
        for step in next.steps.iter().take(limit) {
            self.execute(step, &wanted, &mut made).map_err(|why| format!("{step}: {why}; {next:#?}"))?;
        }
        Ok(next)
    }

    /// Carries out plans until there is nothing to do; how many it took.
    pub(super) fn settle(&mut self, limit: usize) -> Result<usize, String> {
        for round in 0..=limit {
            while self.plan().steps.is_empty() {
                if !self.live_on() {
                    return Ok(round);
                }
            }
            self.run(usize::MAX)?;
        }
        Err(format!("still planned after {limit} rounds: {:#?}", self.plan().steps))
    }

    /// Health checks say what they find and jobs end. Whether anything has happened.
    fn live_on(&mut self) -> bool {
        let mut lives = false;
        for container in self.containers.iter_mut().filter(|c| c.state == ContainerState::Running) {
            let fails = container.service.as_ref().is_some_and(|name| self.failing.contains(name));
            if container.health == "starting" {
                container.health = if fails { "unhealthy" } else { "healthy" }.to_owned();
                lives = true;
            } else if self.jobs.contains(&container.id) {
                container.state = ContainerState::Exited;
                container.exit_code = Some(i64::from(fails));
                lives = true;
            }
        }
        lives
    }

    pub(super) fn of_service(&self, name: &ServiceName) -> Vec<&Container> {
        self.containers.iter().filter(|c| c.service.as_ref() == Some(name)).collect()
    }
}
