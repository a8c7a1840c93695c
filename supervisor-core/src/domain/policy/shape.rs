//! Shapes of values whose content is of no concern.

use serde_json::Value;

pub(super) fn is_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

pub(super) fn is_text_map(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| fields.values().all(Value::is_string))
}

/// A map of which only the names say something, as the engine writes sets.
pub(super) fn is_set(value: &Value) -> bool {
    let empty = |value: &Value| value.as_object().is_some_and(serde_json::Map::is_empty);
    value.as_object().is_some_and(|fields| fields.values().all(empty))
}

/// At least `least`.
pub(super) fn is_integer_from(value: &Value, least: i64) -> bool {
    value.as_i64().is_some_and(|number| number >= least) || value.as_u64().is_some()
}

/// The texts of a list, and nothing of anything else.
pub(super) fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}
