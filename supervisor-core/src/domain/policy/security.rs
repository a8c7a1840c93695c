//! What makes a process more than an ordinary one.

use serde_json::{Value, json};
use supervisor_proto::policy::{Capability, Permissions};

use super::{
    case::Case,
    shape::{is_text_map, is_texts, texts},
};

const ALL: &str = "ALL";
/// Gives up a privilege.
const NO_NEW_PRIVILEGES: [&str; 3] =
    ["no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"];
/// What the command-line client makes of `MaskedPaths` and `ReadonlyPaths`.
const UNCONFINED_PATHS: &str = "systempaths=unconfined";

pub(super) fn check(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        "Privileged" => privileged(case, value),
        "CapAdd" => capabilities(case, value),
        "SecurityOpt" => case.each_granted("security_opt", value, &NO_NEW_PRIVILEGES, |grant, option| {
            grant.security_opt.contains(option)
        }),
        "MaskedPaths" | "ReadonlyPaths" => unmasked(case, value),
        "GroupAdd" => {
            case.each_granted("group_add", value, &[], |grant, group| grant.group_add.contains(group));
        }
        "Sysctls" => sysctls(case, value),
        "Runtime" => runtime(case, value),
        _ => case.unknown(key),
    }
}

fn privileged(case: &mut Case<'_>, value: &Value) {
    case.expect("privileged", value.is_boolean());
    if value.as_bool() == Some(true) && !case.granted(|grant| grant.privileged) {
        case.needs("privileged", "it needs the owner's grant", "privileged", true);
    }
}

fn has(grant: &Permissions, capability: &Capability) -> bool {
    grant.cap_add.iter().any(|granted| granted == capability || granted.as_str() == ALL)
}

fn capabilities(case: &mut Case<'_>, value: &Value) {
    case.expect("cap_add", is_texts(value));
    let mut refused = Vec::new();
    for text in texts(value) {
        match Capability::parse(text) {
            Ok(capability) if case.granted(|grant| has(grant, &capability)) => {}
            Ok(capability) => refused.push(capability.as_str().to_owned()),
            Err(_) => case.expect("cap_add", false),
        }
    }
    if !refused.is_empty() {
        let why = format!("{} needs the owner's grant", refused.join(", "));
        case.needs("cap_add", why, "cap_add", json!(refused));
    }
}

fn unmasked(case: &mut Case<'_>, value: &Value) {
    case.expect("security_opt", value.as_array().is_some_and(Vec::is_empty));
    if !case.granted(|grant| grant.security_opt.contains(UNCONFINED_PATHS)) {
        let why = format!("{UNCONFINED_PATHS} needs the owner's grant");
        case.needs("security_opt", why, "security_opt", json!([UNCONFINED_PATHS]));
    }
}

fn sysctls(case: &mut Case<'_>, value: &Value) {
    case.expect("sysctls", is_text_map(value));
    for (name, value) in value.as_object().into_iter().flatten() {
        let same =
            |granted: Option<&String>| granted.map(String::as_str) == value.as_str() && value.is_string();
        if !case.granted(|grant| same(grant.sysctls.get(name))) {
            let why = format!("{name} needs the owner's grant");
            case.needs(&format!("sysctls.{name}"), why, "sysctls", json!({ name.as_str(): value }));
        }
    }
}

fn runtime(case: &mut Case<'_>, value: &Value) {
    match value.as_str() {
        Some("") => {}
        Some(name) if case.granted(|grant| grant.runtime.as_deref() == Some(name)) => {}
        Some(name) => case.needs("runtime", format!("{name} needs the owner's grant"), "runtime", name),
        None => case.expect("runtime", false),
    }
}
