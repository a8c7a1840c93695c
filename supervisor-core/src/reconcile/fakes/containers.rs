//! What the fake engine does with containers.

use supervisor_proto::ids::{AppId, ServiceName};

use super::{
    device::{Behaviour, Boxed, State},
    engine::refused,
};
use crate::{
    domain::{
        container::{ContainerSpec, Network},
        labels,
        observed::{Container, ContainerId, ContainerState},
        trial::Vitals,
    },
    ports::engine::EngineError,
};

impl Boxed {
    /// Its main process starts, and does as the image's behaviour has it.
    fn begin(&mut self, behaviour: Option<Behaviour>) {
        let check = match behaviour {
            Some(Behaviour::Healthy) => "healthy",
            Some(Behaviour::Unhealthy) => "unhealthy",
            _ => "starting",
        };
        if self.has_check { check } else { "" }.clone_into(&mut self.seen.health);
        (self.seen.state, self.seen.exit_code) = match behaviour {
            Some(Behaviour::Crashing) => (ContainerState::Restarting, None),
            Some(Behaviour::Ending(code)) => (ContainerState::Exited, Some(code)),
            _ => (ContainerState::Running, None),
        };
        self.was_running = true;
        self.starts += 1;
    }

    /// What a release on trial is judged by.
    pub fn vitals(&self) -> Vitals {
        let is_crashing = self.seen.state == ContainerState::Restarting;
        Vitals {
            state: self.seen.state.clone(),
            started: self.starts.to_string(),
            exit_code: self.seen.exit_code.unwrap_or_default(),
            restarts: if is_crashing { 5 } else { 0 },
            health: self.seen.health.clone(),
            check: None,
        }
    }
}

impl State {
    /// The container of this id.
    pub fn container(&mut self, id: &ContainerId) -> Result<&mut Boxed, EngineError> {
        self.containers.iter_mut().find(|c| c.seen.id == *id).ok_or_else(|| refused(404))
    }

    /// Tells the listeners of a container's app.
    pub fn tell(&mut self, app: Option<AppId>) {
        let Some(app) = app else { return };
        self.listeners.retain(|listener| listener.send(app).is_ok());
    }

    /// Makes a container of an image that is there, under a name that is free.
    pub fn create(&mut self, spec: &ContainerSpec) -> Result<ContainerId, EngineError> {
        if self.containers.iter().any(|c| c.seen.name == spec.name) {
            return Err(refused(409));
        }
        if !self.images.contains(&spec.image) {
            return Err(refused(404));
        }
        if let Some(Behaviour::NotMade(status)) = self.behaviours.get(&spec.image) {
            return Err(refused(*status));
        }
        self.created += 1;
        let id = ContainerId(format!("c{}", self.created));
        let volumes = spec.binds.iter().filter(|b| !b.source.starts_with('/')).map(|b| b.source.clone());
        self.containers.push(Boxed {
            image: spec.image.clone(),
            policy: spec.restart,
            environment: spec.environment.clone(),
            volumes: volumes.collect(),
            starts: 0,
            has_check: spec.healthcheck.is_some(),
            was_running: false,
            seen: as_listed(id.clone(), spec, self.created),
        });
        Ok(id)
    }

    /// A container that starts writes its id into the app's data and into its volumes.
    pub fn run(&mut self, id: &ContainerId) -> Result<(), EngineError> {
        let (networks, behaviours) = (self.networks.clone(), self.behaviours.clone());
        let container = self.container(id)?;
        let behaviour = behaviours.get(&container.image).copied();
        if container.seen.state == ContainerState::Running {
            return Ok(());
        }
        if !container.seen.networks.iter().all(|network| networks.contains_key(network)) {
            return Err(refused(404));
        }
        if let Some(Behaviour::NotStarted(status)) = behaviour {
            return Err(refused(status));
        }
        container.begin(behaviour);
        let (app, volumes) = (container.seen.app, container.volumes.clone());
        for volume in volumes {
            self.volumes.entry(volume).or_default().content.insert(id.0.clone());
        }
        if let Some(app) = app {
            self.data.entry(app).or_default().insert(id.0.clone());
        }
        self.tell(app);
        Ok(())
    }

    /// Ends its main process; one that is not there has ended.
    pub fn stop(&mut self, id: &ContainerId) {
        let Ok(container) = self.container(id) else { return };
        if container.seen.state.is_active() {
            container.seen.state = ContainerState::Exited;
        }
        container.was_running = false;
        let app = container.seen.app;
        self.end_processes(id, 137);
        self.tell(app);
    }

    /// Removes it, unless it runs; one that is not there is gone.
    pub fn remove(&mut self, id: &ContainerId) -> Result<(), EngineError> {
        let Ok(container) = self.container(id) else { return Ok(()) };
        if container.seen.state.is_active() {
            return Err(refused(409));
        }
        let app = container.seen.app;
        self.containers.retain(|c| c.seen.id != *id);
        self.tell(app);
        Ok(())
    }
}

/// A new container as the engine's list has it; it is the engine's `number`th.
fn as_listed(id: ContainerId, spec: &ContainerSpec, number: u32) -> Container {
    let label = |name: &str| spec.labels.get(name).cloned().unwrap_or_default();
    let network = match &spec.network {
        Network::Named { name, .. } => Some(name.clone()),
        Network::Host | Network::None | Network::Bridge => None,
    };
    Container {
        id,
        name: spec.name.clone(),
        app: AppId::parse(&label(labels::APP_ID)).ok(),
        service: ServiceName::parse(&label(labels::SERVICE_NAME)).ok(),
        generation: label(labels::GENERATION).parse().unwrap_or(0),
        config_hash: label(labels::CONFIG_HASH),
        state: ContainerState::Created,
        health: String::new(),
        exit_code: None,
        networks: network.into_iter().collect(),
        created_s: number.into(),
        labels: spec.labels.clone(),
    }
}
