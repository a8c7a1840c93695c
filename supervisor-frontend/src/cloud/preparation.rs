//! From the owner's settings to a client of the cloud: read once, at start.

use std::path::Path;

use supervisor_proto::REPORTED_VERSION;
use tokio::task::spawn_blocking;

use super::{
    CloudConfig,
    api::{ApiClient, ApiEndpoint, Trust},
    identity::{
        config_json::{self, DeviceConfig},
        register::Facts,
    },
};
use crate::{
    device::{addresses, os_version},
    error_chain::chain,
};

/// All that is needed to speak to the cloud.
#[derive(Debug)]
pub struct Prepared {
    /// The cloud.
    pub client: ApiClient,
    /// The owner's `config.json`.
    pub device: DeviceConfig,
    /// What the cloud is told of the device.
    pub facts: Facts,
}

/// `None`: the device is unmanaged.
pub async fn prepare(config: &CloudConfig) -> Option<Prepared> {
    let config = config.clone();
    match spawn_blocking(move || read(&config)).await {
        Ok(prepared) => prepared,
        Err(error) => {
            log::error!("the cloud client did not start error='{error}'");
            None
        }
    }
}

/// Blocks on the disk.
fn read(config: &CloudConfig) -> Option<Prepared> {
    let device = read_config_json(&config.config_json);
    let Some(endpoint) = config.api_endpoint.clone().or_else(|| device.api_endpoint.clone()) else {
        log::info!("no API endpoint is configured: the device is unmanaged, nothing is sent anywhere");
        return None;
    };
    warn_of_plain(&endpoint);
    let trust = trust(&device, config.extra_authorities.as_deref());
    let facts = facts(&device, &config.os_release);
    match ApiClient::new(endpoint, &trust, &user_agent(&facts)) {
        Ok(client) => Some(Prepared { client, device, facts }),
        Err(error) => {
            log::error!("the cloud client did not start error='{}'", chain(&error));
            None
        }
    }
}

fn read_config_json(path: &Path) -> DeviceConfig {
    match config_json::read(path) {
        Ok(None) => DeviceConfig::default(),
        Ok(Some((device, mistakes))) => {
            for mistake in mistakes {
                log::error!(
                    "config.json key={} counts as absent: expected {}",
                    mistake.key,
                    mistake.expected
                );
            }
            device
        }
        Err(error) => {
            log::error!("config.json says nothing path={} error='{}'", path.display(), chain(&error));
            DeviceConfig::default()
        }
    }
}

fn warn_of_plain(endpoint: &ApiEndpoint) {
    if endpoint.is_plain() {
        log::warn!("the cloud is spoken to without TLS, keys can be read on the way endpoint={endpoint}");
    }
}

/// A certificate that cannot be used is left out; connections that need it fail, and say so.
fn trust(device: &DeviceConfig, extra: Option<&Path>) -> Trust {
    let mut trust = Trust::of_the_system();
    if let Some(text) = &device.root_ca
        && let Err(error) = trust.add_base64_pem(text)
    {
        log::error!("balenaRootCA of config.json is not trusted error='{}'", chain(&error));
    }
    if let Some(path) = extra
        && let Err(error) = trust.add_file(path)
    {
        log::error!("NODE_EXTRA_CA_CERTS is not trusted path={} error='{}'", path.display(), chain(&error));
    }
    trust
}

fn facts(device: &DeviceConfig, os_release: &Path) -> Facts {
    let variant = os_version::variant(os_release);
    let development = device.development_mode.or_else(|| variant.map(|variant| variant == "dev"));
    let mac_address = addresses::look_up().ok().and_then(|found| found.mac);
    Facts {
        supervisor_version: REPORTED_VERSION,
        os_version: os_version::read(os_release),
        os_variant: development.map(|development| if development { "dev" } else { "prod" }),
        mac_address,
    }
}

fn user_agent(facts: &Facts) -> String {
    let of_the_host = [facts.os_version.as_deref(), facts.os_variant].into_iter().flatten();
    let words: Vec<&str> = std::iter::once("Linux").chain(of_the_host).collect();
    format!("Supervisor/{} ({})", facts.supervisor_version, words.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agent_names_what_is_known_of_the_host() {
        let facts = |os_version: Option<&str>, os_variant| Facts {
            supervisor_version: "1.2.3",
            os_version: os_version.map(ToOwned::to_owned),
            os_variant,
            mac_address: None,
        };
        assert_eq!(
            user_agent(&facts(Some("balenaOS 6.0.0"), Some("prod"))),
            "Supervisor/1.2.3 (Linux; balenaOS 6.0.0; prod)"
        );
        assert_eq!(user_agent(&facts(None, None)), "Supervisor/1.2.3 (Linux)");
    }
}
