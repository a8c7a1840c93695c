//! What core reads of the device's `config.json`, in balenaOS format: the API's address for the heartbeat
//! and the device's uuid for apps. It is the owner's file; what is not understood is left out and logged.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::heartbeat::Endpoint;

/// More than any real file.
const MAX_BYTES: u64 = 1 << 20;

/// What core uses of the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DeviceConfig {
    /// The cloud's API.
    pub api_endpoint: Option<Endpoint>,
    /// The device's uuid.
    pub uuid: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    api_endpoint: Option<Value>,
    uuid: Option<Value>,
}

/// Reads the file, if it is there.
pub async fn read(path: &Path) -> DeviceConfig {
    let owned = path.to_owned();
    let text = tokio::task::spawn_blocking(move || {
        use std::io::Read as _;
        let mut text = String::new();
        std::fs::File::open(&owned)?.take(MAX_BYTES).read_to_string(&mut text).map(|_| text)
    });
    match text.await {
        Ok(Ok(text)) => parse(&text),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => DeviceConfig::default(),
        Ok(Err(error)) => {
            log::warn!("config.json not read path={} error='{error}'", path.display());
            DeviceConfig::default()
        }
        Err(_) => DeviceConfig::default(),
    }
}

/// What the text of the file says.
pub fn parse(text: &str) -> DeviceConfig {
    let Ok(file) = serde_json::from_str::<File>(text) else {
        log::warn!("config.json not understood");
        return DeviceConfig::default();
    };
    // One that is of another type says nothing of the other.
    let text = |value: Option<Value>| value.as_ref().and_then(Value::as_str).map(ToOwned::to_owned);
    let api_endpoint =
        text(file.api_endpoint).filter(|url| !url.is_empty()).and_then(|url| match url.parse() {
            Ok(endpoint) => Some(endpoint),
            Err(error) => {
                log::warn!("apiEndpoint of config.json not understood error='{error}'");
                None
            }
        });
    let uuid = text(file.uuid).filter(|uuid| !uuid.is_empty() && uuid.bytes().all(|b| b.is_ascii_hexdigit()));
    DeviceConfig { api_endpoint, uuid }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_of_a_device_gives_endpoint_and_uuid() {
        let config = parse(r#"{"apiEndpoint":"https://api.example.org","uuid":"d0c5","other":{"x":1}}"#);
        assert_eq!(config.api_endpoint, "https://api.example.org".parse().ok());
        assert_eq!(config.uuid.as_deref(), Some("d0c5"));
    }

    #[test]
    fn value_of_another_type_does_not_hide_the_uuid() {
        assert_eq!(parse(r#"{"apiEndpoint":7,"uuid":"d0c5"}"#).uuid.as_deref(), Some("d0c5"));
    }

    #[test]
    fn file_that_is_not_understood_gives_nothing() {
        for text in ["", "[]", "{\"uuid\":7}", "{\"apiEndpoint\":\"x\",\"uuid\":\"../..\"}", "{}"] {
            assert_eq!(parse(text), DeviceConfig::default(), "{text}");
        }
    }
}
