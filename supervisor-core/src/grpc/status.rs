//! The one map from core's errors to gRPC statuses, and the place where their causes are logged.

use supervisor_proto::{
    reason,
    v1::ErrorReason::{
        self, AppNotFound, ContainerNotRunning, ContractMismatch, EngineRefused, EngineUnavailable,
        FrontendAbsent, Internal, InvalidArgument, LimitReached, LogindUnavailable, NoShell, PolicyRefused,
        PowerRefused, StillInProgress, StoreUnavailable, UnsafePath, UpdatesLocked,
    },
};
use tonic::{Code, Status};

use crate::{
    error::{CoreError, chain},
    ports::{engine::EngineError, host_files::HostFilesError, power::PowerError, vpn::VpnError},
};

/// Turns an error into what the client gets: code, reason, subject, and its top line. Failures of core's
/// own, or of what it stands on, are logged with their causes.
pub fn to_status(error: &CoreError) -> Status {
    let (code, reason, subject) = classify(error);
    if matches!(code, Code::Internal | Code::Unavailable | Code::ResourceExhausted) {
        log::error!("call failed error='{}'", chain(error));
    }
    reason::status(code, reason, &subject, error.to_string())
}

fn classify(error: &CoreError) -> (Code, ErrorReason, String) {
    let none = String::new();
    match error {
        CoreError::InvalidId(_) | CoreError::Cycle(_) => (Code::InvalidArgument, InvalidArgument, none),
        CoreError::InvalidField { field, .. } => (Code::InvalidArgument, InvalidArgument, field.clone()),
        CoreError::AppNotFound(app) => (Code::NotFound, AppNotFound, app.to_string()),
        CoreError::ServiceNotFound { service, .. } => (Code::NotFound, AppNotFound, service.to_string()),
        CoreError::Locked { lock } => (Code::FailedPrecondition, UpdatesLocked, lock.clone()),
        CoreError::ContainerNotRunning { service } => {
            (Code::FailedPrecondition, ContainerNotRunning, service.to_string())
        }
        CoreError::NoShell { service } => (Code::FailedPrecondition, NoShell, service.to_string()),
        CoreError::PolicyRefused { what } => (Code::PermissionDenied, PolicyRefused, what.clone()),
        // No failure of core's own: it is not logged as one.
        CoreError::LimitReached(full) => (Code::FailedPrecondition, LimitReached, full.what.clone()),
        CoreError::Engine(engine) => classify_engine(engine),
        CoreError::Files(files) => classify_files(files),
        CoreError::Store(_) => (Code::ResourceExhausted, StoreUnavailable, none),
        CoreError::Power(PowerError::Unavailable(_)) | CoreError::Vpn(VpnError::Unavailable(_)) => {
            (Code::Unavailable, LogindUnavailable, none)
        }
        CoreError::Power(PowerError::Refused { why, .. }) => {
            (Code::FailedPrecondition, PowerRefused, why.clone())
        }
        CoreError::Vpn(VpnError::Refused { unit, .. }) => {
            (Code::FailedPrecondition, PowerRefused, unit.clone())
        }
        CoreError::StillInProgress { waiting_for } => {
            (Code::Unavailable, StillInProgress, waiting_for.clone())
        }
        CoreError::VolumeInUse { volume, .. } | CoreError::NoSuchVolume { volume } => {
            (Code::FailedPrecondition, EngineRefused, volume.clone())
        }
        CoreError::NetworkInUse { network } | CoreError::NoSuchNetwork { network } => {
            (Code::FailedPrecondition, EngineRefused, network.clone())
        }
        CoreError::DependencyFailed { wait } => {
            (Code::FailedPrecondition, EngineRefused, wait.dependency.to_string())
        }
        CoreError::PurgeGivenUp { why } => (Code::FailedPrecondition, UnsafePath, why.clone()),
        CoreError::NotGranted(refusals) => {
            (Code::PermissionDenied, PolicyRefused, refusals.field().to_owned())
        }
        CoreError::OwnersApp(app) => (Code::PermissionDenied, PolicyRefused, app.to_string()),
        CoreError::NoSpace { image, .. } => (Code::FailedPrecondition, EngineRefused, image.clone()),
        CoreError::ReleaseFailed { commit, .. } => (Code::FailedPrecondition, EngineRefused, commit.clone()),
        CoreError::Cancelled => (Code::Cancelled, StillInProgress, none),
        CoreError::FrontendAbsent => (Code::Unavailable, FrontendAbsent, none),
        CoreError::ContractMismatch { .. } => (Code::FailedPrecondition, ContractMismatch, none),
        CoreError::ShuttingDown => (Code::Unavailable, StillInProgress, none),
    }
}

fn classify_engine(error: &EngineError) -> (Code, ErrorReason, String) {
    match error {
        EngineError::Unavailable(_) => (Code::Unavailable, EngineUnavailable, String::new()),
        EngineError::Refused { action, .. } => (Code::FailedPrecondition, EngineRefused, action.clone()),
        EngineError::NotPulled { image, .. } => (Code::FailedPrecondition, EngineRefused, image.clone()),
        EngineError::Malformed { action, .. } => (Code::Internal, EngineRefused, action.clone()),
    }
}

fn classify_files(error: &HostFilesError) -> (Code, ErrorReason, String) {
    match error {
        HostFilesError::Locked { path } => (Code::FailedPrecondition, UpdatesLocked, path.clone()),
        HostFilesError::Unsafe { path } | HostFilesError::MountPoint { path } => {
            (Code::FailedPrecondition, UnsafePath, path.clone())
        }
        HostFilesError::Io { path, source, .. } if is_disk_unwritable(source.kind()) => {
            (Code::ResourceExhausted, StoreUnavailable, path.clone())
        }
        HostFilesError::Io { path, .. } => (Code::Internal, Internal, path.clone()),
    }
}

/// Whether the disk is full or read-only, which the device's owner can do something about.
fn is_disk_unwritable(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(kind, StorageFull | QuotaExceeded | ReadOnlyFilesystem)
}
