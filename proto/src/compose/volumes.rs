//! `volumes` of a service: named ones, paths of the host and file systems in memory, in the short and the
//! long syntax. <https://docs.docker.com/reference/compose-file/services/#volumes>

use serde_json::Value;

use super::{
    list, place,
    reader::{Node, Reader},
    tmpfs,
};
use crate::{
    ids::VolumeName,
    v1::{HostBind, Mount, Service, Tmpfs},
};

const ANONYMOUS: &str = "has no source: an anonymous volume would be lost at every update; name one";
const PROPAGATION: [&str; 6] = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

/// All mounts of a service.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>, service: &mut Service) {
    let mut targets: Vec<String> = Vec::new();
    for item in node.items(reader) {
        let read = match item.value {
            Value::Object(_) => long(reader, &item),
            Value::String(_) => short(reader, &item),
            _ => reader.refuse(&item.path, "must be a string or a mapping"),
        };
        let Some(read) = read else { continue };
        if targets.contains(read.target()) {
            reader.note(&item.path, format!("mounts a second volume on {}", read.target()));
        }
        targets.push(read.target().clone());
        match read {
            Read::Volume(mount) => service.volumes.push(mount),
            Read::Bind(bind) => service.binds.push(bind),
            Read::Tmpfs(tmpfs) => service.tmpfs.push(tmpfs),
        }
    }
}

/// One item of the list.
enum Read {
    Volume(Mount),
    Bind(HostBind),
    Tmpfs(Tmpfs),
}

impl Read {
    const fn target(&self) -> &String {
        match self {
            Self::Volume(mount) => &mount.target,
            Self::Bind(bind) => &bind.target,
            Self::Tmpfs(tmpfs) => &tmpfs.target,
        }
    }
}

fn is_path(source: &str) -> bool {
    source.starts_with(['/', '.', '~', '\\'])
}

fn short(reader: &mut Reader, node: &Node<'_>) -> Option<Read> {
    let text = node.text(reader)?;
    let mut parts = text.splitn(3, ':');
    let source = parts.next().unwrap_or_default();
    let Some(target) = parts.next() else {
        return reader
            .refuse(&node.path, if source.starts_with('/') { ANONYMOUS } else { "has no target path" });
    };
    let target = place::in_container(reader, node, target)?;
    let options: Vec<&str> = parts.next().map(|options| options.split(',').collect()).unwrap_or_default();
    if is_path(source) {
        let source = place::on_host(reader, node, source)?;
        let mut bind = HostBind { source, target, ..HostBind::default() };
        for option in options {
            match option {
                "ro" => bind.read_only = true,
                "rw" => bind.read_only = false,
                // Without meaning on Linux, as everywhere.
                "cached" | "delegated" | "consistent" => {}
                _ if PROPAGATION.contains(&option) => option.clone_into(&mut bind.propagation),
                _ => return unknown_option(reader, node, option, "ro, rw and propagation"),
            }
        }
        return Some(Read::Bind(bind));
    }
    let mut mount = Mount { volume: volume_name(reader, node, source)?, target, ..Mount::default() };
    for option in options {
        match option {
            "ro" => mount.read_only = true,
            "rw" => mount.read_only = false,
            "nocopy" => mount.no_copy = true,
            _ => return unknown_option(reader, node, option, "ro, rw and nocopy"),
        }
    }
    Some(Read::Volume(mount))
}

fn unknown_option(reader: &mut Reader, node: &Node<'_>, option: &str, known: &str) -> Option<Read> {
    reader.refuse(&node.path, format!("has the option {option:?}, only {known} are supported"))
}

/// What a mount in long syntax says.
#[derive(Default)]
struct Long<'v> {
    kind: Option<String>,
    source: Option<Node<'v>>,
    target: Option<Node<'v>>,
    read_only: bool,
    /// Of its part `bind`.
    propagation: String,
    must_exist: bool,
    /// Of its part `volume`.
    no_copy: bool,
    /// Of its part `tmpfs`.
    options: Vec<String>,
    /// The parts themselves; only that of the mount's own type may be there.
    parts: Vec<Node<'v>>,
}

fn long(reader: &mut Reader, node: &Node<'_>) -> Option<Read> {
    let mut said = Long::default();
    for field in node.entries(reader) {
        match field.key {
            "type" => said.kind = field.text(reader),
            "source" => said.source = Some(field),
            "target" => said.target = Some(field),
            "read_only" => said.read_only = field.flag(reader).unwrap_or(false),
            "bind" | "volume" | "tmpfs" => {
                part(reader, &field, &mut said);
                said.parts.push(field);
            }
            "consistency" => drop(field.text(reader)),
            _ => reader.unknown(&field),
        }
    }
    let Some(kind) = said.kind.clone() else {
        return reader.refuse(&node.path, "has no type: write type: volume, bind or tmpfs");
    };
    if let Some(other) = said.parts.iter().find(|part| part.key != kind) {
        reader.note(&other.path, format!("has no effect on a mount of type {kind}: remove it"));
    }
    match kind.as_str() {
        "volume" => long_volume(reader, node, &said).map(Read::Volume),
        "bind" => long_bind(reader, node, &said).map(Read::Bind),
        "tmpfs" => long_tmpfs(reader, node, said).map(Read::Tmpfs),
        _ => {
            reader.refuse(&node.path, format!("has type {kind:?}, only volume, bind and tmpfs are supported"))
        }
    }
}

fn part(reader: &mut Reader, node: &Node<'_>, said: &mut Long<'_>) {
    if node.key == "tmpfs" {
        said.options = tmpfs::long(reader, node);
        return;
    }
    for field in node.entries(reader) {
        match (node.key, field.key) {
            ("bind", "propagation") => {
                said.propagation = list::word(reader, &field, &PROPAGATION).unwrap_or_default();
            }
            ("bind", "create_host_path") => said.must_exist = !field.flag(reader).unwrap_or(true),
            ("volume", "nocopy") => said.no_copy = field.flag(reader).unwrap_or(false),
            _ => reader.unknown(&field),
        }
    }
}

fn target(reader: &mut Reader, node: &Node<'_>, said: &Long<'_>) -> Option<String> {
    let Some(target) = &said.target else { return reader.refuse(&node.path, "has no target path") };
    let text = target.text(reader)?;
    place::in_container(reader, target, &text)
}

fn long_volume(reader: &mut Reader, node: &Node<'_>, said: &Long<'_>) -> Option<Mount> {
    let Some(source) = &said.source else { return reader.refuse(&node.path, ANONYMOUS) };
    let name = source.text(reader)?;
    let volume = volume_name(reader, source, &name)?;
    let target = target(reader, node, said)?;
    Some(Mount { volume, target, read_only: said.read_only, no_copy: said.no_copy })
}

fn long_bind(reader: &mut Reader, node: &Node<'_>, said: &Long<'_>) -> Option<HostBind> {
    let Some(source) = &said.source else { return reader.refuse(&node.path, "has no source") };
    let text = source.text(reader)?;
    Some(HostBind {
        source: place::on_host(reader, source, &text)?,
        target: target(reader, node, said)?,
        read_only: said.read_only,
        propagation: said.propagation.clone(),
        must_exist: said.must_exist,
    })
}

fn long_tmpfs(reader: &mut Reader, node: &Node<'_>, mut said: Long<'_>) -> Option<Tmpfs> {
    if let Some(source) = &said.source {
        reader.note(&source.path, "has no effect on a mount of type tmpfs: remove it");
    }
    if said.read_only {
        said.options.push("ro".to_owned());
    }
    Some(Tmpfs { target: target(reader, node, &said)?, options: said.options })
}

fn volume_name(reader: &mut Reader, node: &Node<'_>, source: &str) -> Option<String> {
    if source.is_empty() {
        return reader.refuse(&node.path, ANONYMOUS);
    }
    if is_path(source) {
        return reader.refuse(&node.path, "names a path of the host: write type: bind");
    }
    match VolumeName::parse(source) {
        Ok(name) => Some(name.to_string()),
        Err(error) => reader.refuse(&node.path, format!("names no volume: {error}")),
    }
}
