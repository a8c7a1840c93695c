//! The device's power through systemd-logind.

use async_trait::async_trait;
use zbus::{fdo, proxy::CacheProperties};

use super::bus::{BusError, SystemBus};
use crate::ports::power::{PowerAction, PowerError, PowerManager};

/// The part of logind's manager that is used here:
/// <https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html>
#[zbus::proxy(
    interface = "org.freedesktop.login1.Manager",
    default_service = "org.freedesktop.login1",
    default_path = "/org/freedesktop/login1"
)]
trait LoginManager {
    async fn can_reboot(&self) -> zbus::Result<String>;
    async fn can_power_off(&self) -> zbus::Result<String>;
    async fn reboot(&self, interactive: bool) -> zbus::Result<()>;
    async fn power_off(&self, interactive: bool) -> zbus::Result<()>;
}

/// [`PowerManager`] through logind on the system bus.
#[derive(Debug, Clone)]
pub struct Logind {
    bus: SystemBus,
}

impl Logind {
    /// Nothing is dialled before the first call.
    pub fn new(bus: SystemBus) -> Self {
        Self { bus }
    }
}

#[async_trait]
impl PowerManager for Logind {
    async fn check(&self, action: PowerAction) -> Result<(), PowerError> {
        let answer = self.bus.run(async |connection| {
            let manager = manager(&connection).await?;
            match action {
                PowerAction::Reboot => manager.can_reboot().await,
                PowerAction::PowerOff => manager.can_power_off().await,
            }
        });
        let answer = answer.await.map_err(|error| power_error(action, error))?;
        match refusal(&answer) {
            None => Ok(()),
            Some(why) => Err(PowerError::Refused { action, why }),
        }
    }

    async fn execute(&self, action: PowerAction) -> Result<(), PowerError> {
        let accepted = self.bus.run(async |connection| {
            let manager = manager(&connection).await?;
            match action {
                PowerAction::Reboot => manager.reboot(false).await,
                PowerAction::PowerOff => manager.power_off(false).await,
            }
        });
        accepted.await.map_err(|error| power_error(action, error))
    }
}

async fn manager(connection: &zbus::Connection) -> zbus::Result<LoginManagerProxy<'static>> {
    LoginManagerProxy::builder(connection).cache_properties(CacheProperties::No).build().await
}

/// What an answer other than `yes` means.
fn refusal(answer: &str) -> Option<String> {
    let why = match answer {
        "yes" => return None,
        "na" => "this device does not support it",
        "no" => "its policy forbids it",
        "challenge" => "an administrator has to confirm it",
        "inhibited" | "inhibitor-blocked" | "challenge-inhibitor-blocked" => {
            "a program on the device holds it off"
        }
        _ => "it gave an unknown answer",
    };
    Some(why.to_owned())
}

/// A refusal where logind or the bus refused; anything else means that logind was not there to decide.
fn power_error(action: PowerAction, error: BusError) -> PowerError {
    let why = match &error {
        BusError::Call(zbus::Error::FDO(fault)) => match &**fault {
            fdo::Error::AccessDenied(_) => "access is denied",
            fdo::Error::InteractiveAuthorizationRequired(_) => "an administrator has to confirm it",
            _ => return PowerError::Unavailable(Box::new(error)),
        },
        BusError::Call(zbus::Error::MethodError(name, _, _)) => match name.as_str() {
            "org.freedesktop.login1.OperationInProgress" => "another shutdown or sleep is in progress",
            "org.freedesktop.login1.BlockedByInhibitorLock" => "a program on the device holds it off",
            "org.freedesktop.login1.SleepVerbNotSupported" => "this device does not support it",
            _ => return PowerError::Unavailable(Box::new(error)),
        },
        BusError::Call(_) | BusError::Connect(_) | BusError::Deadline(_) => {
            return PowerError::Unavailable(Box::new(error));
        }
    };
    PowerError::Refused { action, why: why.to_owned() }
}
