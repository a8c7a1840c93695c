//! Published ports. Any may be had, those below 1024 too (a web app has 80), but for the supervisor's own.

use serde_json::Value;

use super::case::Case;

pub(super) fn check(case: &mut Case<'_>, value: &Value) {
    let Some(ports) = value.as_object() else { return case.expect("ports", false) };
    for bindings in ports.values() {
        let Some(bindings) = bindings.as_array() else { return case.expect("ports", false) };
        for binding in bindings {
            case.each("ports", binding, binding_key);
        }
    }
}

fn binding_key(case: &mut Case<'_>, key: &str, value: &Value) {
    match (key, value.as_str()) {
        ("HostIp", Some(_)) | ("HostPort", Some("")) => {}
        ("HostPort", Some(text)) if !text.bytes().all(|b| b.is_ascii_digit()) => case.expect("ports", false),
        ("HostPort", Some(text)) => match text.parse::<u16>() {
            Ok(port) if case.judge.own_ports.contains(&port) => {
                case.never("ports", format!("the host's port {port} is the supervisor's own"));
            }
            Ok(_) => {}
            Err(_) => case.expect("ports", false),
        },
        ("HostIp" | "HostPort", None) => case.expect("ports", false),
        _ => case.unknown(&format!("HostConfig.PortBindings.{key}")),
    }
}
