use super::*;

/// As Docker 20.10 answers for `docker run image`.
fn ordinary() -> Value {
    json!({
        "Binds": null, "LogConfig": { "Type": "json-file", "Config": {} }, "NetworkMode": "default",
        "PortBindings": {}, "RestartPolicy": { "Name": "no", "MaximumRetryCount": 0 }, "VolumesFrom": null,
        "ConsoleSize": [0, 0], "CapAdd": null, "CapDrop": null, "CgroupnsMode": "host", "Dns": [],
        "GroupAdd": null, "IpcMode": "private", "Cgroup": "", "PidMode": "", "Privileged": false,
        "SecurityOpt": null, "UTSMode": "", "UsernsMode": "", "ShmSize": 67_108_864, "Runtime": "runc",
        "Memory": 1024, "CgroupParent": "", "Devices": [], "DeviceCgroupRules": null,
        "DeviceRequests": null,
        "MaskedPaths": [
            "/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
            "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"
        ],
        "ReadonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
    })
}

fn privilege(name: &str, value: Value, security_options: &[&str]) -> Option<String> {
    let mut settings = ordinary();
    settings[name] = value;
    let settings: BTreeMap<String, Value> = serde_json::from_value(settings).unwrap();
    let security_options = security_options.iter().map(|option| (*option).to_owned()).collect();
    let info = Info { default_runtime: "runc".to_owned(), security_options };
    confinement(&settings, &info).first_privilege(&[])
}

#[test]
fn ordinary_container_holds_no_privilege() {
    assert_eq!(privilege("Cgroup", json!(""), &["name=seccomp,profile=default"]), None);
}

#[test]
fn every_setting_that_grants_something_is_found() {
    for (name, value, found) in [
        ("Privileged", json!(true), "privileged"),
        ("CapAdd", json!(["NET_ADMIN"]), "cap_add"),
        ("Devices", json!([{ "PathOnHost": "/dev/mem" }]), "devices"),
        ("DeviceRequests", json!([{ "Count": -1 }]), "gpus"),
        ("DeviceCgroupRules", json!(["a *:* rwm"]), "device_cgroup_rules"),
        ("GroupAdd", json!(["disk"]), "group_add"),
        ("SecurityOpt", json!(["seccomp=unconfined"]), "security_opt seccomp=unconfined"),
        ("PidMode", json!("host"), "pid host"),
        ("IpcMode", json!("container:abc"), "ipc container:abc"),
        ("UTSMode", json!("host"), "uts host"),
        ("UsernsMode", json!("host"), "userns_mode host"),
        ("NetworkMode", json!("container:abc"), "network_mode container:abc"),
        ("Runtime", json!("other"), "runtime"),
        ("CgroupParent", json!("/x"), "cgroup_parent"),
        ("Sysctls", json!({ "kernel.shmmax": "1" }), "sysctls"),
        ("VolumesFrom", json!(["other"]), "volumes_from"),
        ("MaskedPaths", json!([]), "security_opt systempaths=unconfined"),
        ("MaskedPaths", json!(["/proc/acpi"]), "security_opt systempaths=unconfined"),
        ("ReadonlyPaths", json!(["/proc/bus"]), "security_opt systempaths=unconfined"),
        ("ReadonlyPaths", json!(null), "security_opt systempaths=unconfined"),
    ] {
        assert_eq!(privilege(name, value, &[]).as_deref(), Some(found), "{name}");
    }
}

#[test]
fn setting_that_we_do_not_know_is_a_privilege_once_it_holds_anything() {
    assert_eq!(privilege("OfTheFuture", json!({}), &[]), None);
    assert_eq!(privilege("OfTheFuture", json!({ "a": 1 }), &[]).unwrap(), "OfTheFuture");
}

#[test]
fn cgroups_of_the_host_are_a_privilege_where_the_engine_would_give_own_ones() {
    assert_eq!(privilege("CgroupnsMode", json!("host"), &["name=cgroupns"]).unwrap(), "cgroup host");
    assert_eq!(privilege("CgroupnsMode", json!("private"), &["name=cgroupns"]), None);
}
