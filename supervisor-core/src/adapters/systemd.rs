//! What systemd says about the whole device, and what it can be asked for.

use zbus::{OwnedObjectPath, proxy::CacheProperties};

use super::bus::{BusError, SystemBus};

/// The part of systemd's manager that is used here:
/// <https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.systemd1.html>
#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Manager",
    default_service = "org.freedesktop.systemd1",
    default_path = "/org/freedesktop/systemd1"
)]
pub(super) trait SystemdManager {
    /// Queues a job; `mode` is how it gets on with others.
    async fn start_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    async fn stop_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    #[zbus(property)]
    fn system_state(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn version(&self) -> zbus::Result<String>;
}

/// The device's overall state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemState {
    /// `initializing`, `starting`, `running`, `degraded`, `maintenance` or `stopping`.
    pub state: String,
    /// systemd's version, for example `252.39-1~deb12u1`.
    pub version: String,
}

impl SystemState {
    /// Asks systemd over the bus, within the bus' deadline.
    pub async fn query(bus: &SystemBus) -> Result<Self, BusError> {
        bus.run(async |connection| {
            let manager = SystemdManagerProxy::builder(&connection)
                .cache_properties(CacheProperties::No)
                .build()
                .await?;
            Ok(Self { state: manager.system_state().await?, version: manager.version().await? })
        })
        .await
    }
}
