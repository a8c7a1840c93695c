//! The bodies of answers, spelled as the Resin supervisor spells them.

use std::collections::BTreeMap;

use serde::Serialize;
use supervisor_proto::{
    REPORTED_VERSION,
    v1::{AppDescription, ServiceDescription},
};

use crate::{
    cloud::status::{CloudStatus, Standing},
    core_link::apps_summary::{AppsSummary, Status},
};

/// The body of a successful reboot, shutdown or purge, to the byte.
pub const GO_OK: &str = r#"{"Data":"OK","Error":""}"#;

/// The body of a failed reboot, shutdown or purge. The capitals are those of the original's Go part.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GoError<'a> {
    data: &'static str,
    error: &'a str,
}

impl<'a> GoError<'a> {
    /// A failure for the reason `error`.
    pub fn new(error: &'a str) -> Self {
        Self { data: "Error", error }
    }
}

/// The body of `GET /v2/version`.
#[derive(Debug, Serialize)]
pub struct Version {
    status: &'static str,
    version: &'static str,
}

impl Version {
    /// The version that clients compare.
    pub const fn new() -> Self {
        Self { status: "success", version: REPORTED_VERSION }
    }
}

impl Default for Version {
    fn default() -> Self {
        Self::new()
    }
}

/// The body of a successful stop or start of an app.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Container<'a> {
    container_id: Option<&'a str>,
}

impl<'a> Container<'a> {
    /// The engine's id; null when there is no container.
    pub fn new(container_id: &'a str) -> Self {
        Self { container_id: non_empty(container_id) }
    }
}

/// The body of `GET /v1/apps/<appId>`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct App<'a> {
    /// The app's id.
    pub app_id: u64,
    /// The engine's id of its container; null when there is none.
    pub container_id: Option<&'a str>,
    /// The release's commit.
    pub commit: &'a str,
    /// Image reference, as the target names it.
    pub image_id: &'a str,
    /// The release's numeric id.
    pub release_id: u64,
    /// The container's environment without API keys, by name.
    pub env: BTreeMap<&'a str, &'a str>,
}

impl<'a> App<'a> {
    /// An app and its only service.
    pub fn new(app: &'a AppDescription, service: &'a ServiceDescription) -> Self {
        let variables = service.environment.iter();
        Self {
            app_id: app.app_id,
            container_id: non_empty(&service.container_id),
            commit: &app.commit,
            image_id: &service.image,
            release_id: app.release_id,
            env: variables.map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        }
    }
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The body of `GET /v1/device`. What is not known yet is null.
#[derive(Debug, Serialize)]
pub struct Device<'a> {
    /// Port of this API.
    pub api_port: u16,
    /// IPv4 addresses, separated by blanks.
    pub ip_address: Option<&'a str>,
    /// What the first busy app is doing.
    pub status: Status,
    /// Percentage of the image that is being pulled.
    pub download_progress: Option<u32>,
    /// The host's `PRETTY_NAME`.
    pub os_version: Option<&'a str>,
    /// The version that clients compare.
    pub supervisor_version: &'static str,
    /// Release of the first app.
    pub commit: Option<&'a str>,
    /// Hardware addresses, separated by blanks.
    pub mac_address: Option<&'a str>,
    /// A change is wanted and not yet carried out.
    pub update_pending: bool,
    /// Every image of the pending change is here.
    pub update_downloaded: bool,
    /// The last cycle failed, or something that the cloud wants is refused.
    pub update_failed: bool,
    /// How the device stands with its cloud.
    pub cloud: Cloud<'a>,
}

/// The part of `GET /v1/device` that is about the cloud; the original has none of it.
#[derive(Debug, Serialize)]
pub struct Cloud<'a> {
    /// Where they are with each other.
    pub state: Standing,
    /// Seconds since the cloud last gave its word on what should run.
    pub answered_s_ago: Option<u64>,
    /// What went wrong last; null after an answer.
    pub last_error: Option<&'a str>,
    /// Apps that are not carried out as the cloud wants, by uuid, with the reason.
    pub refused_apps: &'a BTreeMap<String, String>,
    /// False from a change of this API's key until the cloud has been told.
    pub api_key_reported: bool,
}

impl<'a> Cloud<'a> {
    fn new(status: &'a CloudStatus) -> Self {
        Self {
            state: status.standing,
            answered_s_ago: status.answered_ago().map(|ago| ago.as_secs()),
            last_error: status.last_error.as_deref(),
            refused_apps: &status.refused,
            api_key_reported: !status.is_key_unreported,
        }
    }
}

impl<'a> Device<'a> {
    /// Puts together what is known.
    pub fn new(
        api_port: u16,
        os_version: Option<&'a str>,
        addresses: (Option<&'a str>, Option<&'a str>),
        apps: &'a AppsSummary,
        cloud: &'a CloudStatus,
    ) -> Self {
        let (ip_address, mac_address) = addresses;
        Self {
            api_port,
            ip_address,
            status: apps.status,
            download_progress: apps.download_progress,
            os_version,
            supervisor_version: REPORTED_VERSION,
            commit: apps.commit.as_deref(),
            mac_address,
            update_pending: apps.update_pending,
            update_downloaded: apps.update_downloaded,
            update_failed: apps.update_failed || !cloud.refused.is_empty(),
            cloud: Cloud::new(cloud),
        }
    }
}
