//! What can go wrong with a call, in core's own words; `grpc::status` maps it to the wire.

use supervisor_proto::ids::{AppId, InvalidId, ServiceName};

use crate::{
    domain::{dependency::Wait, order::Cycle, policy::Refusals, size::Size},
    ports::{
        engine::EngineError, host_files::HostFilesError, power::PowerError, store::StoreError, vpn::VpnError,
    },
    reconcile::attachments::Full,
};

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// An id or name is not acceptable.
    #[error(transparent)]
    InvalidId(#[from] InvalidId),
    /// A field of a request is not acceptable.
    #[error("{field}: {problem}")]
    InvalidField {
        /// The field's path, for example `services.web.image`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Services wait for each other.
    #[error(transparent)]
    Cycle(#[from] Cycle),
    /// There is no such app.
    #[error("app {0} is not known")]
    AppNotFound(AppId),
    /// There is no such service.
    #[error("app {app} has no service {service}")]
    ServiceNotFound {
        /// The app.
        app: AppId,
        /// The service asked for.
        service: ServiceName,
    },
    /// An update lock is held.
    #[error("updates are locked: {lock}")]
    Locked {
        /// The lock as the app sees it, or what else holds it.
        lock: String,
    },
    /// The service's container does not run.
    #[error("the container of service {service} is not running")]
    ContainerNotRunning {
        /// The service.
        service: ServiceName,
    },
    /// The image has no shell.
    #[error("the image of service {service} has no shell: neither sh nor bash")]
    NoShell {
        /// The service.
        service: ServiceName,
    },
    /// Role frontend asked for something that is the owner's alone.
    #[error("{what} is only for the device's owner")]
    PolicyRefused {
        /// What was asked for, or what the container holds.
        what: String,
    },
    /// As many as allowed are open.
    #[error(transparent)]
    LimitReached(#[from] Full),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The apps' files could not be changed.
    #[error(transparent)]
    Files(HostFilesError),
    /// The store could not be written.
    #[error("the store cannot be written")]
    Store(#[from] StoreError),
    /// logind failed.
    #[error(transparent)]
    Power(#[from] PowerError),
    /// The VPN could not be started or stopped.
    #[error(transparent)]
    Vpn(#[from] VpnError),
    /// The work goes on, but its end is not in sight.
    #[error("still in progress: {waiting_for}")]
    StillInProgress {
        /// What is being waited for.
        waiting_for: String,
    },
    /// A volume cannot be removed because something else uses it.
    #[error("volume {volume} is in use")]
    VolumeInUse {
        /// The engine's name of the volume.
        volume: String,
        /// What the engine said.
        #[source]
        source: EngineError,
    },
    /// A volume that somebody else should have made is not there.
    #[error("the external volume {volume} does not exist: make it, or correct its name")]
    NoSuchVolume {
        /// The engine's name of the volume.
        volume: String,
    },
    /// A network has to go or to be made anew, and something that is not of the app is on it.
    #[error("network {network} is in use by a container that is not of this app: disconnect it")]
    NetworkInUse {
        /// The engine's name of the network.
        network: String,
    },
    /// A network that somebody else should have made is not there.
    #[error("the external network {network} does not exist: make it, or correct its name")]
    NoSuchNetwork {
        /// The engine's name of the network.
        network: String,
    },
    /// A service is not started because of what has become of another.
    #[error("{wait}")]
    DependencyFailed {
        /// Which, and why.
        wait: Wait,
    },
    /// Something that must not be removed stands in the way of a purge; the app runs again.
    #[error("the purge was given up: {why}")]
    PurgeGivenUp {
        /// What stands in the way.
        why: String,
    },
    /// The owner's policy does not allow role frontend to have this run.
    #[error("{0}")]
    NotGranted(Refusals),
    /// Role frontend may not replace what the owner applied.
    #[error(
        "app {0} was applied by the owner, and only the owner may change it: remove it first, or choose another id"
    )]
    OwnersApp(AppId),
    /// An image does not fit where the engine keeps images.
    #[error(
        "no space for image {image}: {} are needed, {} are free, of which {} are kept: make room, or choose a smaller image",
        Size(*.needed_bytes), Size(*.free_bytes), Size(*.reserve_bytes)
    )]
    NoSpace {
        /// The image.
        image: String,
        /// What is still to be written, as far as is known: an estimate.
        needed_bytes: u64,
        /// What is free.
        free_bytes: u64,
        /// What has to stay free.
        reserve_bytes: u64,
    },
    /// A release did not run as it should.
    #[error("release {commit} was given up: {reason}")]
    ReleaseFailed {
        /// The release.
        commit: String,
        /// The release that runs instead; empty for none.
        restored: String,
        /// Why.
        reason: String,
    },
    /// A running pull was cancelled.
    #[error("the download was cancelled")]
    Cancelled,
    /// No frontend is connected, or it did not answer.
    #[error("no frontend is connected")]
    FrontendAbsent,
    /// The client was built from another contract.
    #[error("the client speaks contract {theirs}, core {ours}: install the same release of both", ours = supervisor_proto::CONTRACT_VERSION)]
    ContractMismatch {
        /// The client's version of the contract.
        theirs: u32,
    },
    /// Core is ending.
    #[error("core is shutting down")]
    ShuttingDown,
}

impl From<HostFilesError> for CoreError {
    fn from(error: HostFilesError) -> Self {
        match error {
            HostFilesError::Locked { path } => Self::Locked { lock: path },
            other @ (HostFilesError::Unsafe { .. }
            | HostFilesError::MountPoint { .. }
            | HostFilesError::Io { .. }) => Self::Files(other),
        }
    }
}

/// An error with its causes, for one log line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
