//! Who the device is to its cloud, once it is registered there.

use std::fmt;

/// What provisioning yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// 32 or more lower-case hexadecimal digits, chosen by the device.
    pub uuid: String,
    /// The device's own key.
    pub key: DeviceKey,
    /// The cloud's number of the device; none where `config.json` does not say it.
    pub device_id: Option<u64>,
}

/// The key by which the device is known to its cloud. Never shown, not by `Debug` either.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceKey(String);

impl DeviceKey {
    /// Takes a key as it is.
    pub fn new(key: String) -> Self {
        Self(key)
    }

    /// The key itself, for a request's header and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey(…)")
    }
}
