//! A container's settings in the body of `POST /containers/create`. What is at its default is left out, so
//! that the engine's own setting counts.
//! <https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::settings::{
    Capability, DeviceRequest, HostBind, Logging, Naming, Privileges, Process, Propagation, Resources,
    Settings,
};

type Fields = BTreeMap<&'static str, Value>;

/// Not the container's own files: this is how the command-line client says it as well.
const UNCONFINED_PATHS: &str = "systempaths=unconfined";

trait Set {
    fn set(&mut self, name: &'static str, value: Value);
    /// Left out when false, 0, empty or null.
    fn set_unless_default(&mut self, name: &'static str, value: Value);
}

impl Set for Fields {
    fn set(&mut self, name: &'static str, value: Value) {
        self.insert(name, value);
    }

    fn set_unless_default(&mut self, name: &'static str, value: Value) {
        let is_default = match &value {
            Value::Null => true,
            Value::Bool(flag) => !flag,
            Value::Number(number) => number.as_u64() == Some(0),
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
        };
        if !is_default {
            self.insert(name, value);
        }
    }
}

/// Fields of the body itself.
pub fn of_container(settings: &Settings) -> Fields {
    let Settings { process, naming, .. } = settings;
    let mut fields = Fields::new();
    fields.set_unless_default("Tty", json!(process.tty));
    fields.set_unless_default("OpenStdin", json!(process.stdin_open));
    fields.set_unless_default("Hostname", json!(naming.hostname));
    fields.set_unless_default("Domainname", json!(naming.domainname));
    fields
}

/// Fields of `HostConfig`, all but `Mounts`.
pub fn of_host(settings: &Settings) -> Fields {
    let Settings { process, privileges, resources, naming, logging, binds, tmpfs } = settings;
    let mut fields = Fields::new();
    of_process(&mut fields, process);
    of_privileges(&mut fields, privileges);
    of_resources(&mut fields, resources);
    of_naming(&mut fields, naming);
    if let Some(logging) = logging {
        fields.set("LogConfig", log_config(logging));
    }
    fields
        .set_unless_default("Binds", binds.iter().filter(|bind| !bind.must_exist).map(legacy_bind).collect());
    let tmpfs = tmpfs.iter().map(|one| (one.target.clone(), json!(one.options.join(","))));
    fields.set_unless_default("Tmpfs", Value::Object(tmpfs.collect()));
    fields
}

fn of_process(fields: &mut Fields, process: &Process) {
    if let Some(init) = process.init {
        fields.set("Init", json!(init));
    }
    fields.set_unless_default("ReadonlyRootfs", json!(process.read_only));
}

fn of_privileges(fields: &mut Fields, privileges: &Privileges) {
    let names = |all: &std::collections::BTreeSet<Capability>| -> Value {
        all.iter().map(|capability| json!(capability.as_str())).collect()
    };
    fields.set_unless_default("Privileged", json!(privileges.privileged));
    fields.set_unless_default("CapAdd", names(&privileges.cap_add));
    fields.set_unless_default("CapDrop", names(&privileges.cap_drop));
    let options = privileges.security_options.iter().filter(|option| *option != UNCONFINED_PATHS);
    fields.set_unless_default("SecurityOpt", options.map(|option| json!(option)).collect());
    if privileges.security_options.iter().any(|option| option == UNCONFINED_PATHS) {
        fields.set("MaskedPaths", json!([]));
        fields.set("ReadonlyPaths", json!([]));
    }
    let devices = privileges.devices.iter().map(|device| {
        json!({
            "PathOnHost": device.host_path,
            "PathInContainer": device.container_path,
            "CgroupPermissions": device.permissions,
        })
    });
    fields.set_unless_default("Devices", devices.collect());
    fields.set_unless_default("DeviceCgroupRules", json!(privileges.device_cgroup_rules));
    fields.set_unless_default("GroupAdd", json!(privileges.groups));
    fields.set_unless_default("PidMode", json!(privileges.pid_mode));
    fields.set_unless_default("IpcMode", json!(privileges.ipc_mode));
    fields.set_unless_default("UTSMode", json!(privileges.uts_mode));
    fields.set_unless_default("UsernsMode", json!(privileges.userns_mode));
    fields.set_unless_default("CgroupnsMode", json!(privileges.cgroup_mode));
    fields.set_unless_default("CgroupParent", json!(privileges.cgroup_parent));
    fields.set_unless_default("Runtime", json!(privileges.runtime));
    fields.set_unless_default("Sysctls", json!(privileges.sysctls));
}

fn of_resources(fields: &mut Fields, resources: &Resources) {
    fields.set_unless_default("Memory", json!(resources.memory_bytes));
    fields.set_unless_default("MemoryReservation", json!(resources.memory_reservation_bytes));
    fields.set_unless_default("NanoCpus", json!(resources.nano_cpus));
    fields.set_unless_default("CpuShares", json!(resources.cpu_shares));
    fields.set_unless_default("CpuQuota", json!(resources.cpu_quota_us));
    fields.set_unless_default("CpuPeriod", json!(resources.cpu_period_us));
    fields.set_unless_default("CpusetCpus", json!(resources.cpuset));
    fields.set_unless_default("OomKillDisable", json!(resources.oom_kill_disable));
    fields.set_unless_default("ShmSize", json!(resources.shm_size_bytes));
    // Zero means something here.
    let said = [
        ("MemorySwap", resources.memory_swap_bytes.map(|value| json!(value))),
        ("MemorySwappiness", resources.memory_swappiness_percent.map(|value| json!(value))),
        ("PidsLimit", resources.pids_limit.map(|value| json!(value))),
        ("OomScoreAdj", resources.oom_score_adj.map(|value| json!(value))),
    ];
    for (name, value) in said {
        if let Some(value) = value {
            fields.set(name, value);
        }
    }
    let ulimits = resources.ulimits.iter();
    let ulimits = ulimits.map(|limit| json!({ "Name": limit.name, "Soft": limit.soft, "Hard": limit.hard }));
    fields.set_unless_default("Ulimits", ulimits.collect());
    fields
        .set_unless_default("DeviceRequests", resources.device_requests.iter().map(device_request).collect());
}

/// The engine takes lists of capabilities of which one has to be met in full; compose has one such list.
fn device_request(request: &DeviceRequest) -> Value {
    json!({
        "Driver": request.driver,
        "Count": request.count,
        "DeviceIDs": request.device_ids,
        "Capabilities": [request.capabilities],
        "Options": request.options,
    })
}

fn of_naming(fields: &mut Fields, naming: &Naming) {
    fields.set_unless_default("Dns", json!(naming.dns_servers));
    fields.set_unless_default("DnsSearch", json!(naming.dns_search));
    fields.set_unless_default("DnsOptions", json!(naming.dns_options));
    fields.set_unless_default("ExtraHosts", json!(naming.extra_hosts));
}

fn log_config(logging: &Logging) -> Value {
    json!({ "Type": logging.driver, "Config": logging.options })
}

/// Only in this form does every engine make a missing source.
fn legacy_bind(bind: &HostBind) -> Value {
    let mut options = vec![if bind.read_only { "ro" } else { "rw" }];
    options.extend(bind.propagation.map(Propagation::as_str));
    json!(format!("{}:{}:{}", bind.source, bind.target, options.join(",")))
}

/// Items of `Mounts`: in this form the engine refuses a source that is not there.
pub fn mounts(settings: &Settings) -> impl Iterator<Item = Value> {
    settings.binds.iter().filter(|bind| bind.must_exist).map(|bind| {
        let mut body = json!({
            "Type": "bind", "Source": bind.source, "Target": bind.target, "ReadOnly": bind.read_only
        });
        if let Some((propagation, fields)) = bind.propagation.zip(body.as_object_mut()) {
            fields.insert("BindOptions".to_owned(), json!({ "Propagation": propagation.as_str() }));
        }
        body
    })
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
