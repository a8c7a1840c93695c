//! The fake device's container engine.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{StreamExt, stream::BoxStream};
use supervisor_proto::ids::{AppId, ServiceName};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::device::{Behaviour, Boxed, FakeDevice, FakeVolume, Fault, State};
use crate::{
    adapters::docker::body_of,
    domain::{
        container::{ContainerSpec, Network},
        event::Happening,
        labels,
        layers::Pulled,
        network::{Endpoint, NetworkOptions},
        observed::{Container, ContainerId, ContainerState},
        registry_access::Credentials,
        target::RestartPolicy,
        trial::Vitals,
        volume::{MadeVolume, OwnVolume},
        wanted::SUPERVISOR_NETWORK,
    },
    ports::engine::{
        Change, Engine, EngineError, EngineEvent, EngineInfo, ImageRemoval, NetworkRemoval, Output, Progress,
        Reading, SeenNetwork,
    },
};
use serde_json::Value;

/// When every container said its line.
const SAID_AT: &str = "2001-01-01T00:00:00.5Z";

pub fn refused(status: u16) -> EngineError {
    EngineError::Refused { action: "do it".to_owned(), status, message: "no".to_owned() }
}

fn absent() -> EngineError {
    EngineError::Unavailable("nothing listens".into())
}

fn fail(fault: Fault) -> EngineError {
    if fault == Fault::Refused { refused(500) } else { absent() }
}

/// What happened is of no matter to a worker: it looks itself.
fn started(app: AppId) -> EngineEvent {
    let container = ContainerId("c1".to_owned());
    EngineEvent { app, service: None, container, happening: Happening::Started, time_ms: 1 }
}

fn bears(all: &BTreeMap<String, String>, wanted: &[(&str, &str)]) -> bool {
    wanted.iter().all(|(name, value)| all.get(*name).is_some_and(|found| found == value))
}

impl State {
    pub fn container(&mut self, id: &ContainerId) -> Result<&mut Boxed, EngineError> {
        self.containers.iter_mut().find(|c| c.seen.id == *id).ok_or_else(|| refused(404))
    }

    /// References of one image stand for the same id.
    pub fn id_of_image(&self, image: &str) -> String {
        let same = self.same_images.iter().find(|references| references.contains(image));
        let first = same.and_then(|references| references.first());
        format!("sha256:{}", first.map_or(image, String::as_str))
    }

    /// Tells the listeners of a container's app.
    pub fn tell(&mut self, app: Option<AppId>) {
        let Some(app) = app else { return };
        self.listeners.retain(|listener| listener.send(app).is_ok());
    }

    fn create(&mut self, spec: &ContainerSpec) -> Result<ContainerId, EngineError> {
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
        let label = |name: &str| spec.labels.get(name).cloned().unwrap_or_default();
        let network = match &spec.network {
            Network::Named { name, .. } => Some(name.clone()),
            Network::Host | Network::None | Network::Bridge => None,
        };
        let seen = Container {
            id: id.clone(),
            name: spec.name.clone(),
            app: AppId::parse(&label(labels::APP_ID)).ok(),
            service: ServiceName::parse(&label(labels::SERVICE_NAME)).ok(),
            generation: label(labels::GENERATION).parse().unwrap_or(0),
            config_hash: label(labels::CONFIG_HASH),
            state: ContainerState::Created,
            health: String::new(),
            exit_code: None,
            networks: network.into_iter().collect(),
            created_s: self.created.into(),
            labels: spec.labels.clone(),
        };
        let volumes = spec.binds.iter().filter(|b| !b.source.starts_with('/')).map(|b| b.source.clone());
        self.containers.push(Boxed {
            image: spec.image.clone(),
            policy: spec.restart,
            environment: spec.environment.clone(),
            volumes: volumes.collect(),
            starts: 0,
            has_check: spec.healthcheck.is_some(),
            was_running: false,
            seen,
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
        let check = match behaviour {
            Some(Behaviour::Healthy) => "healthy",
            Some(Behaviour::Unhealthy) => "unhealthy",
            _ => "starting",
        };
        if container.has_check { check } else { "" }.clone_into(&mut container.seen.health);
        (container.seen.state, container.seen.exit_code) = match behaviour {
            Some(Behaviour::Crashing) => (ContainerState::Restarting, None),
            Some(Behaviour::Ending(code)) => (ContainerState::Exited, Some(code)),
            _ => (ContainerState::Running, None),
        };
        container.was_running = true;
        container.starts += 1;
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
}

impl FakeDevice {
    pub async fn engine<T>(
        &self,
        name: String,
        work: impl FnOnce(&mut State) -> Result<T, EngineError> + Send,
    ) -> Result<T, EngineError> {
        self.call(name, fail, |state| if state.engine_gone { Err(absent()) } else { work(state) }).await
    }
}

#[async_trait]
impl Engine for FakeDevice {
    async fn info(&self) -> Result<EngineInfo, EngineError> {
        self.engine("info".to_owned(), |_| {
            Ok(EngineInfo {
                version: "20.10".to_owned(),
                api_version: "1.41".to_owned(),
                storage_driver: "overlay2".to_owned(),
                data_root: "/var/lib/docker".to_owned(),
            })
        })
        .await
    }

    async fn containers(&self, labels: &[(&str, &str)]) -> Result<Vec<Container>, EngineError> {
        self.engine("containers".to_owned(), |state| {
            let all = state.containers.iter().map(|c| c.seen.clone());
            Ok(all.filter(|c| bears(&c.labels, labels)).collect())
        })
        .await
    }

    async fn has_image(&self, image: &str) -> Result<bool, EngineError> {
        self.engine(format!("has image {image}"), |state| Ok(state.images.contains(image))).await
    }

    async fn image_id(&self, image: &str) -> Result<Option<String>, EngineError> {
        self.engine(format!("image id {image}"), |state| {
            Ok(state.images.contains(image).then(|| state.id_of_image(image)))
        })
        .await
    }

    async fn pull(
        &self,
        image: &str,
        credentials: Option<Credentials<'_>>,
        progress: Progress<'_>,
    ) -> Result<(), EngineError> {
        let as_whom = credentials.map(|c| format!("{}:{}@{}", c.username, c.password, c.registry));
        let (steps, factor) = {
            let mut state = self.state();
            state.pulled_as.push(as_whom);
            (state.pull_steps.clone(), state.pull_needs)
        };
        for percent in steps {
            self.engine(format!("pull {percent}"), |_| Ok(())).await?;
            let done_bytes = u64::from(percent);
            progress(Pulled { done_bytes, total_bytes: 100, needed_bytes: (100 - done_bytes) * factor });
        }
        self.engine(format!("pulled {image}"), |state| {
            state.images.insert(image.to_owned());
            Ok(())
        })
        .await
    }

    async fn images_in_use(&self) -> Result<BTreeSet<String>, EngineError> {
        self.engine("images in use".to_owned(), |state| {
            Ok(state.containers.iter().map(|c| state.id_of_image(&c.image)).collect())
        })
        .await
    }

    async fn remove_image(&self, image: &str) -> Result<ImageRemoval, EngineError> {
        self.engine(format!("remove image {image}"), |state| {
            if state.containers.iter().any(|c| c.image == image) {
                return Ok(ImageRemoval::InUse);
            }
            state.images.remove(image);
            Ok(ImageRemoval::Gone)
        })
        .await
    }

    fn body_of(&self, change: Change<'_>) -> Value {
        body_of(change)
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, EngineError> {
        self.engine(format!("create {}", spec.name), |state| state.create(spec)).await
    }

    async fn start(&self, id: &ContainerId) -> Result<(), EngineError> {
        self.engine(format!("start {id}"), |state| state.run(id)).await
    }

    async fn stop(&self, id: &ContainerId, _grace: Duration) -> Result<(), EngineError> {
        self.engine(format!("stop {id}"), |state| {
            let Ok(container) = state.container(id) else { return Ok(()) };
            if container.seen.state.is_active() {
                container.seen.state = ContainerState::Exited;
            }
            container.was_running = false;
            let app = container.seen.app;
            state.end_processes(id, 137);
            state.tell(app);
            Ok(())
        })
        .await
    }

    async fn remove(&self, id: &ContainerId) -> Result<(), EngineError> {
        self.engine(format!("remove {id}"), |state| {
            let Ok(container) = state.container(id) else { return Ok(()) };
            if container.seen.state.is_active() {
                return Err(refused(409));
            }
            let app = container.seen.app;
            state.containers.retain(|c| c.seen.id != *id);
            state.tell(app);
            Ok(())
        })
        .await
    }

    async fn rename(&self, id: &ContainerId, name: &str) -> Result<(), EngineError> {
        self.engine(format!("rename {id}"), |state| {
            name.clone_into(&mut state.container(id)?.seen.name);
            Ok(())
        })
        .await
    }

    async fn set_restart(&self, id: &ContainerId, policy: RestartPolicy) -> Result<(), EngineError> {
        self.engine(format!("policy {id}"), |state| {
            state.container(id)?.policy = policy;
            Ok(())
        })
        .await
    }

    async fn is_kept_stopped(&self, id: &ContainerId) -> Result<bool, EngineError> {
        self.engine(format!("inspect {id}"), |state| Ok(state.container(id)?.policy == RestartPolicy::No))
            .await
    }

    async fn exit_code(&self, id: &ContainerId) -> Result<Option<i64>, EngineError> {
        self.engine(format!("exit code {id}"), |state| Ok(state.container(id)?.seen.exit_code)).await
    }

    async fn vitals(&self, id: &ContainerId) -> Result<Option<Vitals>, EngineError> {
        self.engine(format!("vitals {id}"), |state| {
            let Ok(container) = state.container(id) else { return Ok(None) };
            let is_crashing = container.seen.state == ContainerState::Restarting;
            Ok(Some(Vitals {
                state: container.seen.state.clone(),
                started: container.starts.to_string(),
                exit_code: container.seen.exit_code.unwrap_or_default(),
                restarts: if is_crashing { 5 } else { 0 },
                health: container.seen.health.clone(),
                check: None,
            }))
        })
        .await
    }

    async fn volume(&self, name: &str) -> Result<Option<MadeVolume>, EngineError> {
        self.engine(format!("volume {name}"), |state| {
            Ok(state.volumes.get(name).map(|volume| volume.made_with.clone()))
        })
        .await
    }

    async fn volumes(&self, wanted: &[(&str, &str)]) -> Result<BTreeMap<String, String>, EngineError> {
        self.engine("volumes".to_owned(), |state| {
            let all = state.volumes.iter().filter(|(_, volume)| bears(&volume.labels, wanted));
            let fingerprint = |v: &FakeVolume| v.labels.get(labels::VOLUME).cloned().unwrap_or_default();
            Ok(all.map(|(name, volume)| (name.clone(), fingerprint(volume))).collect())
        })
        .await
    }

    async fn create_volume(&self, name: &str, wanted: &OwnVolume) -> Result<(), EngineError> {
        self.engine(format!("create volume {name}"), |state| {
            let made_with = MadeVolume {
                driver: wanted.options.driver.clone(),
                driver_options: wanted.options.driver_options.clone(),
            };
            let fresh = || FakeVolume { labels: wanted.labels.clone(), made_with, ..FakeVolume::default() };
            let volume = state.volumes.entry(name.to_owned()).or_insert_with(fresh);
            if volume.labels == wanted.labels { Ok(()) } else { Err(refused(409)) }
        })
        .await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        self.engine(format!("remove volume {name}"), |state| {
            if state.containers.iter().any(|c| c.volumes.iter().any(|v| v == name)) {
                return Err(refused(409));
            }
            state.volumes.remove(name);
            Ok(())
        })
        .await
    }

    async fn networks(&self) -> Result<Vec<SeenNetwork>, EngineError> {
        self.engine("networks".to_owned(), |state| {
            let gateway = Some(IpAddr::from([10, 114, 104, 1]));
            let seen = |(name, labels): (&String, &BTreeMap<String, String>)| SeenNetwork {
                name: name.clone(),
                gateway,
                labels: labels.clone(),
            };
            Ok(state.networks.iter().map(seen).collect())
        })
        .await
    }

    async fn create_network(
        &self,
        name: &str,
        _: &NetworkOptions,
        labels: &BTreeMap<String, String>,
    ) -> Result<(), EngineError> {
        self.engine(format!("create network {name}"), |state| {
            state.networks.entry(name.to_owned()).or_insert_with(|| labels.clone());
            Ok(())
        })
        .await
    }

    async fn create_supervisor_network(&self, labels: &BTreeMap<String, String>) -> Result<(), EngineError> {
        self.create_network(SUPERVISOR_NETWORK, &NetworkOptions::default(), labels).await
    }

    async fn remove_network(&self, name: &str) -> Result<NetworkRemoval, EngineError> {
        self.engine(format!("remove network {name}"), |state| {
            if state.containers.iter().any(|c| c.seen.networks.contains(name)) {
                return Ok(NetworkRemoval::InUse);
            }
            state.networks.remove(name);
            Ok(NetworkRemoval::Gone)
        })
        .await
    }

    async fn connect(&self, endpoint: &Endpoint, id: &ContainerId) -> Result<(), EngineError> {
        self.engine(format!("connect {id}"), |state| {
            state.container(id)?.seen.networks.insert(endpoint.network.clone());
            Ok(())
        })
        .await
    }

    async fn events(
        &self,
        _label: (&str, &str),
        _since_s: u64,
    ) -> Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError> {
        self.engine("events".to_owned(), |state| {
            let (sender, receiver) = mpsc::unbounded_channel();
            state.listeners.push(sender);
            Ok(UnboundedReceiverStream::new(receiver).map(|app| Ok(started(app))).boxed())
        })
        .await
    }

    async fn logs(
        &self,
        id: &ContainerId,
        reading: Reading,
    ) -> Result<BoxStream<'static, Result<Output, EngineError>>, EngineError> {
        let time = if reading.timed { format!("{SAID_AT} ") } else { String::new() };
        let line = Output { is_stderr: false, bytes: format!("{time}hello from {id}\n").into_bytes() };
        self.engine(format!("logs {id}"), |state| {
            state.output_asked = Some(reading);
            let also = state.also_said.iter().map(|line| format!("{line}\n").into_bytes());
            let also: Vec<_> = also.map(|bytes| Ok(Output { is_stderr: false, bytes })).collect();
            let said = futures_util::stream::iter([Ok(line)]).chain(futures_util::stream::iter(also));
            let end = state.output_end.take();
            let more = futures_util::stream::pending().take_until(async {
                match end {
                    Some(end) => drop(end.await),
                    None => std::future::pending().await,
                }
            });
            Ok(if reading.follow { said.chain(more).boxed() } else { said.boxed() })
        })
        .await
    }
}
