//! The container engine, as far as core needs one.

mod error;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use serde_json::Value;
use supervisor_proto::ids::{AppId, ServiceName};

pub use self::error::{EngineError, EngineSaid, NotPulled};
use crate::domain::{
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
};

/// What the engine says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineInfo {
    /// Its own version.
    pub version: String,
    /// The newest API version that it offers.
    pub api_version: String,
    /// How it stores layers, for example `overlay2`.
    pub storage_driver: String,
    /// Where it keeps images and volumes, as the host sees it.
    pub data_root: String,
}

/// Something happened to a container of this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineEvent {
    /// The app that the container belongs to.
    pub app: AppId,
    /// Its service, when its label tells.
    pub service: Option<ServiceName>,
    /// The container.
    pub container: ContainerId,
    /// What happened.
    pub happening: Happening,
    /// When, milliseconds since 1970, by the engine's clock.
    pub time_ms: u64,
}

/// A network of the engine, whosever.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenNetwork {
    /// The engine's name of it.
    pub name: String,
    /// The host's address on it, if it has one.
    pub gateway: Option<IpAddr>,
    /// All of its labels.
    pub labels: BTreeMap<String, String>,
}

/// How the removal of an image ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageRemoval {
    /// The reference is gone, and the image with it if it was the last one.
    Gone,
    /// A container or another image uses it.
    InUse,
}

/// How the removal of a network ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkRemoval {
    /// It is gone.
    Gone,
    /// Somebody's container is on it.
    InUse,
}

/// A piece of a container's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// From the standard error; otherwise from the standard output, or from a terminal.
    pub is_stderr: bool,
    /// The bytes as they came.
    pub bytes: Vec<u8>,
}

/// What is read of a container's output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// Go on with what comes.
    pub follow: bool,
    /// So many lines from the end; `None`: all.
    pub tail: Option<u32>,
    /// What the engine took at this time or later, nanoseconds since 1970. Some engines know no such fractions.
    pub since_ns: Option<u64>,
    /// Each line begins with the time at which the engine took it, and a blank.
    pub timed: bool,
}

/// Something that the engine is asked to make, or to join.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// [`Engine::create`].
    Container(&'a ContainerSpec),
    /// [`Engine::create_volume`].
    Volume {
        /// The engine's name.
        name: &'a str,
        /// What it is made from.
        volume: &'a OwnVolume,
    },
    /// [`Engine::create_network`].
    Network {
        /// The engine's name.
        name: &'a str,
        /// What it is made from.
        options: &'a NetworkOptions,
        /// All of its labels.
        labels: &'a BTreeMap<String, String>,
    },
    /// [`Engine::connect`].
    Connection {
        /// The network, and how the container is on it.
        endpoint: &'a Endpoint,
        /// The container.
        container: &'a ContainerId,
    },
}

/// Called as a pull goes on, with what is known of it by then.
pub type Progress<'a> = &'a (dyn Fn(Pulled) + Send + Sync);

/// <https://docs.docker.com/reference/api/engine/>
///
/// What is already as wanted is success: an absent container is removed, a running one is started.
#[async_trait]
pub trait Engine: Send + Sync {
    /// What it says about itself.
    async fn info(&self) -> Result<EngineInfo, EngineError>;

    /// Whose engine it is; asks it only where that is not known.
    async fn kind(&self) -> Result<EngineKind, EngineError>;

    /// Containers that bear all of these labels.
    async fn containers(&self, labels: &[(&str, &str)]) -> Result<Vec<Container>, EngineError>;

    /// Whether the image is there.
    async fn has_image(&self, image: &str) -> Result<bool, EngineError>;

    /// The engine's id of the image that the reference stands for, if it is there.
    async fn image_id(&self, image: &str) -> Result<Option<String>, EngineError>;

    /// Fetches an image, with name and password where its registry is to have them. Dropping the call ends the
    /// pull.
    async fn pull(
        &self,
        image: &str,
        credentials: Option<Credentials<'_>>,
        progress: Progress<'_>,
    ) -> Result<(), EngineError>;

    /// Ids of the images of all containers, whosever they are and whatever their state.
    async fn images_in_use(&self) -> Result<BTreeSet<String>, EngineError>;

    /// Removes an image's reference, and the image itself if nothing else stands for it; an absent one is gone.
    /// Never by force.
    async fn remove_image(&self, image: &str) -> Result<ImageRemoval, EngineError>;

    /// The JSON body that goes to the engine with this change: the owner's policy is about it, and the calls
    /// below send it as it is. Asks nobody, and says the same whenever it is asked.
    fn body_of(&self, change: Change<'_>) -> Value;

    /// Makes a container.
    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, EngineError>;

    /// Starts a container.
    async fn start(&self, id: &ContainerId) -> Result<(), EngineError>;

    /// Stops a container: the stop signal, and after `grace` the kill.
    async fn stop(&self, id: &ContainerId, grace: Duration) -> Result<(), EngineError>;

    /// Removes a container that has stopped, with its anonymous volumes.
    async fn remove(&self, id: &ContainerId) -> Result<(), EngineError>;

    /// Gives a container another name.
    async fn rename(&self, id: &ContainerId, name: &str) -> Result<(), EngineError>;

    /// Changes a container's restart policy.
    async fn set_restart(&self, id: &ContainerId, policy: RestartPolicy) -> Result<(), EngineError>;

    /// Whether the engine has been told never to restart the container: our own stop does that first.
    async fn is_kept_stopped(&self, id: &ContainerId) -> Result<bool, EngineError>;

    /// How a container's main process ended; none while one runs. Unlike the list, this is true from the moment on
    /// at which the engine tells that the process has ended.
    async fn exit_code(&self, id: &ContainerId) -> Result<Option<i64>, EngineError>;

    /// How the container does; none: there is no such container.
    async fn vitals(&self, id: &ContainerId) -> Result<Option<Vitals>, EngineError>;

    /// What the volume of this name was made with, whosever it is; none: there is no such volume.
    async fn volume(&self, name: &str) -> Result<Option<MadeVolume>, EngineError>;

    /// Volumes that bear all of these labels: by engine name, the fingerprint that its labels tell.
    async fn volumes(&self, labels: &[(&str, &str)]) -> Result<BTreeMap<String, String>, EngineError>;

    /// Makes a volume; one of that name that is somebody else's, or has other options, is refused.
    async fn create_volume(&self, name: &str, volume: &OwnVolume) -> Result<(), EngineError>;

    /// Removes a volume.
    async fn remove_volume(&self, name: &str) -> Result<(), EngineError>;

    /// Every network of the engine.
    async fn networks(&self) -> Result<Vec<SeenNetwork>, EngineError>;

    /// Makes a network that bears these labels.
    async fn create_network(
        &self,
        name: &str,
        options: &NetworkOptions,
        labels: &BTreeMap<String, String>,
    ) -> Result<(), EngineError>;

    /// Makes the supervisor's bridge: a fixed interface name, a fixed subnet where that is free.
    async fn create_supervisor_network(&self, labels: &BTreeMap<String, String>) -> Result<(), EngineError>;

    /// Removes a network, unless something is on it.
    async fn remove_network(&self, name: &str) -> Result<NetworkRemoval, EngineError>;

    /// Connects a container to a network.
    async fn connect(&self, endpoint: &Endpoint, id: &ContainerId) -> Result<(), EngineError>;

    /// Events of containers that bear this label, from `since_s` (seconds since 1970) on: what happened
    /// between then and this call is told again. The stream ends when the engine does.
    async fn events(
        &self,
        label: (&str, &str),
        since_s: u64,
    ) -> Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError>;

    /// A container's output.
    async fn logs(
        &self,
        id: &ContainerId,
        reading: Reading,
    ) -> Result<BoxStream<'static, Result<Output, EngineError>>, EngineError>;
}
