//! What a container may do beyond an ordinary one, or no longer.

use std::collections::BTreeSet;

use supervisor_proto::v1;

use super::{Checks, MAX_ITEMS, places::device_path};
use crate::{
    domain::settings::{Capability, Device, Privileges},
    error::CoreError,
};

const HOST: &[&str] = &["host"];

pub(super) fn from_wire(checks: &Checks<'_>, wire: v1::Privileges) -> Result<Privileges, CoreError> {
    let lists =
        [("devices", wire.devices.len()), ("cap_add", wire.cap_add.len()), ("cap_drop", wire.cap_drop.len())];
    for (field, length) in lists {
        checks.require(field, length <= MAX_ITEMS, "it has too many items")?;
    }
    Ok(Privileges {
        privileged: wire.privileged,
        cap_add: capabilities(checks, "cap_add", &wire.cap_add)?,
        cap_drop: capabilities(checks, "cap_drop", &wire.cap_drop)?,
        security_options: checks.lines("security_opt", wire.security_options)?,
        devices: wire.devices.into_iter().map(|d| device(checks, d)).collect::<Result<_, _>>()?,
        device_cgroup_rules: checks.lines("device_cgroup_rules", wire.device_cgroup_rules)?,
        groups: checks.lines("group_add", wire.groups)?,
        pid_mode: checks.word("pid", wire.pid_mode, HOST)?,
        ipc_mode: checks.word("ipc", wire.ipc_mode, &["none", "private", "shareable", "host"])?,
        uts_mode: checks.word("uts", wire.uts_mode, HOST)?,
        userns_mode: checks.word("userns_mode", wire.userns_mode, HOST)?,
        cgroup_mode: checks.word("cgroup", wire.cgroup_mode, &["private", "host"])?,
        cgroup_parent: checks.line("cgroup_parent", wire.cgroup_parent)?,
        runtime: checks.line("runtime", wire.runtime)?,
        sysctls: checks.pairs("sysctls", wire.sysctls)?,
    })
}

fn capabilities(
    checks: &Checks<'_>,
    field: &str,
    names: &[String],
) -> Result<BTreeSet<Capability>, CoreError> {
    let parsed = names.iter().map(|name| match Capability::parse(name) {
        Some(capability) => Ok(capability),
        None => checks.refuse(field, "an item is not a capability's name"),
    });
    parsed.collect()
}

fn device(checks: &Checks<'_>, wire: v1::Device) -> Result<Device, CoreError> {
    const FIELD: &str = "devices";
    let path = |text: &str| match device_path(text) {
        Some(path) => Ok(path),
        None => checks.refuse(FIELD, "a path is absolute and plain"),
    };
    let permissions = wire.permissions;
    let known = !permissions.is_empty() && permissions.bytes().all(|b| b"rwm".contains(&b));
    checks.require(FIELD, known, "permissions are some of r, w and m")?;
    Ok(Device {
        host_path: path(&checks.line(FIELD, wire.host_path)?)?,
        container_path: path(&checks.line(FIELD, wire.container_path)?)?,
        permissions,
    })
}
