//! From the owner's settings to a client of the cloud: read at start, and again for as long as they do not suffice.

use std::{path::Path, time::Duration};

use supervisor_proto::REPORTED_VERSION;
use tokio::{
    task::{JoinError, spawn_blocking},
    time::sleep,
};

use super::{
    CloudConfig,
    api::{ApiClient, ApiClientError, ApiEndpoint, Trust},
    identity::{
        config_json::{self, ConfigJsonError, DeviceConfig, Mistake},
        register::Facts,
        retry::{Retry, random},
    },
};
use crate::{
    device::{addresses, os_version},
    error_chain::chain,
};

/// Until settings that do not suffice are read again: the file may come later, with a file system or a person.
pub const LOOK_AGAIN: Duration = Duration::from_mins(5);
/// A file that so many attempts could not read is done without, where the owner has said elsewhere what the cloud is.
const ATTEMPTS: u32 = 5;

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

/// Why there is nothing to speak to the cloud with.
#[derive(Debug, thiserror::Error)]
enum Unprepared {
    #[error("no API endpoint is configured: the device is unmanaged, nothing is sent anywhere")]
    Unmanaged,
    #[error("config.json says nothing")]
    Unreadable(#[from] ConfigJsonError),
    #[error("the cloud client does not start")]
    Client(#[from] ApiClientError),
    #[error("the settings were not read")]
    Broken(#[from] JoinError),
}

/// Reads the settings, and tells of the same trouble once.
#[derive(Debug)]
pub struct Preparation {
    config: CloudConfig,
    told: Option<String>,
    told_mistakes: Vec<Mistake>,
}

impl Preparation {
    /// Of these settings.
    pub const fn new(config: CloudConfig) -> Self {
        Self { config, told: None, told_mistakes: Vec::new() }
    }

    /// Returns once there is a cloud; never, while the device is unmanaged.
    pub async fn prepared(&mut self) -> Prepared {
        let mut retry = Retry::new(None);
        let mut unread = 0;
        loop {
            let wait = match self.attempt(unread >= ATTEMPTS).await {
                Ok(prepared) => return prepared,
                Err(reason) => {
                    let wait = match reason {
                        Unprepared::Unreadable(_) => {
                            unread += 1;
                            retry.wait(None, random())
                        }
                        Unprepared::Unmanaged | Unprepared::Client(_) | Unprepared::Broken(_) => LOOK_AGAIN,
                    };
                    self.tell(&reason);
                    wait
                }
            };
            sleep(wait).await;
        }
    }

    /// `config.json` lacks what registering takes.
    pub fn lacking(&mut self, key: &'static str) {
        let text = format!("the device is not registered and cannot register: config.json lacks key={key}");
        if self.is_new(&text) {
            log::error!("{text}");
        }
    }

    async fn attempt(&mut self, is_dispensable: bool) -> Result<Prepared, Unprepared> {
        let config = self.config.clone();
        let (device, mistakes) = spawn_blocking(move || read(&config, is_dispensable)).await??;
        for mistake in mistakes.iter().filter(|mistake| !self.told_mistakes.contains(mistake)) {
            let Mistake { key, expected } = mistake;
            log::error!("config.json key={key} counts as absent: expected {expected}");
        }
        self.told_mistakes = mistakes;
        let endpoint = self.config.api_endpoint.clone().or_else(|| device.api_endpoint.clone());
        let endpoint = endpoint.ok_or(Unprepared::Unmanaged)?;
        let config = self.config.clone();
        spawn_blocking(move || client(&config, endpoint, device)).await?
    }

    fn tell(&mut self, reason: &Unprepared) {
        let text = chain(reason).to_string();
        if !self.is_new(&text) {
            return;
        }
        match reason {
            Unprepared::Unmanaged => log::info!("{text}"),
            Unprepared::Unreadable(_) => {
                log::error!("{text}, it is read again path={}", self.config.config_json.display());
            }
            Unprepared::Client(_) | Unprepared::Broken(_) => log::error!("{text}"),
        }
    }

    fn is_new(&mut self, text: &str) -> bool {
        let is_new = self.told.as_deref() != Some(text);
        self.told = Some(text.to_owned());
        is_new
    }
}

/// Blocks on the disk.
fn read(config: &CloudConfig, is_dispensable: bool) -> Result<(DeviceConfig, Vec<Mistake>), ConfigJsonError> {
    match config_json::read(&config.config_json) {
        Ok(found) => Ok(found.unwrap_or_default()),
        Err(_) if is_dispensable && config.api_endpoint.is_some() => {
            Ok((DeviceConfig::default(), Vec::new()))
        }
        Err(error) => Err(error),
    }
}

/// Blocks on the disk.
fn client(config: &CloudConfig, endpoint: ApiEndpoint, device: DeviceConfig) -> Result<Prepared, Unprepared> {
    warn_of_plain(&endpoint);
    let trust = trust(&device, config.extra_authorities.as_deref());
    let facts = facts(&device, &config.os_release);
    let client = ApiClient::new(endpoint, &trust, &user_agent(&facts))?;
    Ok(Prepared { client, device, facts })
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
    let of_the_host = || match os_version::variant(os_release)?.as_str() {
        "dev" => Some(true),
        "prod" => Some(false),
        // Another system's word for something else.
        _ => None,
    };
    let development = device.development_mode.or_else(of_the_host);
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
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn kind_of_the_system_is_the_owners_word_else_the_hosts_where_it_is_one_of_the_clouds() {
        let root = tempfile::tempdir().unwrap();
        let os_release = root.path().join("os-release");
        let told = |development_mode, variant: &str| {
            std::fs::write(&os_release, format!("VARIANT_ID={variant}\n")).unwrap();
            facts(&DeviceConfig { development_mode, ..DeviceConfig::default() }, &os_release).os_variant
        };
        assert_eq!(
            (told(None, "dev"), told(None, "prod"), told(None, "server")),
            (Some("dev"), Some("prod"), None)
        );
        assert_eq!((told(Some(true), "prod"), told(Some(false), "server")), (Some("dev"), Some("prod")));
    }

    fn settings(folder: &Path) -> CloudConfig {
        CloudConfig {
            api_endpoint: None,
            config_json: folder.join("config.json"),
            extra_authorities: None,
            state_dir: folder.join("state"),
            poll_interval: None,
            os_release: folder.join("os-release"),
        }
    }

    const MANAGED: &str = r#"{"apiEndpoint":"http://127.0.0.1:1"}"#;

    #[tokio::test(start_paused = true)]
    async fn config_that_is_torn_absent_or_of_no_cloud_at_start_counts_once_it_is_whole() {
        for first in [None, Some(&MANAGED[..9]), Some("{}")] {
            let root = tempfile::tempdir().unwrap();
            let config = settings(root.path());
            if let Some(first) = first {
                std::fs::write(&config.config_json, first).unwrap();
            }
            let path = config.config_json.clone();
            let mut preparation = Preparation::new(config);
            let mut prepared = std::pin::pin!(preparation.prepared());
            assert!(timeout(Duration::from_hours(1), &mut prepared).await.is_err(), "{first:?}");
            std::fs::write(path, MANAGED).unwrap();
            let prepared = timeout(Duration::from_mins(20), prepared).await.unwrap();
            assert_eq!(prepared.client.endpoint().to_string(), "http://127.0.0.1:1", "{first:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn config_that_stays_torn_is_done_without_where_the_cloud_is_named_elsewhere() {
        let root = tempfile::tempdir().unwrap();
        let config = CloudConfig { api_endpoint: "http://127.0.0.1:1".parse().ok(), ..settings(root.path()) };
        std::fs::write(&config.config_json, "{").unwrap();
        let mut preparation = Preparation::new(config);
        assert!(timeout(Duration::from_mins(1), preparation.prepared()).await.is_err());
        let prepared = timeout(Duration::from_hours(1), preparation.prepared()).await.unwrap();
        assert_eq!(prepared.device, DeviceConfig::default());
    }

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
