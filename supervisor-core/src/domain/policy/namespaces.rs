//! Namespaces and cgroups that are not the container's own.

use serde_json::Value;
use supervisor_proto::policy::{IpcMode, Permissions};

use super::case::Case;

struct Mode {
    field: &'static str,
    /// Values that only close something.
    open: &'static [&'static str],
    /// Values that a grant can allow.
    grantable: &'static [&'static str],
    says: fn(&Permissions, &str) -> bool,
}

fn mode(key: &str) -> Option<Mode> {
    const HOST: &[&str] = &["host"];
    Some(match key {
        "PidMode" => Mode { field: "pid", open: &[], grantable: HOST, says: |grant, _| grant.pid.is_some() },
        "UTSMode" => Mode { field: "uts", open: &[], grantable: HOST, says: |grant, _| grant.uts.is_some() },
        "UsernsMode" => Mode {
            field: "userns_mode",
            open: &[],
            grantable: HOST,
            says: |grant, _| grant.userns_mode.is_some(),
        },
        "CgroupnsMode" => Mode {
            field: "cgroup",
            open: &["private"],
            grantable: HOST,
            says: |grant, _| grant.cgroup.is_some(),
        },
        "IpcMode" => Mode {
            field: "ipc",
            open: &["private", "none"],
            grantable: &["host", "shareable"],
            says: |grant, asked| match grant.ipc {
                Some(IpcMode::Host) => asked == "host",
                Some(IpcMode::Shareable) => asked == "shareable",
                None => false,
            },
        },
        _ => return None,
    })
}

pub(super) fn check(case: &mut Case<'_>, key: &str, value: &Value) {
    let Some(asked) = value.as_str() else { return case.expect(key, false) };
    if key == "CgroupParent" {
        return cgroup_parent(case, asked);
    }
    let Some(Mode { field, open, grantable, says }) = mode(key) else { return case.unknown(key) };
    if asked.is_empty() || open.contains(&asked) {
        return;
    }
    if !grantable.contains(&asked) {
        case.never(field, format!("{asked} is the namespace of something else"));
    } else if !case.granted(|grant| says(grant, asked)) {
        case.needs(field, format!("{asked} needs the owner's grant"), field, asked);
    }
}

fn cgroup_parent(case: &mut Case<'_>, asked: &str) {
    if !asked.is_empty() && !case.granted(|grant| grant.cgroup_parent.as_deref() == Some(asked)) {
        case.needs("cgroup_parent", format!("{asked} needs the owner's grant"), "cgroup_parent", asked);
    }
}
