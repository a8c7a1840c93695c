//! Every way from the engine's API to root on the host, or past the supervisor; those by mounts are in `mounts.rs`.

use super::*;

#[test]
fn privilege_is_refused() {
    host("Privileged", json!(true));
    host("Privileged", json!("true"));
    for capability in
        ["SYS_ADMIN", "CAP_SYS_ADMIN", "sys_admin", "cap_net_admin", "ALL", "all", "NET_RAW", ""]
    {
        host("CapAdd", json!([capability]));
    }
    host("CapAdd", json!("ALL"));
    for option in [
        "seccomp=unconfined",
        "seccomp:unconfined",
        "apparmor=unconfined",
        "label=disable",
        "label:type:spc_t",
        "systempaths=unconfined",
        "no-new-privileges:false",
        "no-new-privileges=false",
    ] {
        host("SecurityOpt", json!([option]));
    }
    host("MaskedPaths", json!([]));
    host("ReadonlyPaths", json!([]));
    host("MaskedPaths", json!(["/x"]));
    host("GroupAdd", json!(["docker"]));
    host("GroupAdd", json!(["0"]));
    host("GroupAdd", json!([0]));
    host("Sysctls", json!({ "kernel.core_pattern": "|/bin/sh" }));
    host("Sysctls", json!({ "net.ipv4.ip_forward": "1" }));
    for runtime in ["runc", "sysbox", "/bin/sh"] {
        host("Runtime", json!(runtime));
    }
}

#[test]
fn namespace_of_something_else_is_refused() {
    for key in ["PidMode", "IpcMode", "UTSMode", "UsernsMode", "CgroupnsMode", "NetworkMode"] {
        for mode in ["container:supervisor-core", "container:0123", "service:db", "ns:/proc/1/ns/pid", "HOST"]
        {
            host(key, json!(mode));
        }
        host(key, json!(1));
        if key != "NetworkMode" {
            host(key, json!("host"));
        }
    }
    host("IpcMode", json!("shareable"));
    host("CgroupParent", json!("/"));
    host("CgroupParent", json!("system.slice"));
    host("Cgroup", json!("container:x"));
    host("VolumesFrom", json!(["supervisor-core"]));
    host("Links", json!(["supervisor-core:x"]));
}

#[test]
fn device_is_refused() {
    for path in ["/dev/sda", "/dev/mem", "/dev", "/dev/ttyUSB0", "/resin-data/2167/planted", "dev/sda", ""] {
        host(
            "Devices",
            json!([{ "PathOnHost": path, "PathInContainer": "/dev/x", "CgroupPermissions": "rwm" }]),
        );
    }
    host("Devices", json!([{}]));
    host("DeviceCgroupRules", json!(["a *:* rwm"]));
    host("DeviceCgroupRules", json!(["c 188:* rmw"]));
    host("DeviceRequests", json!([{ "Driver": "nvidia", "Count": -1, "Capabilities": [["gpu"]] }]));
    host("DeviceRequests", json!([{ "Driver": "cdi", "DeviceIDs": ["vendor.com/device=all"] }]));
    host("DeviceRequests", json!([{}]));
}

#[test]
fn label_that_asks_for_a_feature_is_refused() {
    for feature in [
        "kernel-modules",
        "firmware",
        "dbus",
        "sysfs",
        "procfs",
        "balena-socket",
        "resin-socket",
        "balena-api",
        "host-os",
        "journal-logs",
        "sysfs-anything",
        "",
        "SUPERVISOR-API/../dbus",
    ] {
        for prefix in ["io.balena.features.", "io.resin.features.", "IO.Balena.Features."] {
            for value in ["1", "true", "0", ""] {
                let mut create = ordinary();
                create["Labels"][format!("{prefix}{feature}")] = json!(value);
                refused(&World::of(create), &format!("{prefix}{feature}"));
            }
        }
    }
}

#[test]
fn port_of_the_supervisor_is_refused() {
    for port in ["48484", "48485", "048484", "48484-48490", "+1", "x", "65536"] {
        for address in ["", "0.0.0.0", "127.0.0.1"] {
            host("PortBindings", json!({ "80/tcp": [{ "HostIp": address, "HostPort": port }] }));
        }
    }
    host("PublishAllPorts", json!(true));
}

#[test]
fn log_driver_that_reaches_the_network_or_files_is_refused() {
    for config in [
        json!({ "Type": "syslog", "Config": { "syslog-address": "unixgram:///dev/log" } }),
        json!({ "Type": "syslog" }),
        json!({ "Type": "gelf", "Config": { "gelf-address": "udp://10.0.0.9:1" } }),
        json!({ "Type": "fluentd", "Config": { "fluentd-address": "unix:///run/docker.sock" } }),
        json!({ "Type": "splunk", "Config": {} }),
        json!({ "Type": "awslogs", "Config": {} }),
        json!({ "Type": "json-file", "Config": { "tag": "{{.Name}}" } }),
        json!({ "Type": "journald", "Config": { "tag": "a{{ range }}" } }),
        json!({ "Type": "json-file", "Config": { "log-path": "/etc/x" } }),
        json!({ "Type": "local", "Config": { "any": "1" } }),
        json!({ "Type": "json-file", "Config": { "max-size": 1 } }),
        json!({ "Type": "json-file", "Path": "/etc/x" }),
        json!({ "Type": 1 }),
    ] {
        host("LogConfig", config);
    }
}

#[test]
fn limit_that_can_starve_the_host_is_refused() {
    host("OomScoreAdj", json!(-1000));
    host("OomKillDisable", json!(true));
    host("Ulimits", json!([{ "Name": "rtprio", "Soft": 99, "Hard": 99 }]));
    host("Ulimits", json!([{ "Name": "nice", "Soft": 40, "Hard": 40 }]));
    host("CpuRealtimeRuntime", json!(1));
    host("BlkioWeight", json!(1));
    host("KernelMemory", json!(1));
}
