use prost::Message as _;
use prost_types::FileDescriptorSet;

use super::*;

const POLICY: RolePolicy = RolePolicy { frontend_uid: 65532, admin_gid: Some(500) };

/// Every method of the contract.
fn methods() -> Vec<String> {
    let set = FileDescriptorSet::decode(supervisor_proto::FILE_DESCRIPTOR_SET).unwrap();
    let mut all = Vec::new();
    for file in &set.file {
        for service in &file.service {
            let methods = service.method.iter();
            all.extend(methods.map(|m| format!("/{}.{}/{}", file.package(), service.name(), m.name())));
        }
    }
    all
}

#[test]
fn role_of_the_frontends_uid_is_frontend_whatever_its_group() {
    for gid in [0, 500, 65532, 1] {
        assert_eq!(POLICY.role(65532, gid), Some(Role::Frontend), "gid {gid}");
    }
}

#[test]
fn role_of_root_and_of_the_administrators_group_is_admin() {
    assert_eq!(POLICY.role(0, 7), Some(Role::Admin));
    assert_eq!(POLICY.role(1000, 500), Some(Role::Admin));
}

#[test]
fn role_of_anybody_else_is_none() {
    assert_eq!(POLICY.role(1000, 0), None);
    assert_eq!(POLICY.role(65534, 65534), None);
    assert_eq!(RolePolicy { admin_gid: None, ..POLICY }.role(1000, 500), None);
}

#[test]
fn role_of_root_stays_admin_when_the_frontend_is_configured_as_root() {
    assert_eq!(RolePolicy { frontend_uid: 0, admin_gid: None }.role(0, 0), Some(Role::Admin));
}

#[test]
fn every_method_of_the_contract_has_a_rule_and_every_rule_a_method() {
    let methods = methods();
    for method in &methods {
        assert!(rule(method).is_some(), "{method} has no rule");
    }
    for (name, _) in RULES.iter().filter(|(name, _)| name.starts_with("/supervisor.")) {
        assert!(methods.iter().any(|m| m == name), "{name} is no method");
    }
}

#[test]
fn every_method_and_role_is_decided_as_the_contract_says() {
    let frontend: Vec<String> = methods().into_iter().filter(|m| may_call(Role::Frontend, m)).collect();
    let refused: Vec<String> = methods().into_iter().filter(|m| !may_call(Role::Frontend, m)).collect();
    let name = |m: &String| m.rsplit('/').next().unwrap().to_owned();
    assert_eq!(
        refused.iter().map(name).collect::<Vec<_>>(),
        ["GetApiAccess", "RotateApiKey", "Logs", "Examine", "Plan", "Follow", "Explain"]
    );
    assert_eq!(frontend.len() + refused.len(), methods().len());
    let owner: Vec<String> = methods().iter().filter(|m| !may_call(Role::Admin, m)).map(name).collect();
    assert_eq!(owner, ["SetApiAccess", "WatchRotations"]);
}

#[test]
fn method_without_a_rule_is_refused_to_everybody() {
    for method in ["", "/", "/supervisor.core.v1.Apps/Nothing", "/supervisor.core.v1.apps/list"] {
        assert!(!may_call(Role::Admin, method) && !may_call(Role::Frontend, method), "{method}");
    }
}

#[test]
fn method_that_changes_something_or_shows_a_secret_is_audited() {
    for name in [
        "Power/Reboot",
        "Power/PowerOff",
        "Apps/Purge",
        "Apps/Remove",
        "Connectivity/SetVpn",
        "Apps/Apply",
        "ApiAccess/GetApiAccess",
        "Inspection/DescribeApp",
        "Journal/Follow",
    ] {
        assert!(rule(&format!("/supervisor.core.v1.{name}")).unwrap().audited, "{name}");
    }
}
