use std::collections::{BTreeMap, BTreeSet};

use supervisor_docs::{ENGINES, rows, words};

use super::*;
use crate::domain::{
    network::Pool,
    settings::{HostBind, Logging},
    target::Mount,
    test_samples::{network, on_networks, service, target, volume},
};

const PODMAN_4: EngineKind = EngineKind::Podman { major: 4 };
const PODMAN_5: EngineKind = EngineKind::Podman { major: 5 };

fn request(driver: &str) -> DeviceRequest {
    DeviceRequest {
        driver: driver.to_owned(),
        count: -1,
        device_ids: Vec::new(),
        capabilities: vec!["gpu".to_owned()],
        options: BTreeMap::new(),
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// A target that says everything that an engine ignores.
fn everything() -> Target {
    let mut web = on_networks(&["lan"]);
    let settings = &mut web.settings;
    settings.resources.device_requests = vec![request("nvidia"), request(CDI)];
    settings.resources.memory_swap_bytes = Some(-1);
    settings.privileges.device_cgroup_rules = vec![text("c 13:* rmw")];
    settings.privileges.runtime = text("kata");
    settings.privileges.security_options = vec![text("systempaths=unconfined")];
    settings.naming.domainname = text("plant.example");
    settings.naming.extra_hosts = vec![text("box:host-gateway")];
    settings.logging =
        Some(Logging { driver: text("json-file"), options: BTreeMap::from([(text("max-file"), text("2"))]) });
    settings.binds = vec![HostBind {
        source: text("/srv"),
        target: text("/srv"),
        read_only: false,
        propagation: None,
        must_exist: true,
    }];
    web.mounts = vec![Mount { volume: volume("store"), target: text("/s"), read_only: false, no_copy: true }];
    web.networks.values_mut().for_each(|on| on.link_local_ips = vec![text("169.254.1.2")]);
    let mut target = target([("web", web), ("plain", service())]);
    let pool =
        Pool { aux_addresses: BTreeMap::from([(text("router"), text("10.1.0.1"))]), ..Pool::default() };
    let options = NetworkOptions {
        attachable: true,
        ipam_driver: text("mine"),
        ipam_options: BTreeMap::from([(text("a"), text("b"))]),
        driver_options: BTreeMap::from([(text("com.docker.network.bridge.enable_icc"), text("false"))]),
        pools: vec![pool],
        ..NetworkOptions::default()
    };
    target.app.networks.insert(network("lan"), AppNetwork::Own(Box::new(options)));
    target
}

#[test]
fn everything_that_podman_ignores_is_named_by_service_network_and_field() {
    let all = ignored_fields(&everything(), PODMAN_4);
    assert_eq!(all.len(), RULES.len(), "{all:#?}");
    for path in [
        "services.web.runtime",
        "services.web.networks.lan.link_local_ips",
        "networks.lan.ipam.config[].aux_addresses",
    ] {
        assert!(all.iter().any(|found| found == path), "{path}: {all:#?}");
    }
    assert!(!all.iter().any(|found| found.contains("plain")));
}

#[test]
fn newer_podman_ignores_less_and_docker_nothing() {
    let found = ignored_fields(&everything(), PODMAN_5);
    let only_old = RULES.iter().filter(|rule| rule.by == By::Podman4).count();
    assert_eq!(found.len(), RULES.len() - only_old, "{found:#?}");
    assert!(!found.contains(&text("services.web.device_cgroup_rules")));
    assert_eq!(ignored_fields(&everything(), EngineKind::Docker), Vec::<String>::new());
}

#[test]
fn what_every_engine_carries_out_is_not_named() {
    let mut web = service();
    web.settings.naming.extra_hosts = vec![text("box:10.1.1.1")];
    web.settings.resources.memory_swap_bytes = Some(1 << 30);
    web.settings.privileges.security_options = vec![text("no-new-privileges")];
    let options = LOG_OPTIONS.map(|option| (text(option), text("1m")));
    web.settings.logging = Some(Logging { driver: text("json-file"), options: options.into() });
    let mut target = target([("web", web)]);
    let driver_options = DRIVER_OPTIONS.map(|option| (text(option), text("1")));
    let own = NetworkOptions { driver_options: driver_options.into(), ..NetworkOptions::default() };
    target.app.networks.insert(network("lan"), AppNetwork::Own(Box::new(own)));
    assert_eq!(ignored_fields(&target, PODMAN_4), Vec::<String>::new());
    assert!(!depends_on_engine(&target));
    assert!(depends_on_engine(&everything()));
}

#[test]
fn version_of_podman_is_read_from_its_text() {
    for (version, major) in [("5.4.2", 5), ("4.3.1+ds1", 4), ("10.0", 10)] {
        assert_eq!(EngineKind::podman(version), EngineKind::Podman { major });
    }
}

#[test]
fn table_of_ignored_fields_has_exactly_the_rules() {
    let path = |rule: &Rule| match rule.place {
        Place::Service(_) => format!("services.*.{}", rule.field),
        Place::Attachment(_) => format!("services.*.networks.*.{}", rule.field),
        Place::Network(_) => format!("networks.*.{}", rule.field),
    };
    let engine = |rule: &Rule| match rule.by {
        By::Podman => "Podman",
        By::Podman4 => "Podman 4",
    };
    let known: BTreeSet<(String, &str)> = RULES.iter().map(|rule| (path(rule), engine(rule))).collect();
    let table = rows(ENGINES, ["ignored field", "by", "what happens"]);
    let documented: BTreeSet<(String, &str)> =
        table.iter().map(|[field, by, _]| (words(field).concat(), *by)).collect();
    assert_eq!(documented, known);
    assert_eq!(table.len(), RULES.len(), "a field stands there twice");
}
