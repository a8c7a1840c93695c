//! Devices of the host.

use serde_json::{Value, json};
use supervisor_proto::policy::{DeviceRequestGrant, HostPath};

use super::{
    case::Case,
    shape::{is_integer_from, is_text_map, is_texts, texts},
};

pub(super) fn check(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        "Devices" => list(case, "devices", value, device),
        "DeviceCgroupRules" => case.each_granted("device_cgroup_rules", value, &[], |grant, rule| {
            grant.device_cgroup_rules.contains(rule)
        }),
        "DeviceRequests" => list(case, "device_requests", value, request),
        _ => case.unknown(key),
    }
}

fn list(case: &mut Case<'_>, field: &str, value: &Value, each: fn(&mut Case<'_>, &Value)) {
    match value.as_array() {
        Some(items) => items.iter().for_each(|item| each(case, item)),
        None => case.expect(field, false),
    }
}

fn device(case: &mut Case<'_>, value: &Value) {
    case.each("devices", value, |case, key, value| match key {
        "PathOnHost" | "PathInContainer" | "CgroupPermissions" => case.expect("devices", value.is_string()),
        _ => case.unknown(&format!("HostConfig.Devices.{key}")),
    });
    let path = value.get("PathOnHost").and_then(Value::as_str).unwrap_or_default();
    match HostPath::parse(path) {
        Ok(parsed) if case.judge.places.can_hold_planted_links(path) => {
            case.never("devices", format!("{parsed} lies where apps can write"));
        }
        Ok(parsed) if case.granted(|grant| grant.devices.contains(&parsed)) => {}
        Ok(parsed) => {
            case.needs("devices", format!("{parsed} needs the owner's grant"), "devices", json!([path]));
        }
        Err(_) => case.never("devices", "the host's path is not a plain absolute one"),
    }
}

fn request(case: &mut Case<'_>, value: &Value) {
    case.each("device_requests", value, |case, key, value| {
        let good = match key {
            "Driver" => value.is_string(),
            "Count" => is_integer_from(value, -1),
            "DeviceIDs" => is_texts(value),
            "Capabilities" => {
                value.as_array().is_some_and(|lists| lists.len() == 1 && lists.iter().all(is_texts))
            }
            "Options" => is_text_map(value),
            _ => return case.unknown(&format!("HostConfig.DeviceRequests.{key}")),
        };
        case.expect("device_requests", good);
    });
    let asked = asked(value);
    if !case.granted(|grant| grant.device_requests.contains(&asked)) {
        let DeviceRequestGrant { driver, count, device_ids, capabilities, options } = asked;
        let wish = json!([{
            "driver": driver, "count": count, "device_ids": device_ids, "capabilities": capabilities, "options": options
        }]);
        case.needs("device_requests", "it needs the owner's grant", "device_requests", wish);
    }
}

/// What is not of the right form is refused besides.
fn asked(value: &Value) -> DeviceRequestGrant {
    let owned = |value: &Value| texts(value).map(str::to_owned).collect();
    let of = |key: &str| value.get(key).unwrap_or(&Value::Null);
    let options = of("Options").as_object().into_iter().flatten();
    DeviceRequestGrant {
        driver: of("Driver").as_str().unwrap_or_default().to_owned(),
        count: of("Count").as_i64().unwrap_or_default(),
        device_ids: owned(of("DeviceIDs")),
        capabilities: of("Capabilities").get(0).map(owned).unwrap_or_default(),
        options: options
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
    }
}
