//! Lists, and values that may be written as one or as a list.

use serde_json::Value;

use super::reader::{Node, Reader};

/// A list of strings and numbers, each in its usual spelling.
pub(super) fn scalars(reader: &mut Reader, node: &Node<'_>) -> Vec<String> {
    node.items(reader).iter().filter_map(|item| filled(reader, item)).collect()
}

/// One string, or a list of them.
pub(super) fn one_or_many(reader: &mut Reader, node: &Node<'_>) -> Vec<String> {
    match node.value {
        Value::Array(_) => scalars(reader, node),
        _ => filled(reader, node).into_iter().collect(),
    }
}

/// One of these words.
pub(super) fn word(reader: &mut Reader, node: &Node<'_>, words: &[&str]) -> Option<String> {
    let text = node.text(reader)?;
    if words.contains(&text.as_str()) {
        return Some(text);
    }
    reader.refuse(&node.path, format!("is {text:?}, only {} can be", words.join(", ")))
}

/// A text of one line that is not empty.
pub(super) fn filled(reader: &mut Reader, node: &Node<'_>) -> Option<String> {
    let text = node.scalar(reader)?;
    if text.is_empty() || text.contains(char::is_control) {
        return reader.refuse(&node.path, "must not be empty nor hold a control character");
    }
    Some(text)
}
