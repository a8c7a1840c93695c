//! `LogConfig`: where a container's output goes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{case::Case, wish::without_values};

/// Drivers that keep the output on the device, in the engine's own place, and what they may be told.
const LOCAL: [(&str, &[&str]); 5] = [
    ("", &[]),
    ("none", &[]),
    ("local", &["max-size", "max-file", "compress", "mode", "max-buffer-size"]),
    (
        "json-file",
        &[
            "max-size",
            "max-file",
            "compress",
            "labels",
            "labels-regex",
            "env",
            "env-regex",
            "tag",
            "mode",
            "max-buffer-size",
        ],
    ),
    ("journald", &["labels", "labels-regex", "env", "env-regex", "tag", "mode", "max-buffer-size"]),
];

/// The engine carries out what stands in a `tag`: a program of somebody else's inside it.
fn is_template(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("{{"))
}

pub(super) fn check(case: &mut Case<'_>, value: &Value) {
    case.each("logging", value, |case, key, _| {
        if !matches!(key, "Type" | "Config") {
            case.unknown(&format!("HostConfig.LogConfig.{key}"));
        }
    });
    let empty = Map::new();
    let driver = value.get("Type").map_or(Some(""), Value::as_str);
    let options = value.get("Config").map_or(Some(&empty), Value::as_object);
    let Some((driver, options)) = driver.zip(options) else { return case.expect("logging", false) };
    let known = LOCAL.iter().find(|(name, _)| *name == driver);
    let is_open = |(name, value): (&String, &Value)| {
        known.is_some_and(|(_, allowed)| allowed.contains(&name.as_str())) && !is_template(value)
    };
    if known.is_some() && options.iter().all(is_open) {
        case.expect("logging.options", options.values().all(Value::is_string));
        return;
    }
    let same = |granted: &BTreeMap<String, String>| {
        options.len() == granted.len()
            && granted.iter().all(|(name, value)| options.get(name) == Some(&json!(value)))
    };
    let allowed =
        |granted: &supervisor_proto::policy::LoggingGrant| granted.driver == driver && same(&granted.options);
    if !case.granted(|grant| grant.logging.as_ref().is_some_and(allowed)) {
        let wish = json!({ "driver": driver, "options": without_values(options) });
        case.needs(
            "logging",
            format!("the log driver {driver:?} with these options needs the owner's grant"),
            "logging",
            wish,
        );
    }
}
