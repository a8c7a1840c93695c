//! Settings of containers and volumes, in every spelling.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{accepted, web};
use crate::v1::{
    Device, DeviceRequest, HostBind, Logging, Mount, Naming, Privileges, Process, Resources, Service, Tmpfs,
    Ulimit,
};

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn map(all: &[(&str, &str)]) -> HashMap<String, String> {
    all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read(fields: &Value) -> Service {
    let mut service = json!({"image": "a"});
    for (name, value) in fields.as_object().unwrap() {
        service[name] = value.clone();
    }
    accepted(&json!({"services": {"web": service}})).services.remove("web").unwrap()
}

#[test]
fn process_is_read_in_full() {
    let service = read(&json!({"init": false, "tty": true, "stdin_open": true, "read_only": true}));
    let expected = Process { init: Some(false), tty: true, stdin_open: true, read_only: true };
    assert_eq!(service.process, Some(expected));
}

#[test]
fn privileges_are_read_in_full() {
    let service = read(&json!({
        "privileged": true, "cap_add": ["net_admin", "CAP_NET_ADMIN", "SYS_TIME"], "cap_drop": ["all"],
        "security_opt": ["no-new-privileges:true", "seccomp:unconfined", "label=disable", "systempaths=unconfined"],
        "devices": ["/dev/null:/dev/ttyS9:rw"], "device_cgroup_rules": ["c 13:* rmw"], "group_add": ["dialout", 44],
        "pid": "host", "ipc": "shareable", "uts": "host", "userns_mode": "host", "cgroup": "private",
        "cgroup_parent": "apps", "runtime": "crun", "sysctls": {"net.core.somaxconn": 512},
    }));
    let device = Device {
        host_path: "/dev/null".into(),
        container_path: "/dev/ttyS9".into(),
        permissions: "rw".into(),
    };
    let expected = Privileges {
        privileged: true,
        cap_add: texts(&["NET_ADMIN", "SYS_TIME"]),
        cap_drop: texts(&["ALL"]),
        security_options: texts(&[
            "no-new-privileges=true",
            "seccomp=unconfined",
            "label=disable",
            "systempaths=unconfined",
        ]),
        devices: vec![device],
        device_cgroup_rules: texts(&["c 13:* rmw"]),
        groups: texts(&["dialout", "44"]),
        pid_mode: "host".into(),
        ipc_mode: "shareable".into(),
        uts_mode: "host".into(),
        userns_mode: "host".into(),
        cgroup_mode: "private".into(),
        cgroup_parent: "apps".into(),
        runtime: "crun".into(),
        sysctls: map(&[("net.core.somaxconn", "512")]),
    };
    assert_eq!(service.privileges, Some(expected));
}

#[test]
fn devices_in_every_spelling_are_devices() {
    let device = |host_path: &str, container_path: &str, permissions: &str| Device {
        host_path: host_path.into(),
        container_path: container_path.into(),
        permissions: permissions.into(),
    };
    for (value, expected) in [
        (json!("/dev/a"), device("/dev/a", "/dev/a", "rwm")),
        (json!("/dev/a:r"), device("/dev/a", "/dev/a", "r")),
        (json!("/dev/a:/dev/b"), device("/dev/a", "/dev/b", "rwm")),
        (json!({"source": "/dev/a"}), device("/dev/a", "/dev/a", "rwm")),
        (
            json!({"source": "/dev/by-path/1:1.0", "target": "/dev/b", "permissions": "rw"}),
            device("/dev/by-path/1:1.0", "/dev/b", "rw"),
        ),
    ] {
        assert_eq!(web("devices", json!([value])).privileges.unwrap().devices, [expected], "{value}");
    }
}

#[test]
fn resources_are_read_in_full_in_the_wire_s_units() {
    let service = read(&json!({
        "mem_limit": "64m", "mem_reservation": 1024, "memswap_limit": -1, "mem_swappiness": 0, "cpus": "0.5",
        "cpu_shares": 512, "cpuset": "0-1", "pids_limit": 100, "oom_score_adj": -5, "oom_kill_disable": true,
        "shm_size": "1gb", "ulimits": {"nofile": {"soft": 1024, "hard": "2048"}, "core": -1},
    }));
    let mut resources = service.resources.unwrap();
    resources.ulimits.sort_by(|one, other| one.name.cmp(&other.name));
    let expected = Resources {
        memory_bytes: 64 << 20,
        memory_reservation_bytes: 1024,
        memory_swap_bytes: Some(-1),
        memory_swappiness_percent: Some(0),
        nano_cpus: 500_000_000,
        cpu_shares: 512,
        cpuset: "0-1".into(),
        pids_limit: Some(100),
        oom_score_adj: Some(-5),
        oom_kill_disable: true,
        shm_size_bytes: 1 << 30,
        ulimits: vec![
            Ulimit { name: "core".into(), soft: -1, hard: -1 },
            Ulimit { name: "nofile".into(), soft: 1024, hard: 2048 },
        ],
        ..Resources::default()
    };
    assert_eq!(resources, expected);
    let periods = read(&json!({"cpu_quota": 50_000, "cpu_period": "100000"})).resources.unwrap();
    assert_eq!((periods.cpu_quota_us, periods.cpu_period_us), (50_000, 100_000));
}

#[test]
fn deploy_says_the_same_as_the_service_s_own_fields() {
    let deployed = read(&json!({"deploy": {
        "mode": "replicated", "replicas": 1,
        "resources": {
            "limits": {"cpus": 0.5, "memory": "64m", "pids": 100}, "reservations": {"memory": "32m"},
        },
    }}));
    let own = read(&json!({
        "cpus": 0.5, "mem_limit": "64m", "pids_limit": 100, "mem_reservation": "32m", "scale": 1,
    }));
    assert_eq!(deployed, own);
    let both = json!({"mem_limit": "64m", "deploy": {"resources": {"limits": {"memory": 67_108_864}}}});
    assert_eq!(read(&both).resources.unwrap().memory_bytes, 64 << 20);
}

#[test]
fn device_requests_in_every_spelling_are_requests() {
    let request = |count, ids: &[&str], capabilities: &[&str]| DeviceRequest {
        count,
        device_ids: texts(ids),
        capabilities: texts(capabilities),
        ..DeviceRequest::default()
    };
    for (value, expected) in [
        (json!("all"), request(-1, &[], &["gpu"])),
        (json!([{}]), request(-1, &[], &["gpu"])),
        (json!([{"count": 2}]), request(2, &[], &["gpu"])),
        (json!([{"count": "all", "capabilities": ["utility"]}]), request(-1, &[], &["gpu", "utility"])),
        (json!([{"device_ids": ["0", "3"]}]), request(0, &["0", "3"], &["gpu"])),
    ] {
        assert_eq!(web("gpus", value.clone()).resources.unwrap().device_requests, [expected], "{value}");
    }
    let item = json!({"driver": "d", "capabilities": ["tpu"], "options": {"a": 1}});
    let deployed = web("deploy", json!({"resources": {"reservations": {"devices": [item]}}}));
    let expected =
        DeviceRequest { driver: "d".into(), options: map(&[("a", "1")]), ..request(-1, &[], &["tpu"]) };
    assert_eq!(deployed.resources.unwrap().device_requests, [expected]);
}

#[test]
fn names_are_read_in_full() {
    let service = read(&json!({
        "hostname": "pump-7", "domainname": "example.org", "dns": ["10.0.0.1", "::1"], "dns_search": "example.org",
        "dns_opt": ["ndots:2"], "extra_hosts": ["db=10.0.0.2", "six:::1", "host.docker.internal:host-gateway"],
    }));
    let expected = Naming {
        hostname: "pump-7".into(),
        domainname: "example.org".into(),
        dns_servers: texts(&["10.0.0.1", "::1"]),
        dns_search: texts(&["example.org"]),
        dns_options: texts(&["ndots:2"]),
        extra_hosts: texts(&["db:10.0.0.2", "six:::1", "host.docker.internal:host-gateway"]),
    };
    assert_eq!(service.naming, Some(expected));
    let hosts = web("extra_hosts", json!({"db": ["10.0.0.2", "[::1]"]})).naming.unwrap().extra_hosts;
    assert_eq!(hosts, ["db:10.0.0.2", "db:::1"]);
}

#[test]
fn logging_is_driver_and_options() {
    let value = json!({"driver": "json-file", "options": {"max-size": "1m", "max-file": 3}});
    let options = map(&[("max-size", "1m"), ("max-file", "3")]);
    assert_eq!(web("logging", value).logging, Some(Logging { driver: "json-file".into(), options }));
}

#[test]
fn places_in_every_spelling_are_binds_volumes_and_tmpfs() {
    let bind = |source: &str, read_only, propagation: &str, must_exist| HostBind {
        source: source.into(),
        target: "/d".into(),
        read_only,
        propagation: propagation.into(),
        must_exist,
    };
    for (value, expected) in [
        (json!("/srv/x:/d"), bind("/srv/x", false, "", false)),
        (json!("//srv/./x/:/d/:ro"), bind("/srv/x", true, "", false)),
        (json!("/:/d:ro,rslave,cached"), bind("/", true, "rslave", false)),
        (json!({"type": "bind", "source": "/srv", "target": "/d"}), bind("/srv", false, "", false)),
        (
            json!({
                "type": "bind", "source": "/srv", "target": "/d", "read_only": true, "consistency": "cached",
                "bind": {"propagation": "rshared", "create_host_path": false},
            }),
            bind("/srv", true, "rshared", true),
        ),
    ] {
        assert_eq!(web("volumes", json!([value])).binds, [expected], "{value}");
    }
    let mount = Mount { volume: "data".into(), target: "/d".into(), read_only: true, no_copy: true };
    let long = json!({
        "type": "volume", "source": "data", "target": "/d", "read_only": true, "volume": {"nocopy": true},
    });
    for value in [json!("data:/d:ro,nocopy"), long] {
        assert_eq!(web("volumes", json!([value])).volumes, std::slice::from_ref(&mount), "{value}");
    }
    let tmpfs = |target: &str, options: &[&str]| Tmpfs { target: target.into(), options: texts(options) };
    assert_eq!(web("tmpfs", json!("/run")).tmpfs, [tmpfs("/run", &[])]);
    assert_eq!(
        web("tmpfs", json!(["/run:size=64m,mode=1777"])).tmpfs,
        [tmpfs("/run", &["size=64m", "mode=1777"])]
    );
    let long = json!({
        "type": "tmpfs", "target": "/d", "read_only": true, "tmpfs": {"size": "1m", "mode": "0755"},
    });
    assert_eq!(web("volumes", json!([long])).tmpfs, [tmpfs("/d", &["mode=0755", "size=1048576", "ro"])]);
}

#[test]
fn field_without_effect_leaves_the_service_as_it_is() {
    let fields =
        json!({"expose": ["80", 81, "90-91/udp"], "attach": false, "pull_policy": "missing", "scale": "1"});
    assert_eq!(read(&fields), read(&json!({})));
}

#[test]
fn volume_has_name_driver_options_and_labels() {
    let document = accepted(&json!({"services": {"web": {"image": "a"}}, "volumes": {"v": {
        "name": "mine", "driver": "local", "driver_opts": {"type": "tmpfs", "o": "size=1m"}, "labels": ["a=b"],
    }}}));
    let volume = &document.volumes["v"];
    assert_eq!((volume.name.as_str(), volume.driver.as_str(), volume.external), ("mine", "local", false));
    assert_eq!(volume.driver_options, map(&[("type", "tmpfs"), ("o", "size=1m")]));
    assert_eq!(volume.labels, map(&[("a", "b")]));
}
