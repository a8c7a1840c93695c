use supervisor_proto::v1;

use super::*;
use crate::domain::settings::Capability;

/// The field that is refused after `change`.
fn refused(change: impl FnOnce(&mut v1::Service)) -> String {
    let mut service = v1::Service::default();
    change(&mut service);
    match from_wire("services.web", &mut service) {
        Err(CoreError::InvalidField { field, .. }) => field.replace("services.web.", ""),
        other => panic!("{other:?}"),
    }
}

fn accepted(change: impl FnOnce(&mut v1::Service)) -> Settings {
    let mut service = v1::Service::default();
    change(&mut service);
    from_wire("services.web", &mut service).unwrap()
}

fn privileges(change: impl FnOnce(&mut v1::Privileges)) -> v1::Service {
    let mut privileges = v1::Privileges::default();
    change(&mut privileges);
    v1::Service { privileges: Some(privileges), ..v1::Service::default() }
}

fn resources(change: impl FnOnce(&mut v1::Resources)) -> v1::Service {
    let mut resources = v1::Resources::default();
    change(&mut resources);
    v1::Service { resources: Some(resources), ..v1::Service::default() }
}

fn naming(change: impl FnOnce(&mut v1::Naming)) -> v1::Service {
    let mut naming = v1::Naming::default();
    change(&mut naming);
    v1::Service { naming: Some(naming), ..v1::Service::default() }
}

fn text(value: &str) -> String {
    value.to_owned()
}

#[test]
fn service_without_settings_has_the_default_ones() {
    assert_eq!(accepted(|_| {}), Settings::default());
    let empty = |s: &mut v1::Service| {
        s.process = Some(v1::Process::default());
        s.privileges = Some(v1::Privileges::default());
        s.resources = Some(v1::Resources::default());
        s.naming = Some(v1::Naming::default());
    };
    assert_eq!(accepted(empty), Settings::default());
}

#[test]
fn privilege_that_is_not_acceptable_is_refused_by_name() {
    type Change = fn(&mut v1::Privileges);
    let device = |host: &str, container: &str, permissions: &str| v1::Device {
        host_path: text(host),
        container_path: text(container),
        permissions: text(permissions),
    };
    let cases: [(&str, Change); 11] = [
        ("cap_add", |p| p.cap_add.push(text("a b"))),
        ("cap_drop", |p| p.cap_drop.push(String::new())),
        ("security_opt", |p| p.security_options.push(text("a\nb"))),
        ("device_cgroup_rules", |p| p.device_cgroup_rules.push(String::new())),
        ("group_add", |p| p.groups.push(text("\0"))),
        ("pid", |p| p.pid_mode = text("container:x")),
        ("ipc", |p| p.ipc_mode = text("container:x")),
        ("uts", |p| p.uts_mode = text("private")),
        ("userns_mode", |p| p.userns_mode = text("x")),
        ("cgroup", |p| p.cgroup_mode = text("x")),
        ("sysctls", |p| drop(p.sysctls.insert(String::new(), text("1")))),
    ];
    for (field, change) in cases {
        assert_eq!(refused(|s| *s = privileges(change)), field);
    }
    for device in [device("dev", "/dev/x", "r"), device("/dev/x", "/../x", "r"), device("/dev/x", "/x", "")] {
        assert_eq!(refused(|s| *s = privileges(|p| p.devices.push(device))), "devices");
    }
}

#[test]
fn capability_in_any_spelling_is_one() {
    let settings = accepted(|s| {
        *s = privileges(|p| p.cap_add = vec![text("CAP_NET_ADMIN"), text("net_admin"), text("all")]);
    });
    let names: Vec<_> = settings.privileges.cap_add.iter().map(Capability::as_str).collect();
    assert_eq!(names, ["ALL", "NET_ADMIN"]);
}

#[test]
fn resource_that_is_not_acceptable_is_refused_by_name() {
    type Change = fn(&mut v1::Resources);
    let limit = |name: &str, soft, hard| v1::Ulimit { name: text(name), soft, hard };
    let cases: [(&str, Change); 8] = [
        ("mem_limit", |r| r.memory_bytes = u64::MAX),
        ("cpus", |r| (r.nano_cpus, r.cpu_quota_us) = (1, 1)),
        ("memswap_limit", |r| r.memory_swap_bytes = Some(-2)),
        ("mem_swappiness", |r| r.memory_swappiness_percent = Some(101)),
        ("pids_limit", |r| r.pids_limit = Some(-2)),
        ("oom_score_adj", |r| r.oom_score_adj = Some(1001)),
        ("cpuset", |r| r.cpuset = text("all")),
        ("deploy.resources.reservations.devices", |r| r.device_requests.push(v1::DeviceRequest::default())),
    ];
    for (field, change) in cases {
        assert_eq!(refused(|s| *s = resources(change)), field);
    }
    for bad in [limit("", 1, 1), limit("nofile", 2, 1), limit("nofile", -1, 1), limit("nofile", -2, -1)] {
        assert_eq!(refused(|s| *s = resources(|r| r.ulimits.push(bad))), "ulimits");
    }
    accepted(|s| *s = resources(|r| r.ulimits = vec![limit("nofile", 1, -1), limit("core", -1, -1)]));
}

#[test]
fn name_that_is_not_acceptable_is_refused_by_name() {
    type Change = fn(&mut v1::Naming);
    let cases: [(&str, Change); 6] = [
        ("hostname", |n| n.hostname = text("a b")),
        ("hostname", |n| n.hostname = text("-a")),
        ("domainname", |n| n.domainname = text("a..b")),
        ("dns", |n| n.dns_servers.push(text("dns.example.org"))),
        ("dns_search", |n| n.dns_search.push(String::new())),
        ("extra_hosts", |n| n.extra_hosts.push(text("db"))),
    ];
    for (field, change) in cases {
        assert_eq!(refused(|s| *s = naming(change)), field);
    }
    let hosts = vec![text("db:10.0.0.2"), text("host.docker.internal:host-gateway"), text("six:::1")];
    assert_eq!(accepted(|s| *s = naming(|n| n.extra_hosts = hosts.clone())).naming.extra_hosts, hosts);
}

#[test]
fn place_that_is_not_acceptable_is_refused() {
    let bind = |source: &str, target: &str, propagation: &str| v1::HostBind {
        source: text(source),
        target: text(target),
        propagation: text(propagation),
        ..v1::HostBind::default()
    };
    for bad in [
        bind("srv", "/a", ""),
        bind("/srv/../x", "/a", ""),
        bind("/srv:x", "/a", ""),
        bind("//srv", "/a", ""),
        bind("/srv", "/", ""),
        bind("/srv", "a", ""),
        bind("/srv", "/a:b", ""),
        bind("/srv", "/a", "odd"),
    ] {
        assert_eq!(refused(|s| s.binds = vec![bad.clone()]), "volumes", "{bad:?}");
    }
    let whole_host = accepted(|s| s.binds = vec![bind("/", "/host/", "rslave")]);
    assert_eq!((whole_host.binds[0].source.as_str(), whole_host.binds[0].target.as_str()), ("/", "/host"));
    let tmpfs = |target: &str, option: &str| v1::Tmpfs { target: text(target), options: vec![text(option)] };
    for bad in [tmpfs("run", "a"), tmpfs("/", "a"), tmpfs("/run", ""), tmpfs("/run", "a,b")] {
        assert_eq!(refused(|s| s.tmpfs = vec![bad.clone()]), "tmpfs", "{bad:?}");
    }
}
