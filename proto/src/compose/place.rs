//! Paths, on the host and in a container.

use super::reader::{Node, Reader};

/// An absolute path below `/` in its shortest spelling; `None` for anything else.
pub(super) fn shortest(text: &str) -> Option<String> {
    let mut short = String::new();
    for part in text.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." || part.contains(char::is_control) {
            return None;
        }
        short.push('/');
        short.push_str(part);
    }
    (text.starts_with('/') && !short.is_empty()).then_some(short)
}

/// An absolute path in the container, in its shortest spelling.
pub(super) fn in_container(reader: &mut Reader, node: &Node<'_>, text: &str) -> Option<String> {
    if text.split('/').any(|part| part == "..") {
        return reader.refuse(&node.path, "has a target path with a .. in it");
    }
    match shortest(text) {
        Some(path) if !path.contains(':') => Some(path),
        _ => reader.refuse(&node.path, "needs an absolute target path below /, without a colon"),
    }
}

/// An absolute path on the host, in its shortest spelling; `/` is one.
pub(super) fn on_host(reader: &mut Reader, node: &Node<'_>, text: &str) -> Option<String> {
    if text.starts_with(['.', '~', '\\']) || !text.starts_with('/') {
        return reader.refuse(
            &node.path,
            "names a path that is not absolute: the file's own folder is not known here, write the path in full",
        );
    }
    if text.bytes().all(|b| b == b'/') {
        return Some("/".to_owned());
    }
    match shortest(text) {
        Some(path) if !path.contains(':') => Some(path),
        _ => reader.refuse(&node.path, "names a path of the host with a .. or a colon in it"),
    }
}
