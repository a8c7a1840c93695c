//! The environment that the supervisor adds to a service's own; the supervisor's values win.
//! Names: `behaviour.md` §3.2 of the reference and balena's device environment variables.

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
};

use supervisor_proto::{REPORTED_VERSION, ids::ServiceName};

use super::target::AppFacts;

/// What an app needs to call the HTTP API. `Debug` hides the key.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiAccess {
    key: String,
    /// TCP port of the HTTP API.
    pub port: u16,
}

impl ApiAccess {
    /// Accepts a key of 1 to 64 word characters and a port other than 0.
    pub fn new(key: String, port: u16) -> Option<Self> {
        let word = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        ((1..=64).contains(&key.len()) && word && port != 0).then_some(Self { key, port })
    }

    /// The key itself; for containers and for an administrator only.
    pub fn expose_key(&self) -> &str {
        &self.key
    }
}

impl fmt::Debug for ApiAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiAccess").field("key", &"redacted").field("port", &self.port).finish()
    }
}

/// Facts about the device that apps are told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceFacts {
    /// The device's uuid, when it has one.
    pub uuid: Option<String>,
}

/// The variable that may differ between a container and its target without a new container: an upgrade of
/// the supervisor must not restart every app.
const VERSION_SUFFIX: &str = "_SUPERVISOR_VERSION";

/// Whether a change of this variable alone is no reason for a new container.
pub fn is_volatile(name: &str) -> bool {
    name.strip_prefix("RESIN").or_else(|| name.strip_prefix("BALENA")) == Some(VERSION_SUFFIX)
}

/// Whether this variable holds a key of an API; such values are shown to nobody but the container.
pub fn is_api_key(name: &str) -> bool {
    let rest = name.strip_prefix("RESIN").or_else(|| name.strip_prefix("BALENA"));
    matches!(rest, Some("_SUPERVISOR_API_KEY" | "_API_KEY"))
}

/// The service's environment under the supervisor's.
pub fn compose(
    own: &BTreeMap<String, String>,
    app: &AppFacts,
    service: &ServiceName,
    device: &DeviceFacts,
    api: Option<(&ApiAccess, IpAddr)>,
) -> BTreeMap<String, String> {
    let mut all = own.clone();
    let mut set = |suffix: &str, value: &str| {
        for family in ["RESIN", "BALENA"] {
            all.insert(format!("{family}{suffix}"), value.to_owned());
        }
    };
    set("", "1");
    set("_APP_ID", &app.app_id.to_string());
    set("_APP_NAME", &app.name);
    set("_SERVICE_NAME", service.as_str());
    set(VERSION_SUFFIX, REPORTED_VERSION);
    if let Some(uuid) = &device.uuid {
        set("_DEVICE_UUID", uuid);
    }
    if let Some((access, address)) = api {
        set("_SUPERVISOR_API_KEY", access.expose_key());
        set("_SUPERVISOR_HOST", &address.to_string());
        set("_SUPERVISOR_PORT", &access.port.to_string());
        set("_SUPERVISOR_ADDRESS", &format!("http://{}", SocketAddr::new(address, access.port)));
    }
    all
}

#[cfg(test)]
#[path = "environment_tests.rs"]
mod tests;
