use std::collections::BTreeMap;

use super::*;
use crate::domain::settings::{Device, Tmpfs, Ulimit};

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn pairs(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn host(change: impl FnOnce(&mut Settings)) -> Value {
    let mut settings = Settings::default();
    change(&mut settings);
    json!(of_host(&settings))
}

#[test]
fn settings_at_their_defaults_leave_everything_to_the_engine() {
    let settings = Settings::default();
    assert!(of_container(&settings).is_empty() && of_host(&settings).is_empty());
    assert_eq!(mounts(&settings).count(), 0);
}

#[test]
fn names_and_terminal_stand_in_the_body_itself() {
    let settings = Settings {
        process: Process { tty: true, stdin_open: true, ..Process::default() },
        naming: Naming { hostname: "h".to_owned(), domainname: "d".to_owned(), ..Naming::default() },
        ..Settings::default()
    };
    assert_eq!(
        json!(of_container(&settings)),
        json!({ "Tty": true, "OpenStdin": true, "Hostname": "h", "Domainname": "d" })
    );
    assert!(of_host(&settings).is_empty());
}

#[test]
fn process_gives_init_as_said_and_a_read_only_root() {
    assert_eq!(host(|s| s.process.init = Some(false)), json!({ "Init": false }));
    assert_eq!(host(|s| s.process.init = Some(true)), json!({ "Init": true }));
    assert_eq!(host(|s| s.process.read_only = true), json!({ "ReadonlyRootfs": true }));
}

#[test]
fn privileges_give_every_field_of_the_engine() {
    let capability = |name: &str| [Capability::parse(name).unwrap()].into();
    let privileges = Privileges {
        privileged: true,
        cap_add: capability("cap_sys_time"),
        cap_drop: capability("ALL"),
        security_options: texts(&["no-new-privileges", "systempaths=unconfined"]),
        devices: vec![Device {
            host_path: "/dev/null".to_owned(),
            container_path: "/dev/ttyS9".to_owned(),
            permissions: "rw".to_owned(),
        }],
        device_cgroup_rules: texts(&["c 13:* rmw"]),
        groups: texts(&["dialout", "44"]),
        pid_mode: "host".to_owned(),
        ipc_mode: "shareable".to_owned(),
        uts_mode: "host".to_owned(),
        userns_mode: "host".to_owned(),
        cgroup_mode: "private".to_owned(),
        cgroup_parent: "apps".to_owned(),
        runtime: "crun".to_owned(),
        sysctls: pairs(&[("net.core.somaxconn", "512")]),
    };
    assert_eq!(
        host(|s| s.privileges = privileges),
        json!({
            "Privileged": true,
            "CapAdd": ["SYS_TIME"],
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "MaskedPaths": [],
            "ReadonlyPaths": [],
            "Devices": [{
                "PathOnHost": "/dev/null", "PathInContainer": "/dev/ttyS9", "CgroupPermissions": "rw",
            }],
            "DeviceCgroupRules": ["c 13:* rmw"],
            "GroupAdd": ["dialout", "44"],
            "PidMode": "host",
            "IpcMode": "shareable",
            "UTSMode": "host",
            "UsernsMode": "host",
            "CgroupnsMode": "private",
            "CgroupParent": "apps",
            "Runtime": "crun",
            "Sysctls": { "net.core.somaxconn": "512" },
        })
    );
}

#[test]
fn resources_give_every_field_in_the_engines_units() {
    let resources = Resources {
        memory_bytes: 64 << 20,
        memory_reservation_bytes: 32 << 20,
        memory_swap_bytes: Some(-1),
        memory_swappiness_percent: Some(0),
        nano_cpus: 500_000_000,
        cpu_shares: 512,
        cpu_quota_us: 50_000,
        cpu_period_us: 100_000,
        cpuset: "0-1".to_owned(),
        pids_limit: Some(100),
        oom_score_adj: Some(0),
        oom_kill_disable: true,
        shm_size_bytes: 1 << 20,
        ulimits: vec![Ulimit { name: "nofile".to_owned(), soft: 1024, hard: -1 }],
        device_requests: vec![DeviceRequest {
            driver: "nvidia".to_owned(),
            count: -1,
            device_ids: Vec::new(),
            capabilities: texts(&["gpu", "utility"]),
            options: pairs(&[("virtualization", "false")]),
        }],
    };
    assert_eq!(
        host(|s| s.resources = resources),
        json!({
            "Memory": 67_108_864,
            "MemoryReservation": 33_554_432,
            "MemorySwap": -1,
            "MemorySwappiness": 0,
            "NanoCpus": 500_000_000,
            "CpuShares": 512,
            "CpuQuota": 50_000,
            "CpuPeriod": 100_000,
            "CpusetCpus": "0-1",
            "PidsLimit": 100,
            "OomScoreAdj": 0,
            "OomKillDisable": true,
            "ShmSize": 1_048_576,
            "Ulimits": [{ "Name": "nofile", "Soft": 1024, "Hard": -1 }],
            "DeviceRequests": [{
                "Driver": "nvidia", "Count": -1, "DeviceIDs": [],
                "Capabilities": [["gpu", "utility"]], "Options": { "virtualization": "false" },
            }],
        })
    );
}

#[test]
fn naming_and_logging_stand_in_the_host_s_part() {
    let naming = Naming {
        dns_servers: texts(&["10.0.0.1"]),
        dns_search: texts(&["example.org"]),
        dns_options: texts(&["ndots:2"]),
        extra_hosts: texts(&["db:10.0.0.2"]),
        ..Naming::default()
    };
    assert_eq!(
        host(|s| s.naming = naming),
        json!({
            "Dns": ["10.0.0.1"], "DnsSearch": ["example.org"], "DnsOptions": ["ndots:2"],
            "ExtraHosts": ["db:10.0.0.2"],
        })
    );
    let logging = Logging { driver: "json-file".to_owned(), options: pairs(&[("max-size", "1m")]) };
    assert_eq!(
        host(|s| s.logging = Some(logging)),
        json!({ "LogConfig": { "Type": "json-file", "Config": { "max-size": "1m" } } })
    );
}

#[test]
fn places_are_binds_that_make_their_source_mounts_that_do_not_and_tmpfs() {
    let bind = |must_exist, propagation| HostBind {
        source: "/srv".to_owned(),
        target: "/host".to_owned(),
        read_only: true,
        propagation,
        must_exist,
    };
    let shared = Some(Propagation::Rshared);
    assert_eq!(host(|s| s.binds = vec![bind(false, None)]), json!({ "Binds": ["/srv:/host:ro"] }));
    assert_eq!(host(|s| s.binds = vec![bind(false, shared)]), json!({ "Binds": ["/srv:/host:ro,rshared"] }));
    let settings = Settings { binds: vec![bind(true, shared)], ..Settings::default() };
    assert!(of_host(&settings).is_empty());
    assert_eq!(
        mounts(&settings).collect::<Vec<_>>(),
        [json!({
            "Type": "bind", "Source": "/srv", "Target": "/host", "ReadOnly": true,
            "BindOptions": { "Propagation": "rshared" },
        })]
    );
    let tmpfs = |target: &str, options: &[&str]| Tmpfs { target: target.to_owned(), options: texts(options) };
    assert_eq!(
        host(|s| s.tmpfs = vec![tmpfs("/run", &["size=64m", "mode=1777"]), tmpfs("/tmp", &[])]),
        json!({ "Tmpfs": { "/run": "size=64m,mode=1777", "/tmp": "" } })
    );
}
