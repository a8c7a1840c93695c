//! One step from what is to what should be. Each is harmless when repeated.

use std::{collections::BTreeSet, fmt};

use supervisor_proto::ids::ServiceName;

use super::observed::ContainerId;

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Fetch an image that is missing.
    PullImage {
        /// The image's reference.
        image: String,
    },
    /// Stop a container and keep it stopped over restarts of the engine.
    StopContainer {
        /// The container.
        id: ContainerId,
        /// Its service, when it still has one.
        service: Option<ServiceName>,
    },
    /// Stop a container if it is active, and remove it.
    RemoveContainer {
        /// The container.
        id: ContainerId,
        /// Its service, when it still has one.
        service: Option<ServiceName>,
    },
    /// Remove an image that a new release leaves behind.
    RemoveImage {
        /// The image's reference.
        image: String,
    },
    /// Give a container another name, because its successor bears the present one while both run.
    RenameContainer {
        /// The container.
        id: ContainerId,
        /// Its service.
        service: ServiceName,
        /// The new name.
        name: String,
    },
    /// Wait until a service's new container says that it has taken over.
    AwaitHandover {
        /// The service.
        service: ServiceName,
        /// Or until it has run for so long.
        timeout_ms: u64,
    },
    /// Empty the app's data folder.
    EmptyData,
    /// Remove one of the app's own volumes.
    RemoveVolume {
        /// The engine's name of the volume.
        volume: String,
    },
    /// Record that the data is gone, so that it is never emptied twice.
    RecordEmptied,
    /// Make the network over which apps reach the HTTP API. Always the last step of a plan: the containers
    /// are rendered again with its gateway.
    CreateSupervisorNetwork,
    /// Make one of the app's own networks.
    CreateNetwork {
        /// The engine's name of the network.
        network: String,
    },
    /// Make one of the app's own volumes.
    CreateVolume {
        /// The engine's name of the volume.
        volume: String,
    },
    /// Make a service's container.
    CreateContainer {
        /// The service.
        service: ServiceName,
    },
    /// Connect a service's container to a further network.
    ConnectNetwork {
        /// The service.
        service: ServiceName,
        /// The container, unless an earlier step makes it.
        id: Option<ContainerId>,
        /// The engine's name of the network.
        network: String,
    },
    /// Start a service's container.
    StartContainer {
        /// The service.
        service: ServiceName,
        /// The container, unless an earlier step makes it.
        id: Option<ContainerId>,
    },
    /// Record that every intent is carried out.
    CloseIntents,
    /// Remove one of the app's own networks.
    RemoveNetwork {
        /// The engine's name of the network.
        network: String,
    },
    /// Delete the app's record.
    ForgetApp,
}

impl Step {
    /// The service that the step is done to, if it is done to one.
    pub const fn service(&self) -> Option<&ServiceName> {
        match self {
            Self::StopContainer { service, .. } | Self::RemoveContainer { service, .. } => service.as_ref(),
            Self::CreateContainer { service }
            | Self::ConnectNetwork { service, .. }
            | Self::StartContainer { service, .. }
            | Self::RenameContainer { service, .. }
            | Self::AwaitHandover { service, .. } => Some(service),
            Self::PullImage { .. }
            | Self::RemoveImage { .. }
            | Self::EmptyData
            | Self::RemoveVolume { .. }
            | Self::RecordEmptied
            | Self::CreateSupervisorNetwork
            | Self::CreateNetwork { .. }
            | Self::CreateVolume { .. }
            | Self::CloseIntents
            | Self::RemoveNetwork { .. }
            | Self::ForgetApp => None,
        }
    }

    /// Whether the step takes something away from a running app, so that the app's update locks have to be
    /// held. `active` are the containers that have a main process.
    pub fn is_disruptive(&self, active: &BTreeSet<ContainerId>) -> bool {
        match self {
            Self::StopContainer { id, .. } | Self::RemoveContainer { id, .. } => active.contains(id),
            Self::EmptyData | Self::RemoveVolume { .. } => true,
            Self::PullImage { .. }
            | Self::RemoveImage { .. }
            | Self::RenameContainer { .. }
            | Self::AwaitHandover { .. }
            | Self::RecordEmptied
            | Self::CreateSupervisorNetwork
            | Self::CreateNetwork { .. }
            | Self::CreateVolume { .. }
            | Self::CreateContainer { .. }
            | Self::ConnectNetwork { .. }
            | Self::StartContainer { .. }
            | Self::CloseIntents
            | Self::RemoveNetwork { .. }
            | Self::ForgetApp => false,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PullImage { image } => write!(f, "pull image {image}"),
            Self::StopContainer { id, .. } => write!(f, "stop container {id}"),
            Self::RemoveContainer { id, .. } => write!(f, "remove container {id}"),
            Self::RemoveImage { image } => write!(f, "remove image {image}"),
            Self::RenameContainer { id, name, .. } => write!(f, "rename container {id} to {name}"),
            Self::AwaitHandover { service, .. } => {
                write!(f, "wait for the new container of {service} to take over")
            }
            Self::EmptyData => f.write_str("empty the data folder"),
            Self::RemoveVolume { volume } => write!(f, "remove volume {volume}"),
            Self::RecordEmptied => f.write_str("record that the data is gone"),
            Self::CreateSupervisorNetwork => f.write_str("create the supervisor network"),
            Self::CreateNetwork { network } => write!(f, "create network {network}"),
            Self::CreateVolume { volume } => write!(f, "create volume {volume}"),
            Self::CreateContainer { service } => write!(f, "create the container of {service}"),
            Self::ConnectNetwork { service, network, .. } => write!(f, "connect {service} to {network}"),
            Self::StartContainer { service, .. } => write!(f, "start {service}"),
            Self::CloseIntents => f.write_str("record the end of the work"),
            Self::RemoveNetwork { network } => write!(f, "remove network {network}"),
            Self::ForgetApp => f.write_str("forget the app"),
        }
    }
}
