//! Every setting makes a different container, and comes back from the labels of a running one.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    difference::differences,
    labels::adopt,
    observed::ContainerState,
    settings::{Capability, Device, DeviceRequest, HostBind, Logging, Propagation, Settings, Tmpfs, Ulimit},
    target::{Mount, Service, Volume},
    test_samples::{TOKEN, app, container, name, record, rendered, service, volume},
    volume::VolumeOptions,
};

type Change = (&'static str, fn(&mut Settings));

fn text(value: &str) -> String {
    value.to_owned()
}

fn pair(name: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(text(name), text(value))])
}

fn bind() -> HostBind {
    HostBind {
        source: text("/srv"),
        target: text("/host"),
        read_only: false,
        propagation: None,
        must_exist: false,
    }
}

/// One change for each field; a field without one here is not covered by this file's tests.
const CHANGES: [Change; 54] = [
    ("init", |s| s.process.init = Some(false)),
    ("init on", |s| s.process.init = Some(true)),
    ("tty", |s| s.process.tty = true),
    ("stdin_open", |s| s.process.stdin_open = true),
    ("read_only", |s| s.process.read_only = true),
    ("privileged", |s| s.privileges.privileged = true),
    ("cap_add", |s| s.privileges.cap_add = Capability::parse("CHOWN").into_iter().collect()),
    ("cap_drop", |s| s.privileges.cap_drop = Capability::parse("CHOWN").into_iter().collect()),
    ("security_opt", |s| s.privileges.security_options.push(text("x"))),
    ("devices", |s| s.privileges.devices.push(device("/dev/a", "/dev/b", "r"))),
    ("device source", |s| s.privileges.devices.push(device("/dev/x", "/dev/b", "r"))),
    ("device target", |s| s.privileges.devices.push(device("/dev/a", "/dev/x", "r"))),
    ("device permissions", |s| s.privileges.devices.push(device("/dev/a", "/dev/b", "w"))),
    ("device_cgroup_rules", |s| s.privileges.device_cgroup_rules.push(text("x"))),
    ("group_add", |s| s.privileges.groups.push(text("x"))),
    ("pid", |s| s.privileges.pid_mode = text("host")),
    ("ipc", |s| s.privileges.ipc_mode = text("host")),
    ("uts", |s| s.privileges.uts_mode = text("host")),
    ("userns_mode", |s| s.privileges.userns_mode = text("host")),
    ("cgroup", |s| s.privileges.cgroup_mode = text("host")),
    ("cgroup_parent", |s| s.privileges.cgroup_parent = text("x")),
    ("runtime", |s| s.privileges.runtime = text("x")),
    ("sysctls", |s| s.privileges.sysctls = pair("a", "b")),
    ("mem_limit", |s| s.resources.memory_bytes = 1),
    ("mem_reservation", |s| s.resources.memory_reservation_bytes = 1),
    ("memswap_limit", |s| s.resources.memory_swap_bytes = Some(0)),
    ("mem_swappiness", |s| s.resources.memory_swappiness_percent = Some(0)),
    ("cpus", |s| s.resources.nano_cpus = 1),
    ("cpu_shares", |s| s.resources.cpu_shares = 1),
    ("cpu_quota", |s| s.resources.cpu_quota_us = 1),
    ("cpu_period", |s| s.resources.cpu_period_us = 1),
    ("cpuset", |s| s.resources.cpuset = text("0")),
    ("pids_limit", |s| s.resources.pids_limit = Some(0)),
    ("oom_score_adj", |s| s.resources.oom_score_adj = Some(0)),
    ("oom_kill_disable", |s| s.resources.oom_kill_disable = true),
    ("shm_size", |s| s.resources.shm_size_bytes = 1),
    ("ulimits", |s| s.resources.ulimits.push(Ulimit { name: text("core"), soft: 0, hard: 1 })),
    ("ulimit soft", |s| s.resources.ulimits.push(Ulimit { name: text("core"), soft: 1, hard: 1 })),
    ("ulimit hard", |s| s.resources.ulimits.push(Ulimit { name: text("core"), soft: 0, hard: 2 })),
    ("device requests", |s| s.resources.device_requests.push(request())),
    ("hostname", |s| s.naming.hostname = text("x")),
    ("domainname", |s| s.naming.domainname = text("x")),
    ("dns", |s| s.naming.dns_servers.push(text("x"))),
    ("dns_search", |s| s.naming.dns_search.push(text("x"))),
    ("dns_opt", |s| s.naming.dns_options.push(text("x"))),
    ("extra_hosts", |s| s.naming.extra_hosts.push(text("x"))),
    ("logging driver", |s| s.logging = Some(Logging { driver: text("x"), options: BTreeMap::new() })),
    ("logging options", |s| s.logging = Some(Logging { driver: text(""), options: pair("a", "b") })),
    ("bind", |s| s.binds.push(bind())),
    ("bind read_only", |s| s.binds.push(HostBind { read_only: true, ..bind() })),
    ("bind propagation", |s| s.binds.push(HostBind { propagation: Some(Propagation::Slave), ..bind() })),
    ("bind that must exist", |s| s.binds.push(HostBind { must_exist: true, ..bind() })),
    ("tmpfs", |s| s.tmpfs.push(Tmpfs { target: text("/t"), options: Vec::new() })),
    ("tmpfs options", |s| s.tmpfs.push(Tmpfs { target: text("/t"), options: vec![text("size=1")] })),
];

fn device(host: &str, container: &str, permissions: &str) -> Device {
    Device { host_path: text(host), container_path: text(container), permissions: text(permissions) }
}

fn request() -> DeviceRequest {
    DeviceRequest {
        driver: String::new(),
        count: -1,
        device_ids: Vec::new(),
        capabilities: vec![text("gpu")],
        options: BTreeMap::new(),
    }
}

fn with(change: fn(&mut Settings)) -> Service {
    let mut changed = service();
    change(&mut changed.settings);
    changed
}

fn hash(service: &Service) -> String {
    rendered(&record([("web", service.clone())])).services[&name("web")].config_hash.clone()
}

#[test]
fn hash_with_any_setting_changed_differs_from_all_others() {
    let mut hashes = BTreeMap::from([(hash(&service()), "unchanged")]);
    for (setting, change) in CHANGES {
        assert_eq!(hashes.insert(hash(&with(change)), setting), None, "{setting}");
    }
}

/// A change's name begins with the compose file's word, unless it says what the field is part of.
#[test]
fn changed_setting_is_named_as_in_a_compose_file() {
    let fields = "init tty stdin_open read_only privileged cap_add cap_drop security_opt devices device_cgroup_rules \
         group_add pid ipc uts userns_mode cgroup cgroup_parent runtime sysctls mem_limit mem_reservation \
         memswap_limit mem_swappiness cpus cpu_shares cpu_quota cpu_period cpuset pids_limit oom_score_adj \
         oom_kill_disable shm_size ulimits deploy.resources.reservations.devices hostname domainname dns \
         dns_search dns_opt extra_hosts logging volumes tmpfs";
    let none = BTreeMap::new();
    let spec = |service: &Service| {
        rendered(&record([("web", service.clone())])).services.remove(&name("web")).unwrap().spec
    };
    let named: Vec<String> = CHANGES
        .iter()
        .flat_map(|(setting, change)| {
            let found = differences((&spec(&service()), &none), (&spec(&with(*change)), &none));
            assert_eq!(found.len(), 1, "{setting}: {found:?}");
            found
        })
        .collect();
    let named: BTreeSet<&str> = named.iter().map(String::as_str).collect();
    assert_eq!(named, fields.split_whitespace().collect());
}

#[test]
fn setting_at_its_default_is_not_stored() {
    let stored = serde_json::to_string(&service()).unwrap();
    assert!(!stored.contains("settings") && !stored.contains("stopped") && !stored.contains("no_copy"));
}

#[test]
fn setting_comes_back_from_the_record_and_from_a_container_s_labels() {
    for (setting, change) in CHANGES {
        let original = record([("web", with(change))]);
        let stored = serde_json::to_string(&original).unwrap();
        assert_eq!(serde_json::from_str::<super::record::AppRecord>(&stored).unwrap(), original, "{setting}");
        let spec = &rendered(&original).services[&name("web")].spec;
        assert_eq!(spec.settings, original.target.services[&name("web")].settings, "{setting}");
        let listed = [container("c1", spec, ContainerState::Running, 1)];
        assert_eq!(adopt(app(), &listed, &BTreeSet::new(), text(TOKEN)), Some(original), "{setting}");
    }
}

#[test]
fn volume_with_options_comes_back_from_a_container_s_labels() {
    let options = VolumeOptions {
        name: text("named"),
        driver: text("local"),
        driver_options: pair("type", "tmpfs"),
        labels: pair("a", "b"),
    };
    let mount = Mount { volume: volume("store"), target: text("/s"), read_only: false, no_copy: true };
    let mut original = record([("web", Service { mounts: vec![mount], ..service() })]);
    original.target.app.volumes.insert(volume("store"), Volume::Configured(options));
    let spec = &rendered(&original).services[&name("web")].spec;
    assert!(spec.binds.iter().any(|bind| bind.source == "named" && bind.no_copy));
    let listed = [container("c1", spec, ContainerState::Running, 1)];
    assert_eq!(adopt(app(), &listed, &BTreeSet::new(), text(TOKEN)), Some(original));
}

#[test]
fn place_that_the_service_mounts_itself_is_left_to_it() {
    for place in ["/data", "/tmp/balena", "/tmp/resin"] {
        let binds = vec![HostBind { target: text(place), ..bind() }];
        let tmpfs = vec![Tmpfs { target: text(place), options: Vec::new() }];
        for settings in [Settings { binds, ..Settings::default() }, Settings { tmpfs, ..Settings::default() }]
        {
            let record = record([("web", Service { settings, ..service() })]);
            let given = &rendered(&record).services[&name("web")].spec.binds;
            assert_eq!(given.len(), 2, "{place}");
            assert!(given.iter().all(|bind| bind.target != place), "{place}");
        }
    }
}
