//! `volumes` of a service: named ones only, in the short and the long syntax.
//! <https://docs.docker.com/reference/compose-file/services/#volumes>

use serde_json::Value;

use super::reader::{Node, Reader};
use crate::{ids::VolumeName, v1};

const BIND: &str =
    "mounts a path of the host, which is not supported yet: declare a volume under volumes and name it here";
const ANONYMOUS: &str = "has no source: an anonymous volume would be lost at every update; name one";

/// All mounts of a service.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> Vec<v1::Mount> {
    let mut mounts: Vec<v1::Mount> = Vec::new();
    for item in node.items(reader) {
        let mount = match item.value {
            Value::Object(_) => long(reader, &item),
            Value::String(_) => short(reader, &item),
            _ => reader.refuse(&item.path, "must be a string or a mapping"),
        };
        let Some(mount) = mount else { continue };
        if mounts.iter().any(|other| other.target == mount.target) {
            reader.note(&item.path, format!("mounts a second volume on {}", mount.target));
        }
        mounts.push(mount);
    }
    mounts
}

fn short(reader: &mut Reader, node: &Node<'_>) -> Option<v1::Mount> {
    let text = node.text(reader)?;
    let mut parts = text.splitn(3, ':');
    let source = parts.next().unwrap_or_default();
    let Some(target) = parts.next() else {
        return reader
            .refuse(&node.path, if source.starts_with('/') { ANONYMOUS } else { "has no target path" });
    };
    let mut read_only = false;
    for option in parts.next().iter().flat_map(|options| options.split(',')) {
        match option {
            "ro" => read_only = true,
            "rw" => read_only = false,
            _ => {
                return reader
                    .refuse(&node.path, format!("has the option {option:?}, only ro and rw are supported"));
            }
        }
    }
    Some(v1::Mount {
        volume: source_name(reader, node, source)?,
        target: path(reader, node, target)?,
        read_only,
        no_copy: false,
    })
}

fn long(reader: &mut Reader, node: &Node<'_>) -> Option<v1::Mount> {
    let (mut kind, mut source, mut target, mut read_only) = (None, None, None, false);
    for field in node.entries(reader) {
        match field.key {
            "type" => kind = field.text(reader),
            "source" => source = Some(field),
            "target" => target = Some(field),
            "read_only" => read_only = field.flag(reader).unwrap_or(false),
            _ => reader.unknown(&field),
        }
    }
    match kind.as_deref() {
        Some("volume") => {}
        Some("bind") => return reader.refuse(&node.path, BIND),
        Some(other) => {
            return reader.refuse(&node.path, format!("has type {other:?}, only volume is supported yet"));
        }
        None => return reader.refuse(&node.path, "has no type: write type: volume"),
    }
    let Some(source) = source else { return reader.refuse(&node.path, ANONYMOUS) };
    let Some(target) = target else { return reader.refuse(&node.path, "has no target path") };
    let name = source.text(reader)?;
    let at = target.text(reader)?;
    let volume = source_name(reader, &source, &name)?;
    Some(v1::Mount { volume, target: path(reader, &target, &at)?, read_only, no_copy: false })
}

fn source_name(reader: &mut Reader, node: &Node<'_>, source: &str) -> Option<String> {
    if source.is_empty() {
        return reader.refuse(&node.path, ANONYMOUS);
    }
    if source.starts_with(['/', '.', '~', '\\']) {
        return reader.refuse(&node.path, BIND);
    }
    match VolumeName::parse(source) {
        Ok(name) => Some(name.to_string()),
        Err(error) => reader.refuse(&node.path, format!("names no volume: {error}")),
    }
}

/// An absolute path in the container, in its shortest spelling.
fn path(reader: &mut Reader, node: &Node<'_>, text: &str) -> Option<String> {
    let mut short = String::new();
    for part in text.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            return reader.refuse(&node.path, "has a target path with a .. in it");
        }
        short.push('/');
        short.push_str(part);
    }
    if !text.starts_with('/') || short.is_empty() || text.contains([':', '\0']) {
        return reader.refuse(&node.path, "needs an absolute target path below /, without a colon");
    }
    Some(short)
}
