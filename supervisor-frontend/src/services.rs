//! What the routes work with.

use std::{sync::Arc, time::Duration};

use supervisor_proto::client::CoreClient;

use crate::{
    auth::key_ring::KeyRing, cloud::CloudView, core_link::LinkHandle, device::DeviceFacts, health::Health,
    http::request_id::RequestIds, led::LedHandle, terminal::registry::Terminals,
};

/// Shared by all routes; built once for each thread that works on requests.
#[derive(Debug, Clone)]
pub struct Services {
    /// The key that counts.
    pub keys: Arc<KeyRing>,
    /// Calls on core, over a connection that this thread drives.
    pub core: Arc<CoreClient>,
    /// What the link to core knows, and what it is to pass on.
    pub link: LinkHandle,
    /// How the device stands with its cloud.
    pub cloud: CloudView,
    /// The identification light.
    pub led: LedHandle,
    /// What `/v1/device` says of the device itself.
    pub device: Arc<DeviceFacts>,
    /// What `/v1/healthy` says.
    pub health: Health,
    /// The web terminals.
    pub terminals: Arc<Terminals>,
    /// Names for requests.
    pub request_ids: Arc<RequestIds>,
    /// How long a request's body may take to arrive.
    pub body_deadline: Duration,
}

impl Services {
    /// The same for another thread: the way to core and back is then one between processes alone.
    #[must_use]
    pub fn for_a_thread(&self) -> Self {
        Self { core: Arc::new(self.core.beside()), ..self.clone() }
    }
}
