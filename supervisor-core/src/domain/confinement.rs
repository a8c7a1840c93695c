//! What a container may do beyond its own walls, and which of it is a privilege. Closed by default: what is
//! not known to be harmless is one.

use std::collections::BTreeSet;

/// What the engine tells of one container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confinement {
    /// Everything that the host's root may.
    pub privileged: bool,
    /// The engine does not tell all of it, and it could not be found out otherwise.
    pub unseen: bool,
    /// Fields that hold a privilege whenever they hold anything, and do: `cap_add`, `devices` and the like.
    pub granted: BTreeSet<String>,
    /// Options of the kernel's security modules.
    pub security_options: Vec<String>,
    /// Modes of its namespaces, by the compose field; a mode that is the engine's own default is left out.
    pub namespaces: Vec<(&'static str, String)>,
    /// What is mounted into it.
    pub mounts: Vec<Mount>,
}

/// Something that is mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// What it is.
    pub kind: MountKind,
    /// The host's path, or the volume's name.
    pub source: String,
}

/// What is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountKind {
    /// A folder or file of the host.
    HostPath,
    /// A volume that the engine keeps by itself.
    PlainVolume,
    /// Memory.
    Memory,
    /// A volume with options of its driver, or something that we do not know.
    Other,
}

impl Confinement {
    /// The first privilege that the container holds, by its compose field; `None` when it holds none.
    /// `own_folders` are the host's folders that every container of its service gets.
    pub fn first_privilege(&self, own_folders: &[String]) -> Option<String> {
        if self.privileged {
            return Some("privileged".to_owned());
        }
        if self.unseen {
            return Some("settings that core cannot see".to_owned());
        }
        if let Some(field) = self.granted.first() {
            return Some(field.clone());
        }
        if let Some(option) = self.security_options.iter().find(|option| !is_harmless_option(option)) {
            return Some(format!("security_opt {option}"));
        }
        if let Some((field, mode)) = self.namespaces.iter().find(|(field, mode)| !is_own(field, mode)) {
            return Some(format!("{field} {mode}"));
        }
        let foreign = self.mounts.iter().find(|mount| !is_harmless_mount(mount, own_folders))?;
        Some(format!("volumes {}", foreign.source))
    }
}

/// It takes something away. The engine and its relatives write it in several ways.
fn is_harmless_option(option: &str) -> bool {
    matches!(option, "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true")
}

fn is_own(field: &str, mode: &str) -> bool {
    match field {
        // Any network but another container's: the host's is allowed to every app.
        "network_mode" => !mode.starts_with("container:") && !mode.starts_with("ns:"),
        "ipc" => matches!(mode, "" | "private" | "none" | "shareable"),
        _ => matches!(mode, "" | "private"),
    }
}

/// A folder inside the app's own is not the app's own: the app can make it a link.
fn is_harmless_mount(mount: &Mount, own_folders: &[String]) -> bool {
    match mount.kind {
        MountKind::HostPath => own_folders.contains(&mount.source),
        MountKind::PlainVolume | MountKind::Memory => true,
        MountKind::Other => false,
    }
}

#[cfg(test)]
#[path = "confinement_tests.rs"]
mod tests;
