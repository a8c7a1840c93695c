//! File systems in memory: `tmpfs`, and mounts of type `tmpfs`.
//! <https://docs.docker.com/reference/compose-file/services/#tmpfs>

use super::{
    list, number, place,
    reader::{Node, Reader},
};
use crate::v1::Tmpfs;

const OPTIONS: &str = "has an option that is not known: size, mode, uid, gid, nr_inodes, nr_blocks, [no]exec, [no]suid, [no]dev, noatime, ro and rw are";

/// `tmpfs`: one path or a list, each with options after a colon.
pub(super) fn short_list(reader: &mut Reader, node: &Node<'_>) -> Vec<Tmpfs> {
    let mut all = Vec::new();
    for text in list::one_or_many(reader, node) {
        let (path, options) = text.split_once(':').unwrap_or((&text, ""));
        let Some(target) = place::in_container(reader, node, path) else { continue };
        let options: Vec<String> = options.split(',').filter(|o| !o.is_empty()).map(str::to_owned).collect();
        if !options.iter().all(|option| is_known(option)) {
            reader.note(&node.path, OPTIONS);
        }
        all.push(Tmpfs { target, options });
    }
    all
}

fn is_known(option: &str) -> bool {
    let number = |value: &str| !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    match option.split_once('=') {
        Some(("size" | "nr_inodes" | "nr_blocks", value)) => {
            value.starts_with(|c: char| c.is_ascii_digit())
                && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'%')
        }
        Some(("mode" | "uid" | "gid", value)) => number(value),
        Some(_) => false,
        None => matches!(
            option,
            "exec" | "noexec" | "suid" | "nosuid" | "dev" | "nodev" | "noatime" | "ro" | "rw"
        ),
    }
}

/// The `tmpfs` part of a mount in long syntax, as mount options.
pub(super) fn long(reader: &mut Reader, node: &Node<'_>) -> Vec<String> {
    let mut options = Vec::new();
    for field in node.entries(reader) {
        match field.key {
            "size" => options.extend(number::bytes(reader, &field).map(|bytes| format!("size={bytes}"))),
            "mode" => options.extend(mode(reader, &field).map(|mode| format!("mode={mode}"))),
            _ => reader.unknown(&field),
        }
    }
    options
}

/// Only as text: YAML readers disagree on what a number with a leading zero means.
fn mode(reader: &mut Reader, node: &Node<'_>) -> Option<String> {
    let text = node.value.as_str().unwrap_or_default();
    if (3..=5).contains(&text.len()) && text.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        return Some(text.to_owned());
    }
    reader.refuse(&node.path, "must be an octal mode in quotes such as \"1777\"")
}
