//! The cloud, by the frontend's word.

use super::{Check, Finding};
use crate::cloud_standing::CloudStanding;

pub(super) fn evaluate(cloud: &Result<CloudStanding, String>) -> Vec<Finding> {
    match cloud {
        Ok(standing) => {
            let mut findings = vec![contact(standing)];
            findings.extend(refusals(standing));
            findings.extend(key(standing));
            findings
        }
        Err(why) => vec![Finding::skipped(Check::Cloud, why.clone())],
    }
}

fn contact(standing: &CloudStanding) -> Finding {
    let text = sentence(standing);
    let advice = match standing.state.as_str() {
        "connected" | "unmanaged" => return Finding::ok(Check::Cloud, text),
        "unregistered" => {
            "has config.json `apiKey`, `applicationId` and a network? The frontend's log says what the cloud answers"
        }
        "connecting" => {
            "the first question after a start is spread over minutes; `POST /v1/update` asks at once"
        }
        "unauthorised" => {
            "the device's key is not the cloud's: restore `deviceApiKey` in config.json, or register the device anew with an `apiKey`"
        }
        "unknown_device" => "the device was deleted in the cloud: restore it there, or register it anew",
        _ => {
            "is there a network, does the name of `API_ENDPOINT` resolve, is the clock right? It is asked again by itself"
        }
    };
    match standing.state.as_str() {
        "unauthorised" | "unknown_device" => Finding::fail(Check::Cloud, text, advice),
        _ => Finding::warn(Check::Cloud, text, advice),
    }
}

/// One line on it.
pub fn sentence(standing: &CloudStanding) -> String {
    let answered = standing.answered_s_ago.map(|ago| format!(", answered {ago} s ago")).unwrap_or_default();
    let error = standing.last_error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
    format!("{}{answered}{error}", standing.state)
}

fn refusals(standing: &CloudStanding) -> Vec<Finding> {
    let advice = "change the release, or grant it: `supervisor-admin policy explain` says how";
    let each = |(uuid, why): (&String, &String)| {
        Finding::fail(Check::Cloud, format!("app {uuid} is not as the cloud wants it: {why}"), advice)
    };
    standing.refused_apps.iter().map(each).collect()
}

fn key(standing: &CloudStanding) -> Option<Finding> {
    if standing.api_key_reported || standing.state == "unmanaged" {
        return None;
    }
    let text =
        "the API's key has changed and the cloud has not been told yet: what it asks of this device fails";
    Some(Finding::warn(Check::Cloud, text, "it is told by itself as soon as it answers"))
}
