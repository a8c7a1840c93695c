//! The Docker engine, and whatever else serves its API: transport, requests and answers. None of its types
//! leave this folder.
//!
//! Source for every call: <https://docs.docker.com/reference/api/engine/>, version 1.41 and later.

mod answers;
mod bodies;
mod confinement;
mod containers;
mod dialect;
mod events;
mod exec;
mod frames;
mod images;
mod info;
mod logs;
mod network_request;
mod networks;
mod path;
mod podman_settings;
mod pull;
mod refusal;
mod registry_auth;
mod request;
mod settings;
mod transport;
mod upgrade;
mod vitals;
mod volumes;

#[cfg(test)]
mod documentation_tests;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod recorded_tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use serde_json::Value;

pub use self::bodies::body_of;
use self::transport::Transport;
use crate::{
    domain::{
        confinement::Confinement,
        container::ContainerSpec,
        engine_kind::EngineKind,
        network::{Endpoint, NetworkOptions},
        observed::{Container, ContainerId},
        registry_access::Credentials,
        target::RestartPolicy,
        trial::Vitals,
        volume::{MadeVolume, OwnVolume},
    },
    ports::{
        engine::{
            Change, Engine, EngineError, EngineEvent, EngineInfo, ImageRemoval, NetworkRemoval, Output,
            Progress, Reading, SeenNetwork,
        },
        exec::{Command, Exec, ExecEngine, ExecId, ExecState, Life, WindowSize},
    },
};

/// An engine behind a Unix socket.
#[derive(Debug)]
pub struct DockerEngine {
    transport: Transport,
    host_root: PathBuf,
}

impl DockerEngine {
    /// The engine whose API socket is `socket`; nothing is dialled yet. `host_root` is where this process sees
    /// the host's `/`.
    pub fn new(socket: &Path, host_root: PathBuf) -> Self {
        Self { transport: Transport::new(socket), host_root }
    }
}

#[async_trait]
impl Engine for DockerEngine {
    async fn info(&self) -> Result<EngineInfo, EngineError> {
        info::info(&self.transport).await
    }

    async fn kind(&self) -> Result<EngineKind, EngineError> {
        Ok(self.transport.known_dialect().await?.kind)
    }

    async fn containers(&self, labels: &[(&str, &str)]) -> Result<Vec<Container>, EngineError> {
        containers::list(&self.transport, labels).await
    }

    async fn has_image(&self, image: &str) -> Result<bool, EngineError> {
        Ok(images::id_of(&self.transport, image).await?.is_some())
    }

    async fn image_id(&self, image: &str) -> Result<Option<String>, EngineError> {
        images::id_of(&self.transport, image).await
    }

    async fn pull(
        &self,
        image: &str,
        credentials: Option<Credentials<'_>>,
        progress: Progress<'_>,
    ) -> Result<(), EngineError> {
        pull::pull(&self.transport, image, credentials, progress).await
    }

    async fn images_in_use(&self) -> Result<BTreeSet<String>, EngineError> {
        images::in_use(&self.transport).await
    }

    async fn remove_image(&self, image: &str) -> Result<ImageRemoval, EngineError> {
        images::remove(&self.transport, image).await
    }

    fn body_of(&self, change: Change<'_>) -> Value {
        body_of(change)
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, EngineError> {
        containers::create(&self.transport, spec).await
    }

    async fn start(&self, id: &ContainerId) -> Result<(), EngineError> {
        containers::start(&self.transport, id).await
    }

    async fn stop(&self, id: &ContainerId, grace: Duration) -> Result<(), EngineError> {
        containers::stop(&self.transport, id, grace).await
    }

    async fn remove(&self, id: &ContainerId) -> Result<(), EngineError> {
        containers::remove(&self.transport, id).await
    }

    async fn rename(&self, id: &ContainerId, name: &str) -> Result<(), EngineError> {
        containers::rename(&self.transport, id, name).await
    }

    async fn set_restart(&self, id: &ContainerId, policy: RestartPolicy) -> Result<(), EngineError> {
        containers::set_restart(&self.transport, id, policy).await
    }

    async fn vitals(&self, id: &ContainerId) -> Result<Option<Vitals>, EngineError> {
        vitals::vitals(&self.transport, id).await
    }

    async fn is_kept_stopped(&self, id: &ContainerId) -> Result<bool, EngineError> {
        containers::is_kept_stopped(&self.transport, id).await
    }

    async fn exit_code(&self, id: &ContainerId) -> Result<Option<i64>, EngineError> {
        containers::exit_code_of(&self.transport, id).await
    }

    async fn volume(&self, name: &str) -> Result<Option<MadeVolume>, EngineError> {
        volumes::inspect(&self.transport, name).await
    }

    async fn volumes(&self, labels: &[(&str, &str)]) -> Result<BTreeMap<String, String>, EngineError> {
        volumes::list(&self.transport, labels).await
    }

    async fn create_volume(&self, name: &str, volume: &OwnVolume) -> Result<(), EngineError> {
        volumes::create(&self.transport, name, volume).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        volumes::remove(&self.transport, name).await
    }

    async fn networks(&self) -> Result<Vec<SeenNetwork>, EngineError> {
        networks::list(&self.transport).await
    }

    async fn create_network(
        &self,
        name: &str,
        options: &NetworkOptions,
        labels: &BTreeMap<String, String>,
    ) -> Result<(), EngineError> {
        networks::create(&self.transport, name, options, labels).await
    }

    async fn create_supervisor_network(&self, labels: &BTreeMap<String, String>) -> Result<(), EngineError> {
        networks::create_supervisor(&self.transport, labels).await
    }

    async fn remove_network(&self, name: &str) -> Result<NetworkRemoval, EngineError> {
        networks::remove(&self.transport, name).await
    }

    async fn connect(&self, endpoint: &Endpoint, id: &ContainerId) -> Result<(), EngineError> {
        networks::connect(&self.transport, endpoint, id).await
    }

    async fn events(
        &self,
        label: (&str, &str),
        since_s: u64,
    ) -> Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError> {
        events::listen(&self.transport, label, since_s).await
    }

    async fn logs(
        &self,
        id: &ContainerId,
        reading: Reading,
    ) -> Result<BoxStream<'static, Result<Output, EngineError>>, EngineError> {
        logs::read(&self.transport, id, reading).await
    }
}

#[async_trait]
impl ExecEngine for DockerEngine {
    async fn exec(&self, container: &ContainerId, command: &Command) -> Result<Exec, EngineError> {
        exec::start(&self.transport, container, command).await
    }

    async fn resize(&self, exec: &ExecId, size: WindowSize) -> Result<(), EngineError> {
        exec::resize(&self.transport, exec, size).await
    }

    async fn exec_state(&self, exec: &ExecId) -> Result<ExecState, EngineError> {
        exec::state(&self.transport, exec).await
    }

    async fn life(&self, container: &ContainerId) -> Result<Option<Life>, EngineError> {
        containers::life(&self.transport, container).await
    }

    async fn confinement(&self, container: &ContainerId) -> Result<Confinement, EngineError> {
        confinement::of(&self.transport, &self.host_root, container).await
    }
}
