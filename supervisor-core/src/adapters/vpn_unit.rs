//! The VPN as a unit of systemd's.

use async_trait::async_trait;
use zbus::{fdo, proxy::CacheProperties};

use super::{
    bus::{BusError, SystemBus},
    systemd::SystemdManagerProxy,
};
use crate::ports::vpn::{Vpn, VpnError, VpnOutcome};

/// A job takes the place of one that contradicts it.
const MODE: &str = "replace";

/// [`Vpn`] through systemd on the system bus.
#[derive(Debug, Clone)]
pub struct VpnUnit {
    bus: SystemBus,
    unit: String,
}

impl VpnUnit {
    /// Nothing is dialled before the first call. `unit` is the unit's full name, for example `openvpn.service`.
    pub const fn new(bus: SystemBus, unit: String) -> Self {
        Self { bus, unit }
    }
}

#[async_trait]
impl Vpn for VpnUnit {
    async fn set(&self, up: bool) -> Result<VpnOutcome, VpnError> {
        let unit = self.unit.clone();
        let job = self.bus.run(async move |connection| {
            let builder = SystemdManagerProxy::builder(&connection).cache_properties(CacheProperties::No);
            let manager = builder.build().await?;
            if up { manager.start_unit(&unit, MODE).await } else { manager.stop_unit(&unit, MODE).await }
        });
        match job.await {
            Ok(_) => Ok(VpnOutcome::Accepted),
            Err(error) => outcome(&self.unit, error),
        }
    }
}

/// A unit that is not there is no failure; a refusal where systemd or the bus refused; anything else means that
/// systemd was not there to decide.
fn outcome(unit: &str, error: BusError) -> Result<VpnOutcome, VpnError> {
    let why = match &error {
        BusError::Call(zbus::Error::MethodError(name, _, _)) => match name.as_str() {
            // <https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.systemd1.html>
            "org.freedesktop.systemd1.NoSuchUnit" => return Ok(VpnOutcome::Absent),
            "org.freedesktop.systemd1.UnitMasked" => "the unit is masked",
            "org.freedesktop.systemd1.OnlyByDependency" => "the unit starts only with others",
            _ => return Err(VpnError::Unavailable(Box::new(error))),
        },
        BusError::Call(zbus::Error::FDO(fault)) => match &**fault {
            fdo::Error::AccessDenied(_) | fdo::Error::InteractiveAuthorizationRequired(_) => {
                "access is denied"
            }
            _ => return Err(VpnError::Unavailable(Box::new(error))),
        },
        BusError::Call(_) | BusError::Connect(_) | BusError::Deadline(_) => {
            return Err(VpnError::Unavailable(Box::new(error)));
        }
    };
    Err(VpnError::Refused { unit: unit.to_owned(), why })
}
