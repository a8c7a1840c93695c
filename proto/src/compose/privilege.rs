//! What a container may do beyond an ordinary one, or no longer.

use super::{
    device, list,
    reader::{Node, Reader},
    settings,
};
use crate::v1::Privileges;

const OTHER_NAMESPACE: &str = "cannot join another container, which is gone whenever that one is made anew";
const SECURITY: &str = "must be no-new-privileges, seccomp=unconfined, apparmor=<profile>, label=<option> or systempaths=unconfined";

/// One field.
pub(super) fn read(reader: &mut Reader, field: &Node<'_>, privileges: &mut Privileges) {
    match field.key {
        "privileged" => privileges.privileged = field.flag(reader).unwrap_or_default(),
        "cap_add" => privileges.cap_add = capabilities(reader, field),
        "cap_drop" => privileges.cap_drop = capabilities(reader, field),
        "security_opt" => privileges.security_options = security_options(reader, field),
        "devices" => privileges.devices = device::read(reader, field),
        "device_cgroup_rules" => privileges.device_cgroup_rules = device::rules(reader, field),
        "group_add" => privileges.groups = list::scalars(reader, field),
        "pid" => privileges.pid_mode = namespace(reader, field, &["host"]).unwrap_or_default(),
        "ipc" => {
            let words = ["none", "private", "shareable", "host"];
            privileges.ipc_mode = namespace(reader, field, &words).unwrap_or_default();
        }
        "uts" => privileges.uts_mode = namespace(reader, field, &["host"]).unwrap_or_default(),
        "userns_mode" => privileges.userns_mode = namespace(reader, field, &["host"]).unwrap_or_default(),
        "cgroup" => {
            privileges.cgroup_mode = namespace(reader, field, &["private", "host"]).unwrap_or_default();
        }
        "cgroup_parent" => privileges.cgroup_parent = list::filled(reader, field).unwrap_or_default(),
        "runtime" => privileges.runtime = list::filled(reader, field).unwrap_or_default(),
        _ => privileges.sysctls = settings::values(reader, field),
    }
}

fn namespace(reader: &mut Reader, field: &Node<'_>, words: &[&str]) -> Option<String> {
    if let Some(text) = field.value.as_str()
        && ["service:", "container:"].iter().any(|start| text.starts_with(start))
    {
        return reader.refuse(&field.path, OTHER_NAMESPACE);
    }
    list::word(reader, field, words)
}

/// Names without `CAP_`, in upper case, each once.
fn capabilities(reader: &mut Reader, field: &Node<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for item in field.items(reader) {
        let Some(text) = item.text(reader) else { continue };
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
            reader.note(&item.path, "must be a capability such as NET_ADMIN, or ALL");
        }
        names.push(name.to_owned());
    }
    names.sort();
    names.dedup();
    names
}

/// The command-line client reads profiles from files and sends their content; here no file is read.
fn security_options(reader: &mut Reader, field: &Node<'_>) -> Vec<String> {
    let mut options = Vec::new();
    for item in field.items(reader) {
        let Some(text) = item.text(reader) else { continue };
        let (name, value) = text.split_once(['=', ':']).unwrap_or((&text, ""));
        let fits = match name {
            "no-new-privileges" => matches!(value, "" | "true" | "false"),
            "seccomp" => matches!(value, "unconfined" | "builtin"),
            "apparmor" | "label" => !value.is_empty(),
            "systempaths" => value == "unconfined",
            _ => false,
        };
        if !fits || text.contains(char::is_control) {
            reader.note(&item.path, SECURITY);
        }
        options.push(if value.is_empty() { name.to_owned() } else { format!("{name}={value}") });
    }
    options
}
