//! The reconcile loop: one worker for each app drives the engine to what the store says, in cycles of
//! observe, plan, execute. An action edits the store first and answers when its worker has converged.

pub mod attachments;
mod cancellation;
pub mod clean_up;
mod cycle;
mod download;
mod due;
pub mod engine_watch;
mod execute;
mod fault;
mod fetch;
mod first_record;
pub mod free_space;
mod handover;
mod ignored_fields;
mod observe;
mod preview;
mod reconciler;
pub mod status;
mod step_told;
mod warrant;
mod worker;

use std::sync::Arc;

use supervisor_proto::policy::Policy;
use tokio::sync::{Notify, watch};

use self::{attachments::Attachments, free_space::FreeSpace, status::StatusBoard};
pub use self::{
    ignored_fields::IgnoredFields,
    preview::Outlook,
    reconciler::{LockHold, Reconciler},
};
use crate::{
    domain::{
        environment::{ApiAccess, DeviceFacts},
        host_access::OwnPlaces,
        registry_access::RegistryAccess,
    },
    event_feed::EventFeed,
    ports::{clock::Clock, engine::Engine, host_files::HostFiles, store::Store},
};

/// What every worker shares.
pub struct Context {
    /// The container engine.
    pub engine: Arc<dyn Engine>,
    /// The apps' files.
    pub files: Arc<dyn HostFiles>,
    /// Durable state.
    pub store: Arc<dyn Store>,
    /// The time of the day.
    pub clock: Arc<dyn Clock>,
    /// Which boot this is; empty: nobody knows.
    pub boot_id: String,
    /// This installation's label.
    pub instance: String,
    /// The host path whose `<appId>` folders are the apps' `/data`.
    pub data_path: String,
    /// What the owner grants to targets that role frontend applied.
    pub policy: watch::Receiver<Policy>,
    /// Places of the host that an owner is warned of.
    pub own_places: OwnPlaces,
    /// What apps are told of the device.
    pub device: watch::Receiver<DeviceFacts>,
    /// The API's key and port, once a frontend has told them.
    pub api: watch::Receiver<Option<ApiAccess>>,
    /// What images of the cloud's own registry are fetched with, once it has been told.
    pub registry: watch::Receiver<Option<Arc<RegistryAccess>>>,
    /// Room for images.
    pub space: FreeSpace,
    /// Told whenever images may have become unwanted, or one did not fit.
    pub settled: Notify,
    /// True once core is ending.
    pub closing: watch::Receiver<bool>,
    /// What every app is doing.
    pub status: StatusBoard,
    /// What happens, for whoever follows.
    pub events: EventFeed,
    /// Who is inside which container.
    pub attachments: Arc<Attachments>,
}

#[cfg(test)]
mod fakes;
#[cfg(test)]
mod tests;
