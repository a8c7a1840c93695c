//! A report, put together from what is known. <https://github.com/balena-io/open-balena-api> checks every type: a number
//! with a fraction, or as text, makes it refuse all.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use supervisor_proto::{REPORTED_VERSION, v1::AppsState};

use super::{
    difference::Fields,
    metrics::Metrics,
    state::{self, AppReports},
};
use crate::{
    auth::api_key::ApiKey,
    core_link::apps_summary::{AppsSummary, Status},
    device::addresses::Addresses,
};

/// What is known of the device when a report is due.
#[derive(Debug)]
pub struct Known<'a> {
    /// The API's port.
    pub port: u16,
    /// The API's key.
    pub key: Option<&'a ApiKey>,
    /// The host's `PRETTY_NAME`.
    pub os_version: Option<&'a str>,
    /// `dev` or `prod`.
    pub os_variant: Option<&'a str>,
    /// The device's addresses.
    pub addresses: &'a Addresses,
    /// The last measurement.
    pub metrics: &'a Metrics,
    /// The apps; none while core is away.
    pub apps: Option<&'a AppsState>,
    /// Releases that core refuses: the commit, by the app's uuid.
    pub refused: &'a BTreeMap<String, String>,
}

/// On the wire; what is not known is left as the cloud has it.
#[derive(Serialize)]
struct Document<'a> {
    api_port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os_variant: Option<&'a str>,
    supervisor_version: &'static str,
    /// The device is past being set up; an earlier supervisor may have left a word here.
    provisioning_state: &'static str,
    provisioning_progress: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apps: Option<AppReports>,
    #[serde(flatten)]
    metrics: &'a Metrics,
}

/// The whole report.
pub fn fields(known: &Known<'_>) -> Fields {
    let document = Document {
        api_port: known.port,
        api_secret: known.key.map(ApiKey::expose),
        os_version: known.os_version,
        os_variant: known.os_variant,
        supervisor_version: REPORTED_VERSION,
        provisioning_state: "",
        provisioning_progress: None,
        ip_address: known.addresses.ip.as_deref(),
        mac_address: known.addresses.mac.as_deref(),
        status: known.apps.map(|apps| AppsSummary::of(apps).status),
        apps: known.apps.map(|apps| state::apps(apps, known.refused)),
        metrics: known.metrics,
    };
    // A value with names that are no text is all that could fail here.
    match serde_json::to_value(document) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Fields::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn report_has_every_known_field_in_the_type_that_the_cloud_checks() {
        let key = ApiKey::parse("bananas").unwrap();
        let addresses = Addresses {
            ip: Some("10.0.0.2".to_owned()),
            mac: Some("00:11:22:33:44:55".to_owned()),
            up: vec![],
        };
        let metrics = Metrics { memory_usage: Some(100), cpu_temp: Some(52), ..Metrics::default() };
        let known = Known {
            port: 48484,
            key: Some(&key),
            os_version: Some("Resin OS 1.0.4"),
            os_variant: Some("prod"),
            addresses: &addresses,
            metrics: &metrics,
            apps: Some(&AppsState::default()),
            refused: &BTreeMap::new(),
        };
        assert_eq!(
            Value::Object(fields(&known)),
            json!({
                "api_port": 48484, "api_secret": "bananas", "os_version": "Resin OS 1.0.4", "os_variant": "prod",
                "supervisor_version": REPORTED_VERSION, "provisioning_state": "", "provisioning_progress": null,
                "ip_address": "10.0.0.2", "mac_address": "00:11:22:33:44:55", "status": "Idle", "apps": {},
                "memory_usage": 100, "cpu_temp": 52,
            })
        );
    }

    #[test]
    fn report_without_core_says_nothing_of_status_and_apps() {
        let known = Known {
            port: 1,
            key: None,
            os_version: None,
            os_variant: None,
            addresses: &Addresses::default(),
            metrics: &Metrics::default(),
            apps: None,
            refused: &BTreeMap::new(),
        };
        let found = fields(&known);
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["api_port", "provisioning_progress", "provisioning_state", "supervisor_version"]);
    }
}
