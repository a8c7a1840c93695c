//! The owner's `config.json`, in balenaOS format. Keys that are not listed here are nobody's business here.

use std::{fmt, io, path::Path, time::Duration};

use serde_json::{Map, Value};

use super::device::DeviceKey;
use crate::{cloud::api::ApiEndpoint, durable_file};

/// More than any real file.
const MAX_BYTES: u64 = 1 << 20;
/// The longest key, uuid or word that is taken.
const MAX_WORD: usize = 256;
/// The longest uuid; the format's own have 32 or 62 digits.
const MAX_UUID: usize = 64;

/// A key that registers devices in a fleet. Never shown, not by `Debug` either.
#[derive(Clone, PartialEq, Eq)]
pub struct ProvisioningKey(String);

impl ProvisioningKey {
    /// The key itself, for a request's header and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ProvisioningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProvisioningKey(…)")
    }
}

/// What the frontend uses of the file. A key that is absent, `null`, empty or wrong is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceConfig {
    /// `apiEndpoint`: the cloud's API.
    pub api_endpoint: Option<ApiEndpoint>,
    /// `logsEndpoint`: where log lines go, if not to the API.
    pub logs_endpoint: Option<ApiEndpoint>,
    /// `balenaRootCA`: a certificate authority, PEM in base64.
    pub root_ca: Option<String>,
    /// `uuid`: the device's name in its fleet.
    pub uuid: Option<String>,
    /// `apiKey`: registers the device.
    pub api_key: Option<ProvisioningKey>,
    /// `deviceApiKey`: the device's own key.
    pub device_api_key: Option<DeviceKey>,
    /// `deviceId`: the cloud's number of the device.
    pub device_id: Option<u64>,
    /// `registered_at`: set once the device is registered.
    pub registered_at: Option<u64>,
    /// `applicationId`: the fleet's number.
    pub application_id: Option<u64>,
    /// `userId`: who made the file; old servers want it.
    pub user_id: Option<u64>,
    /// `deviceType`: the slug of the kind of device.
    pub device_type: Option<String>,
    /// `developmentMode`.
    pub development_mode: Option<bool>,
    /// `appUpdatePollInterval`, milliseconds.
    pub poll_interval: Option<Duration>,
    /// `bootstrapRetryDelay`, milliseconds: between attempts to register.
    pub bootstrap_retry_delay: Option<Duration>,
}

/// A key whose value is not what the format says; it counts as absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mistake {
    /// The key.
    pub key: &'static str,
    /// What the format says.
    pub expected: &'static str,
}

/// The file says nothing.
#[derive(Debug, thiserror::Error)]
pub enum ConfigJsonError {
    /// It is there and cannot be read.
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
    /// It is longer than any such file.
    #[error("has more than {MAX_BYTES} bytes")]
    TooLong,
    /// It is torn, or not JSON.
    #[error("is not JSON")]
    NotJson(#[source] serde_json::Error),
}

/// Reads the file; `None` without one. Blocks on the disk.
pub fn read(path: &Path) -> Result<Option<(DeviceConfig, Vec<Mistake>)>, ConfigJsonError> {
    match durable_file::read(path, MAX_BYTES).map_err(ConfigJsonError::Unreadable)? {
        None => Ok(None),
        Some(text) if text.len() as u64 > MAX_BYTES => Err(ConfigJsonError::TooLong),
        Some(text) => parse(&text).map(Some),
    }
}

/// Understands the text of the file.
pub fn parse(text: &[u8]) -> Result<(DeviceConfig, Vec<Mistake>), ConfigJsonError> {
    let keys: Map<String, Value> = serde_json::from_slice(text).map_err(ConfigJsonError::NotJson)?;
    let mut reader = Reader { keys: &keys, mistakes: Vec::new() };
    let config = DeviceConfig {
        api_endpoint: reader.endpoint("apiEndpoint"),
        logs_endpoint: reader.endpoint("logsEndpoint"),
        root_ca: reader.text("balenaRootCA", "a PEM file in base64", |_| true),
        uuid: reader.text("uuid", "up to 64 hexadecimal digits", is_uuid),
        api_key: reader.text("apiKey", KEY, is_key).map(ProvisioningKey),
        device_api_key: reader.text("deviceApiKey", KEY, is_key).map(DeviceKey::new),
        device_id: reader.number("deviceId"),
        registered_at: reader.number("registered_at"),
        application_id: reader.number("applicationId"),
        user_id: reader.number("userId"),
        device_type: reader.text("deviceType", "the slug of a device type", is_key),
        development_mode: reader.switch("developmentMode"),
        poll_interval: reader.number("appUpdatePollInterval").map(Duration::from_millis),
        bootstrap_retry_delay: reader.number("bootstrapRetryDelay").map(Duration::from_millis),
    };
    Ok((config, reader.mistakes))
}

const KEY: &str = "up to 256 letters, digits and signs";

fn is_uuid(text: &str) -> bool {
    text.len() <= MAX_UUID && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether this can be a key: what a header takes, and core.
pub fn is_key(text: &str) -> bool {
    (1..=MAX_WORD).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

struct Reader<'a> {
    keys: &'a Map<String, Value>,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    fn text(
        &mut self,
        key: &'static str,
        expected: &'static str,
        fits: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let read = |value: &Value| value.as_str().filter(|text| fits(text)).map(ToOwned::to_owned);
        self.take(key, expected, read)
    }

    fn endpoint(&mut self, key: &'static str) -> Option<ApiEndpoint> {
        self.take(key, "an http or https URL", |value| value.as_str()?.parse().ok())
    }

    /// A whole number above zero; some tools write it as a string.
    fn number(&mut self, key: &'static str) -> Option<u64> {
        let read = |value: &Value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        };
        self.take(key, "a whole number above 0", |value| read(value).filter(|number| *number > 0))
    }

    fn switch(&mut self, key: &'static str) -> Option<bool> {
        self.take(key, "true or false", Value::as_bool)
    }

    fn take<T>(
        &mut self,
        key: &'static str,
        expected: &'static str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.keys.get(key).filter(|value| !value.is_null() && value.as_str() != Some(""))?;
        let found = read(value);
        if found.is_none() {
            self.mistakes.push(Mistake { key, expected });
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(value: &Value) -> (DeviceConfig, Vec<&'static str>) {
        let (config, mistakes) = parse(value.to_string().as_bytes()).unwrap();
        (config, mistakes.into_iter().map(|mistake| mistake.key).collect())
    }

    #[test]
    fn file_of_a_new_device_gives_every_key() {
        let (config, mistakes) = parsed(&json!({
            "apiEndpoint": "https://api.example.org", "apiKey": "CpyQ", "applicationId": 1667, "userId": 2,
            "deviceType": "intel-nuc", "appUpdatePollInterval": 600_000, "bootstrapRetryDelay": "1000",
            "balenaRootCA": "LS0t", "developmentMode": true, "uuid": "77cb", "listenPort": 48484,
        }));
        assert!(mistakes.is_empty(), "{mistakes:?}");
        assert_eq!(config.api_endpoint, "https://api.example.org".parse().ok());
        assert_eq!(config.api_key.unwrap().expose(), "CpyQ");
        assert_eq!((config.application_id, config.user_id), (Some(1667), Some(2)));
        assert_eq!(config.device_type.as_deref(), Some("intel-nuc"));
        assert_eq!(config.poll_interval, Some(Duration::from_mins(10)));
        assert_eq!(config.bootstrap_retry_delay, Some(Duration::from_secs(1)));
        assert_eq!(config.root_ca.as_deref(), Some("LS0t"));
        assert_eq!((config.uuid.as_deref(), config.development_mode), (Some("77cb"), Some(true)));
        assert_eq!((config.device_api_key, config.device_id, config.registered_at), (None, None, None));
    }

    #[test]
    fn keys_that_are_null_or_empty_are_absent() {
        let (config, mistakes) =
            parsed(&json!({ "apiEndpoint": "", "uuid": null, "apiKey": "", "deviceId": null }));
        assert_eq!((config, mistakes), (DeviceConfig::default(), Vec::new()));
    }

    #[test]
    fn key_of_a_wrong_type_is_named_and_the_others_count() {
        let (config, mistakes) = parsed(&json!({
            "apiEndpoint": "api.example.org", "uuid": "../..", "apiKey": 7, "deviceApiKey": "two words",
            "deviceId": 1.5, "registered_at": -1, "applicationId": "x", "deviceType": [], "developmentMode": "yes",
            "appUpdatePollInterval": 0, "balenaRootCA": {}, "bootstrapRetryDelay": 5,
        }));
        let named = [
            "apiEndpoint",
            "balenaRootCA",
            "uuid",
            "apiKey",
            "deviceApiKey",
            "deviceId",
            "registered_at",
            "applicationId",
            "deviceType",
            "developmentMode",
            "appUpdatePollInterval",
        ];
        assert_eq!(mistakes, named);
        let retry = Some(Duration::from_millis(5));
        assert_eq!(config, DeviceConfig { bootstrap_retry_delay: retry, ..DeviceConfig::default() });
    }

    #[test]
    fn file_that_is_torn_or_no_object_is_an_error() {
        let whole = br#"{"uuid":"77cb"}"#;
        for length in 0..whole.len() {
            assert!(matches!(parse(&whole[..length]), Err(ConfigJsonError::NotJson(_))), "{length}");
        }
        assert!(matches!(parse(b"[]"), Err(ConfigJsonError::NotJson(_))));
    }

    #[test]
    fn file_that_is_missing_is_none_and_one_that_cannot_be_read_an_error() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(read(&root.path().join("config.json")).unwrap(), None);
        assert!(matches!(read(root.path()), Err(ConfigJsonError::Unreadable(_))));
    }

    #[test]
    fn debug_of_a_config_shows_no_key() {
        let (config, _) = parsed(&json!({ "apiKey": "apples", "deviceApiKey": "bananas" }));
        let shown = format!("{config:?}");
        assert!(!shown.contains("apples") && !shown.contains("bananas"), "{shown}");
    }
}
