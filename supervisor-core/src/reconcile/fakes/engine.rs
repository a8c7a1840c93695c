//! The fake device's container engine.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{StreamExt, stream::BoxStream};
use supervisor_proto::ids::AppId;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::device::{FakeDevice, Fault, State};
use crate::{
    adapters::docker::body_of,
    domain::{
        container::ContainerSpec,
        engine_kind::EngineKind,
        event::Happening,
        layers::Pulled,
        network::{Endpoint, NetworkOptions},
        observed::{Container, ContainerId},
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

/// Whether all of these labels are there.
pub fn bears(all: &BTreeMap<String, String>, wanted: &[(&str, &str)]) -> bool {
    wanted.iter().all(|(name, value)| all.get(*name).is_some_and(|found| found == value))
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

    async fn kind(&self) -> Result<EngineKind, EngineError> {
        self.engine("kind".to_owned(), |state| Ok(state.engine_kind)).await
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
            progress(Pulled {
                done_bytes,
                total_bytes: 100,
                needed_bytes: (100 - done_bytes) * factor,
                whole_bytes: 100 * factor,
            });
        }
        self.engine(format!("pulled {image}"), |state| {
            state.images.insert(image.to_owned());
            Ok(())
        })
        .await
    }

    async fn images_in_use(&self) -> Result<BTreeSet<String>, EngineError> {
        self.engine("images in use".to_owned(), |state| Ok(state.images_in_use())).await
    }

    async fn remove_image(&self, image: &str) -> Result<ImageRemoval, EngineError> {
        self.engine(format!("remove image {image}"), |state| Ok(state.remove_image(image))).await
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
            state.stop(id);
            Ok(())
        })
        .await
    }

    async fn remove(&self, id: &ContainerId) -> Result<(), EngineError> {
        self.engine(format!("remove {id}"), |state| state.remove(id)).await
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
        self.engine(format!("vitals {id}"), |state| Ok(state.container(id).ok().map(|c| c.vitals()))).await
    }

    async fn volume(&self, name: &str) -> Result<Option<MadeVolume>, EngineError> {
        self.engine(format!("volume {name}"), |state| {
            Ok(state.volumes.get(name).map(|volume| volume.made_with.clone()))
        })
        .await
    }

    async fn volumes(&self, wanted: &[(&str, &str)]) -> Result<BTreeMap<String, String>, EngineError> {
        self.engine("volumes".to_owned(), |state| Ok(state.fingerprints(wanted))).await
    }

    async fn create_volume(&self, name: &str, wanted: &OwnVolume) -> Result<(), EngineError> {
        self.engine(format!("create volume {name}"), |state| state.create_volume(name, wanted)).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        self.engine(format!("remove volume {name}"), |state| state.remove_volume(name)).await
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
        self.engine(format!("logs {id}"), |state| Ok(state.output_of(id, reading))).await
    }
}
