//! The line of a policy that would grant something, ready to be copied.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Map, Value};

use super::Refusal;

/// What stands for a value of a driver's option: the owner writes it in.
const HIDDEN: &str = "…";

/// A key of a grant and the value that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The key.
    pub key: &'static str,
    /// The value.
    pub value: Value,
}

impl Wish {
    /// The line, in TOML.
    pub fn line(&self) -> String {
        format!("{} = {}", self.key, toml(&self.value))
    }

    /// Takes another wish for the same key in: lists and tables grow, so that one line grants both.
    fn merge(&mut self, other: Value) {
        match (&mut self.value, other) {
            (Value::Array(mine), Value::Array(theirs)) => {
                for item in theirs {
                    if !mine.contains(&item) {
                        mine.push(item);
                    }
                }
            }
            (Value::Object(mine), Value::Object(theirs)) => mine.extend(theirs),
            (_, _) => {}
        }
    }
}

/// Tables of options without their values: any of them may hold a secret, under whatever name.
pub(super) fn without_values(options: &Map<String, Value>) -> Value {
    Value::Object(options.keys().map(|name| (name.clone(), HIDDEN.into())).collect())
}

/// Complete `[[grant]]` tables that allow what these refusals are about and a grant can allow, one for each
/// service; empty when there is none.
pub fn grant_tables(refusals: &[Refusal]) -> String {
    let mut tables: BTreeMap<(u64, &str, &str), BTreeMap<&str, Wish>> = BTreeMap::new();
    for refusal in refusals {
        let (Some(wish), Some(service)) = (&refusal.wish, &refusal.service) else { continue };
        let subject = (refusal.app.get(), service.as_str(), refusal.image.as_str());
        let wishes = tables.entry(subject).or_default();
        match wishes.get_mut(wish.key) {
            Some(known) => known.merge(wish.value.clone()),
            None => {
                wishes.insert(wish.key, wish.clone());
            }
        }
    }
    let mut text = String::new();
    for ((app, service, image), wishes) in tables {
        let head = [("service", service), ("image", image)]
            .map(|(key, value)| format!("{key} = {}", toml(&value.into())));
        let lines = wishes.values().map(Wish::line);
        let all: Vec<String> = head.into_iter().chain(lines).collect();
        // Writing to a text cannot fail.
        let _ = write!(text, "[[grant]]\napp = {app}\n{}\n\n", all.join("\n"));
    }
    text.trim_end().to_owned()
}

/// An inline value. JSON's way to write texts is one of TOML's.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{} = {}", key(name), toml(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

fn key(name: &str) -> String {
    let bare =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if bare { name.to_owned() } else { Value::from(name).to_string() }
}
