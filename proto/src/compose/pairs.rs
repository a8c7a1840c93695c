//! `environment` and `labels`: a mapping, or a list of `NAME=value`.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::reader::{Node, Reader};

/// What a pair is, and what a missing value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pairs {
    /// A name without a value would take the caller's own value: refused.
    Environment,
    /// A label without a value is empty.
    Labels,
    /// A name needs a value.
    Values,
}

/// The pairs, by name.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>, kind: Pairs) -> HashMap<String, String> {
    let pairs: Vec<(String, String, Option<String>)> = match node.value {
        Value::Object(_) => from_mapping(reader, node),
        Value::Array(_) => from_list(reader, node),
        _ => {
            reader.note(&node.path, "must be a mapping or a list of NAME=value");
            Vec::new()
        }
    };
    let mut read = BTreeMap::new();
    for (path, name, value) in pairs {
        if !acceptable(&name, kind) {
            reader.note(&path, "has a name that is empty, or holds a = or a NUL character");
            continue;
        }
        let value = match (value, kind) {
            (Some(value), _) => value,
            (None, Pairs::Labels) => String::new(),
            (None, Pairs::Environment) => {
                reader.note(&path, "has no value: write ${NAME} for the caller's own");
                continue;
            }
            (None, Pairs::Values) => {
                reader.note(&path, "has no value");
                continue;
            }
        };
        if read.insert(name, value).is_some() {
            reader.note(&path, "is set twice");
        }
    }
    read.into_iter().collect()
}

fn from_mapping(reader: &mut Reader, node: &Node<'_>) -> Vec<(String, String, Option<String>)> {
    let entries = node.all_entries(reader);
    let pair = |entry: &Node<'_>| {
        let value = if entry.value.is_null() { None } else { Some(entry.scalar(reader)?) };
        Some((entry.path.clone(), entry.key.to_owned(), value))
    };
    entries.iter().filter_map(pair).collect()
}

fn from_list(reader: &mut Reader, node: &Node<'_>) -> Vec<(String, String, Option<String>)> {
    let items = node.items(reader);
    let pair = |item: &Node<'_>| {
        let text = item.text(reader)?;
        Some(match text.split_once('=') {
            Some((name, value)) => (item.path.clone(), name.to_owned(), Some(value.to_owned())),
            None => (item.path.clone(), text, None),
        })
    };
    items.iter().filter_map(pair).collect()
}

fn acceptable(name: &str, kind: Pairs) -> bool {
    !name.is_empty() && !name.contains('\0') && (kind == Pairs::Labels || !name.contains('='))
}
