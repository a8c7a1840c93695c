//! `depends_on`: which services start first. A list, or a mapping with conditions.

use serde_json::Value;

use super::reader::{Node, Reader};

/// The names of the services that start first, each once, in order of name.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> Vec<String> {
    let mut names = match node.value {
        Value::Object(_) => {
            let entries = node.all_entries(reader);
            for entry in &entries {
                condition(reader, entry);
            }
            entries.iter().map(|entry| entry.key.to_owned()).collect()
        }
        Value::Array(_) => node.texts(reader),
        _ => reader.refuse(&node.path, "must be a list or a mapping").unwrap_or_default(),
    };
    names.sort();
    names.dedup();
    names
}

fn condition(reader: &mut Reader, node: &Node<'_>) {
    let mut given = false;
    for field in node.entries(reader) {
        match field.key {
            "condition" => {
                given = true;
                let Some(condition) = field.text(reader) else { continue };
                if condition != "service_started" {
                    let message = format!("is {condition:?}, only service_started is supported yet");
                    reader.note(&field.path, message);
                }
            }
            _ => reader.unknown(&field),
        }
    }
    if !given && node.value.is_object() {
        reader.note(&node.path, "has no condition: write condition: service_started");
    }
}
