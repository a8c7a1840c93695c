//! Labels: some ask the supervisor for a privilege.

use serde_json::{Value, json};

use super::case::Case;

const FEATURES: [&str; 2] = ["io.balena.features.", "io.resin.features."];
/// The HTTP API's key and address: every app may have them.
const OPEN_FEATURE: &str = "supervisor-api";

pub(super) fn check(case: &mut Case<'_>, value: &Value) {
    case.expect("labels", super::shape::is_text_map(value));
    for name in value.as_object().into_iter().flat_map(|fields| fields.keys()) {
        // Nobody who reads labels should be more lenient than we are.
        let lower = name.to_ascii_lowercase();
        let Some(feature) = FEATURES.iter().find_map(|prefix| lower.strip_prefix(prefix)) else { continue };
        if feature != OPEN_FEATURE && !case.granted(|grant| grant.features.contains(feature)) {
            let why = format!("the feature {feature} needs the owner's grant");
            case.needs(&format!("labels.{name}"), why, "features", json!([feature]));
        }
    }
}
