//! What a step does to the world, and what no step may do.

use std::collections::{BTreeMap, BTreeSet};

use supervisor_proto::ids::ServiceName;

use super::{Content, World};
use crate::domain::{
    container::ContainerSpec,
    dependency::Condition,
    observed::{Container, ContainerId, ContainerState},
    record::PurgePhase,
    step::Step,
    target::RestartPolicy,
    test_samples::{GATEWAY, container, first_network, networks_of},
    wanted::{SUPERVISOR_NETWORK, Wanted, WantedService},
};

/// Networks that the engine always has.
const BUILT_IN: [&str; 3] = ["host", "none", "bridge"];

/// What a plan knows of its own earlier steps; a crash forgets it.
#[derive(Default)]
pub(super) struct Made(BTreeMap<ServiceName, ContainerId>);

impl World {
    /// Carries out one step as the outside world would, or says what is wrong with it.
    pub(super) fn execute(&mut self, step: &Step, wanted: &Wanted, made: &mut Made) -> Result<(), String> {
        match step {
            Step::PullImage { image } => drop(self.images.insert(image.clone())),
            Step::StopContainer { id, .. } => self.stop(id),
            Step::RemoveContainer { id, .. } => self.containers.retain(|c| c.id != *id),
            Step::RemoveImage { image } => drop(self.images.remove(image)),
            Step::RenameContainer { id, name, .. } => self.container_mut(id)?.name.clone_from(name),
            Step::AwaitHandover { service, .. } => {
                if !self.of_service(service).iter().any(|c| c.state.is_active()) {
                    return Err(format!("no container of {service} runs"));
                }
            }
            Step::EmptyData => {
                self.check_may_destroy(self.data)?;
                self.data = Content::default();
            }
            Step::RemoveVolume { volume } => self.remove_volume(volume)?,
            Step::RecordEmptied => self.record_emptied(wanted)?,
            Step::CreateSupervisorNetwork => {
                self.networks.insert(SUPERVISOR_NETWORK.to_owned(), String::new());
                self.gateway = Some(GATEWAY);
            }
            Step::CreateNetwork { network } => self.create_network(network, wanted)?,
            Step::CreateVolume { volume } => drop(self.volumes.entry(volume.clone()).or_default()),
            Step::CreateContainer { service } => self.create(service, wanted, made)?,
            Step::ConnectNetwork { service, id, network } => {
                let id = made.resolve(service, id.as_ref())?;
                self.check_networks(std::slice::from_ref(network))?;
                self.container_mut(&id)?.networks.insert(network.clone());
            }
            Step::StartContainer { service, id } => {
                let id = made.resolve(service, id.as_ref())?;
                self.start(service, &id, wanted)?;
            }
            Step::CloseIntents => {
                let record = self.record.as_mut().ok_or("no record")?;
                record.purge = None;
                record.override_locks = false;
                record.leaving_images.clear();
            }
            Step::RemoveNetwork { network } => self.remove_network(network)?,
            Step::ForgetApp => self.record = None,
        }
        Ok(())
    }

    fn purge_phase(&self) -> Option<PurgePhase> {
        self.record.as_ref().and_then(|record| record.purge)
    }

    fn check_may_destroy(&self, content: Content) -> Result<(), String> {
        if self.purge_phase() != Some(PurgePhase::Requested) {
            return Err("no purge is on disk".to_owned());
        }
        if !self.containers.is_empty() {
            return Err(format!("containers still use the data: {:?}", self.containers));
        }
        if content.new > 0 { Err("destroys what a new container wrote".to_owned()) } else { Ok(()) }
    }

    fn remove_volume(&mut self, volume: &str) -> Result<(), String> {
        let content = *self.volumes.get(volume).ok_or("no volume of the app")?;
        self.check_may_destroy(content)?;
        self.volumes.remove(volume);
        Ok(())
    }

    fn record_emptied(&mut self, wanted: &Wanted) -> Result<(), String> {
        let left = wanted.volumes.keys().any(|volume| self.volumes.contains_key(volume));
        if left || self.data != Content::default() {
            return Err("the data is not gone".to_owned());
        }
        self.record.as_mut().ok_or("no record")?.purge = Some(PurgePhase::Emptied);
        Ok(())
    }

    fn stop(&mut self, id: &ContainerId) {
        for container in self.containers.iter_mut().filter(|c| c.id == *id && c.state.is_active()) {
            container.state = ContainerState::Exited;
        }
    }

    fn create_network(&mut self, network: &str, wanted: &Wanted) -> Result<(), String> {
        if self.networks.contains_key(network) || self.foreign_networks.contains(network) {
            return Err("the name is taken".to_owned());
        }
        let options = wanted.networks.get(network).ok_or("no network of the app")?;
        self.networks.insert(network.to_owned(), options.fingerprint());
        Ok(())
    }

    fn remove_network(&mut self, network: &str) -> Result<(), String> {
        if self.containers.iter().any(|c| c.networks.contains(network)) {
            return Err("network has endpoints".to_owned());
        }
        self.networks.remove(network).ok_or("no network of the app")?;
        Ok(())
    }

    fn create(&mut self, service: &ServiceName, wanted: &Wanted, made: &mut Made) -> Result<(), String> {
        let spec = &wanted.services.get(service).ok_or("no such service")?.spec;
        if self.containers.iter().any(|c| c.name == spec.name) {
            return Err(format!("name {} is in use", spec.name));
        }
        if !self.images.contains(&spec.image) {
            return Err("no such image".to_owned());
        }
        self.check_volumes(spec)?;
        self.containers_made += 1;
        let id = format!("made-{}", self.containers_made);
        let mut new = container(&id, spec, ContainerState::Created, 1_000);
        new.networks = BTreeSet::from([first_network(spec)]);
        made.0.insert(service.clone(), new.id.clone());
        self.containers.push(new);
        Ok(())
    }

    fn start(&mut self, service: &ServiceName, id: &ContainerId, wanted: &Wanted) -> Result<(), String> {
        let wanted = wanted.services.get(service).ok_or("no such service")?;
        let spec = &wanted.spec;
        if self.purge_phase() == Some(PurgePhase::Requested) {
            return Err("starts before the purge is done".to_owned());
        }
        self.check_volumes(spec)?;
        let networks: Vec<String> = self.container_mut(id)?.networks.iter().cloned().collect();
        self.check_networks(&networks)?;
        // Without the API's key, a container may be an older one, made on another network.
        let mut needed = networks_of(spec);
        needed.retain(|network| !wanted.waits_for_api || *network != first_network(spec));
        if needed.iter().any(|network| !networks.contains(network)) {
            return Err("starts without all of its networks".to_owned());
        }
        self.check_dependencies(service, wanted)?;
        let fails = self.failing.contains(service);
        let has_check = spec.healthcheck.is_some();
        let container = self.container_mut(id)?;
        container.state = ContainerState::Running;
        container.health = if has_check { "starting" } else { "" }.to_owned();
        container.exit_code = None;
        match spec.restart {
            RestartPolicy::No => {
                container.state = ContainerState::Exited;
                container.exit_code = Some(i64::from(fails));
            }
            RestartPolicy::OnFailure(_) => drop(self.jobs.insert(id.clone())),
            RestartPolicy::Always | RestartPolicy::UnlessStopped => {}
        }
        self.data.new += 1;
        for bind in &spec.binds {
            let volume = self.volumes.get_mut(&bind.source).or_else(|| self.external.get_mut(&bind.source));
            if let Some(content) = volume {
                content.new += 1;
            }
        }
        Ok(())
    }

    /// What the service waits for is there, unless it was stopped on purpose or may fail.
    fn check_dependencies(&self, service: &ServiceName, wanted: &WantedService) -> Result<(), String> {
        let record = self.record.as_ref().ok_or("no record")?;
        let runs = |name: &ServiceName| record.services.get(name).is_some_and(|intent| intent.run);
        for (other, dependency) in wanted.waits_for.iter().filter(|(other, d)| runs(other) && !d.optional) {
            let of_other = self.of_service(other);
            let met = match dependency.condition {
                Condition::Started => true,
                Condition::Healthy => of_other.iter().any(|c| c.health == "healthy"),
                Condition::Completed => of_other.iter().any(|c| c.exit_code == Some(0)),
            };
            if !met {
                return Err(format!("{service} starts before {other} is there: {of_other:?}"));
            }
        }
        Ok(())
    }

    fn check_volumes(&self, spec: &ContainerSpec) -> Result<(), String> {
        let named = spec.binds.iter().filter(|bind| !bind.source.starts_with('/'));
        let absent =
            |source: &String| !self.volumes.contains_key(source) && !self.external.contains_key(source);
        match named.map(|bind| &bind.source).find(|source| absent(source)) {
            Some(source) => Err(format!("no volume {source}")),
            None => Ok(()),
        }
    }

    fn check_networks(&self, networks: &[String]) -> Result<(), String> {
        let absent = |network: &&String| {
            !self.networks.contains_key(*network)
                && !self.foreign_networks.contains(*network)
                && !BUILT_IN.contains(&network.as_str())
        };
        networks.iter().find(absent).map_or(Ok(()), |network| Err(format!("no network {network}")))
    }

    fn container_mut(&mut self, id: &ContainerId) -> Result<&mut Container, String> {
        self.containers.iter_mut().find(|c| c.id == *id).ok_or_else(|| format!("no container {id}"))
    }
}

impl Made {
    fn resolve(&self, service: &ServiceName, id: Option<&ContainerId>) -> Result<ContainerId, String> {
        id.or_else(|| self.0.get(service)).cloned().ok_or_else(|| format!("nothing made for {service}"))
    }
}
