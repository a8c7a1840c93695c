use crate::{
    adapters::docker::recorded::{Recorded, Recording},
    domain::observed::ContainerId,
    ports::exec::ExecEngine as _,
};

use super::*;

const FILE: &str = "/var/lib/containers/storage/overlay-containers/9993ac93/userdata/config.json";
const VERSION: Recording = (
    "GET /version",
    200,
    r#"{"Components":[{"Name":"Podman Engine"}],"Version":"4.3.1","ApiVersion":"1.41","MinAPIVersion":"1.24"}"#,
);
const INFO: Recording = (
    "GET /info",
    200,
    r#"{"SecurityOptions":["name=seccomp,profile=default"],"DefaultRuntime":"crun","Runtimes":{"crun":{},"kata":{}}}"#,
);
/// As both versions answer for any of the containers below.
const DOCKERS: Recording = (
    "GET /containers/9993ac93/json",
    200,
    r#"{"HostConfig":{"Privileged":false,"SecurityOpt":[],"Runtime":"oci","CapAdd":[],"CgroupnsMode":"","PidMode":"private",
        "IpcMode":"shareable","UTSMode":"private","MaskedPaths":null,"ReadonlyPaths":null,"Sysctls":null},"Mounts":[]}"#,
);
const OWN: Recording = (
    "GET /v4.0.0/libpod/containers/9993ac93/json",
    200,
    r#"{"OCIConfigPath":"/var/lib/containers/storage/overlay-containers/9993ac93/userdata/config.json",
        "OCIRuntime":"crun","Rootfs":""}"#,
);

const HOST: Recording = ("GET /v4.0.0/libpod/info", 200, r#"{"host":{"cgroupVersion":"v2"}}"#);
const OLD_HOST: Recording = (HOST.0, 200, r#"{"host":{"cgroupVersion":"v1"}}"#);

/// As Podman 4.3 and 5.4 write it for `docker run image`, shortened to what is read of it.
fn ordinary() -> Value {
    json!({
        "process": { "noNewPrivileges": false },
        "linux": {
            "namespaces": [
                { "type": "pid" }, { "type": "network", "path": "/run/netns/netns-1" }, { "type": "ipc" },
                { "type": "uts" }, { "type": "mount" }, { "type": "cgroup" }
            ],
            "sysctl": { "net.ipv4.ping_group_range": "0 0" },
            "resources": { "devices": [{ "allow": false, "access": "rwm" }], "pids": { "limit": 2048 } },
            "seccomp": { "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [] },
            "maskedPaths": [
                "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/fs/selinux", "/sys/dev/block"
            ],
            "readonlyPaths": [
                "/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"
            ]
        }
    })
}

/// What the container holds by these answers, and with this in the runtime's file.
async fn held(own: Recording, info: Recording, file: Option<&str>) -> Option<String> {
    held_on(HOST, own, info, file).await
}

async fn held_on(host: Recording, own: Recording, info: Recording, file: Option<&str>) -> Option<String> {
    let recorded = Recorded::serve(vec![VERSION, host, info, DOCKERS, own]);
    if let Some(text) = file {
        let path = recorded.host_root.path().join(FILE.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let id = ContainerId("9993ac93".to_owned());
    recorded.engine.confinement(&id).await.unwrap().first_privilege(&[])
}

async fn held_with(at: &str, value: Value) -> Option<String> {
    let mut spec = ordinary();
    *spec.pointer_mut(at).unwrap() = value;
    held(OWN, INFO, Some(&spec.to_string())).await
}

#[tokio::test]
async fn ordinary_container_of_podman_holds_no_privilege() {
    assert_eq!(held(OWN, INFO, Some(&ordinary().to_string())).await, None);
}

#[tokio::test]
async fn privilege_that_only_the_runtimes_file_tells_is_found() {
    for (at, value, found) in [
        ("/linux/maskedPaths", json!(null), "security_opt systempaths=unconfined"),
        ("/linux/maskedPaths/1", json!("/proc/other"), "security_opt systempaths=unconfined"),
        ("/linux/readonlyPaths", json!([]), "security_opt systempaths=unconfined"),
        ("/linux/readonlyPaths", json!(["/proc/bus"]), "security_opt systempaths=unconfined"),
        ("/linux/sysctl", json!({ "net.ipv4.ip_forward": "1" }), "sysctls"),
        ("/linux/sysctl/net.ipv4.ping_group_range", json!("0 100"), "sysctls"),
        ("/linux/resources/devices/0/allow", json!(true), "device_cgroup_rules"),
        ("/linux/resources/devices/0", json!({ "access": "rwm" }), "device_cgroup_rules"),
        ("/linux/seccomp", json!(null), "security_opt seccomp=unconfined"),
        ("/linux/seccomp/defaultAction", json!("SCMP_ACT_ALLOW"), "security_opt seccomp=unconfined"),
    ] {
        assert_eq!(held_with(at, value.clone()).await.as_deref(), Some(found), "{at} {value}");
    }
}

#[tokio::test]
async fn control_groups_of_the_host_or_of_another_are_a_privilege_where_podman_would_give_own_ones() {
    let mut spec = ordinary();
    spec["linux"]["namespaces"] = json!([{ "type": "pid" }]);
    let hosts = spec.to_string();
    spec["linux"]["namespaces"] = json!([{ "type": "cgroup", "path": "/proc/1/ns/cgroup" }]);
    let joined = spec.to_string();

    assert_eq!(held(OWN, INFO, Some(&hosts)).await.unwrap(), "cgroup host");
    assert_eq!(held_on(OLD_HOST, OWN, INFO, Some(&hosts)).await, None);
    let unknown = (HOST.0, 200, "{}");
    assert_eq!(held_on(unknown, OWN, INFO, Some(&hosts)).await.unwrap(), "cgroup host");
    for host in [HOST, OLD_HOST] {
        assert_eq!(held_on(host, OWN, INFO, Some(&joined)).await.unwrap(), "cgroup ns:/proc/1/ns/cgroup");
    }
}

#[tokio::test]
async fn security_module_that_the_engine_has_and_the_container_has_not_is_a_privilege() {
    let modules = |text: &'static str| ("GET /info", 200, text);
    let selinux = modules(r#"{"SecurityOptions":["name=selinux"],"DefaultRuntime":"crun"}"#);
    let apparmor = modules(r#"{"SecurityOptions":["name=apparmor"],"DefaultRuntime":"crun"}"#);
    let mut spec = ordinary();
    assert_eq!(held(OWN, selinux, Some(&spec.to_string())).await.unwrap(), "security_opt label=disable");
    assert_eq!(
        held(OWN, apparmor, Some(&spec.to_string())).await.unwrap(),
        "security_opt apparmor=unconfined"
    );
    spec["process"] = json!({ "apparmorProfile": "containers-default-0.50.1", "selinuxLabel": "system_u:system_r:container_t:s0" });
    assert_eq!(held(OWN, selinux, Some(&spec.to_string())).await, None);
    assert_eq!(held(OWN, apparmor, Some(&spec.to_string())).await, None);
}

#[tokio::test]
async fn another_runtime_and_a_folder_of_the_host_for_a_root_are_privileges() {
    let own = |text: &'static str| (OWN.0, 200, text);
    let kata = own(
        r#"{"OCIConfigPath":"/var/lib/containers/storage/overlay-containers/9993ac93/userdata/config.json","OCIRuntime":"kata"}"#,
    );
    assert_eq!(held(kata, INFO, Some(&ordinary().to_string())).await.unwrap(), "runtime");
    let root = own(
        r#"{"OCIConfigPath":"/var/lib/containers/storage/overlay-containers/9993ac93/userdata/config.json","OCIRuntime":"crun",
            "Rootfs":"/"}"#,
    );
    assert_eq!(held(root, INFO, Some(&ordinary().to_string())).await.unwrap(), "Rootfs");
}

#[tokio::test]
async fn what_cannot_be_seen_counts_as_a_privilege() {
    const UNSEEN: &str = "settings that core cannot see";
    assert_eq!(held(OWN, INFO, None).await.unwrap(), UNSEEN);
    assert_eq!(held(OWN, INFO, Some("{")).await.unwrap(), UNSEEN);
    let nothing = (OWN.0, 200, "{}");
    assert_eq!(held(nothing, INFO, Some(&ordinary().to_string())).await.unwrap(), UNSEEN);
    let too_long = format!("{}{}", " ".repeat(1 << 20), ordinary());
    assert_eq!(held(OWN, INFO, Some(&too_long)).await.unwrap(), UNSEEN);
    assert_eq!(held(OWN, INFO, Some("{}")).await.unwrap(), "security_opt systempaths=unconfined");
}
