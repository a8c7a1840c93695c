//! `depends_on`: which services start first. A list, or a mapping with conditions.

use serde_json::Value;

use super::reader::{Node, Reader};
use crate::v1::{self, DependencyCondition, dependency_condition::State};

/// Reads the names of the services that start first, each once, in order of name, and what more is asked of
/// them.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>, service: &mut v1::Service) {
    let mut names = match node.value {
        Value::Object(_) => {
            let entries = node.all_entries(reader);
            for entry in &entries {
                let condition = condition(reader, entry);
                if condition != DependencyCondition::default() {
                    service.dependency_conditions.insert(entry.key.to_owned(), condition);
                }
            }
            entries.iter().map(|entry| entry.key.to_owned()).collect()
        }
        Value::Array(_) => node.texts(reader),
        _ => reader.refuse(&node.path, "must be a list or a mapping").unwrap_or_default(),
    };
    names.sort();
    names.dedup();
    service.depends_on = names;
}

fn condition(reader: &mut Reader, node: &Node<'_>) -> DependencyCondition {
    let mut asked = DependencyCondition::default();
    let mut given = false;
    for field in node.entries(reader) {
        match field.key {
            "condition" => {
                given = true;
                asked.state = state(reader, &field).unwrap_or_default().into();
            }
            "required" => asked.optional = !field.flag(reader).unwrap_or(true),
            "restart" => asked.restart = field.flag(reader).unwrap_or(false),
            _ => reader.unknown(&field),
        }
    }
    if !given && node.value.is_object() {
        reader.note(&node.path, "has no condition: write condition: service_started");
    }
    asked
}

/// A start is what is asked of every dependency.
fn state(reader: &mut Reader, node: &Node<'_>) -> Option<State> {
    match node.text(reader)?.as_str() {
        "service_started" => Some(State::Unspecified),
        "service_healthy" => Some(State::Healthy),
        "service_completed_successfully" => Some(State::Completed),
        other => reader.refuse(
            &node.path,
            format!("is {other:?}, not service_started, service_healthy or service_completed_successfully"),
        ),
    }
}
