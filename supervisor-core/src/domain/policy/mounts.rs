//! `Mounts`, `Binds` and `Tmpfs`: what a container sees besides its own files.

use serde_json::Value;

use super::{bind, bind::Bind, case::Case, shape::is_integer_from, volumes};

/// Places in a container that belong to the kernel. The engine guards them too; a mount there is never needed.
const KERNELS: [&str; 3] = ["/proc", "/sys", "/dev"];
/// Places below them that are ordinary.
const ORDINARY: [&str; 2] = ["/dev/shm", "/dev/mqueue"];
/// Options of a file system in memory that concern the container only.
const TMPFS: [&str; 11] =
    ["size", "mode", "uid", "gid", "nr_inodes", "noexec", "exec", "nosuid", "nodev", "ro", "rw"];

pub(super) fn check(case: &mut Case<'_>, value: &Value) {
    let Some(mounts) = value.as_array() else { return case.expect("volumes", false) };
    for mount in mounts {
        let text = |key: &str| mount.get(key).and_then(Value::as_str).unwrap_or_default();
        target(case, text("Target"));
        match text("Type") {
            "bind" => bind_mount(case, mount, text("Source")),
            "volume" => {
                case.each("volumes", mount, volume_key);
                volumes::check_mounted(case, text("Source"));
            }
            "tmpfs" => case.each("tmpfs", mount, tmpfs_key),
            other => case.never("volumes", format!("the mount type {other:?} is not known to the policy")),
        }
    }
}

fn common_key(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        "Type" | "Source" | "Target" => case.expect("volumes", value.is_string()),
        "ReadOnly" => case.expect("volumes", value.is_boolean()),
        _ => case.unknown(&format!("HostConfig.Mounts.{key}")),
    }
}

fn bind_mount(case: &mut Case<'_>, mount: &Value, source: &str) {
    case.each("volumes", mount, |case, key, value| match key {
        "BindOptions" => case.each("volumes", value, |case, key, value| match key {
            "Propagation" => case.expect("volumes", value.is_string()),
            _ => case.unknown(&format!("HostConfig.Mounts.BindOptions.{key}")),
        }),
        _ => common_key(case, key, value),
    });
    let read_only = mount.get("ReadOnly").and_then(Value::as_bool).unwrap_or(false);
    let propagation = mount.pointer("/BindOptions/Propagation").and_then(Value::as_str).unwrap_or_default();
    bind::check(case, &Bind { source, read_only, propagation });
}

fn volume_key(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        // A driver's options here would make a volume of another kind.
        "VolumeOptions" => case.each("volumes", value, |case, key, value| match key {
            "NoCopy" => case.expect("volumes", value.is_boolean()),
            _ => case.unknown(&format!("HostConfig.Mounts.VolumeOptions.{key}")),
        }),
        _ => common_key(case, key, value),
    }
}

fn tmpfs_key(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        "TmpfsOptions" => case.each("tmpfs", value, |case, key, value| match key {
            "SizeBytes" | "Mode" => case.expect("tmpfs", is_integer_from(value, 0)),
            _ => case.unknown(&format!("HostConfig.Mounts.TmpfsOptions.{key}")),
        }),
        _ => common_key(case, key, value),
    }
}

/// Items of the form `source:target:options`. Volumes come as `Mounts`.
pub(super) fn check_binds(case: &mut Case<'_>, value: &Value) {
    case.expect("volumes", super::shape::is_texts(value));
    for text in super::shape::texts(value) {
        let parts: Vec<&str> = text.split(':').collect();
        let (source, inside, options) = match parts.as_slice() {
            [source, target] => (*source, *target, ""),
            [source, target, options] => (*source, *target, *options),
            _ => return case.expect("volumes", false),
        };
        target(case, inside);
        let mut found = Bind { source, read_only: false, propagation: "" };
        for option in options.split(',').filter(|option| !option.is_empty()) {
            match option {
                "ro" => found.read_only = true,
                "rw" => found.read_only = false,
                "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave" => {
                    found.propagation = option;
                }
                _ => case.never("volumes", format!("the option {option} is not known to the policy")),
            }
        }
        bind::check(case, &found);
    }
}

/// A map from targets to mount options.
pub(super) fn check_tmpfs(case: &mut Case<'_>, value: &Value) {
    let Some(mounts) = value.as_object() else { return case.expect("tmpfs", false) };
    for (inside, options) in mounts {
        target(case, inside);
        let Some(options) = options.as_str() else { return case.expect("tmpfs", false) };
        for option in options.split(',').filter(|option| !option.is_empty()) {
            let name = option.split('=').next().unwrap_or_default();
            if !TMPFS.contains(&name) {
                case.never("tmpfs", format!("the option {name} is not known to the policy"));
            }
        }
    }
}

fn target(case: &mut Case<'_>, path: &str) {
    let plain = path.starts_with('/') && !path.split('/').any(|part| matches!(part, "." | ".."));
    let folded =
        path.split('/').filter(|part| !part.is_empty()).fold(String::new(), |all, part| all + "/" + part);
    let below =
        |root: &str| folded == root || folded.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    let kernels = KERNELS.into_iter().any(below) && !ORDINARY.into_iter().any(below);
    if !plain || folded.is_empty() {
        case.never("volumes", "the place in the container is not a plain absolute path");
    } else if kernels {
        case.never("volumes", format!("{folded} in the container belongs to the kernel"));
    }
}
