//! Typed access to a JSON tree that remembers where each value stands and collects refusals.

use serde_json::Value;

use super::{
    fields,
    refusal::{Refusal, Refusals},
};

/// What a `$` in a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dollars {
    /// Compose's variables are replaced before: `$$` is a literal `$`, anything else is refused.
    Compose,
    /// A `$` is just a character, as in a cloud target, whose variables are already replaced.
    Literal,
}

/// Collects the refusals of one reading.
#[derive(Debug)]
pub(super) struct Reader {
    dollars: Dollars,
    refusals: Vec<Refusal>,
}

impl Reader {
    pub(super) const fn new(dollars: Dollars) -> Self {
        Self { dollars, refusals: Vec::new() }
    }

    /// Notes that something at `path` is not accepted.
    pub(super) fn note(&mut self, path: &str, message: impl Into<String>) {
        self.refusals.push(Refusal { path: path.to_owned(), message: message.into() });
    }

    /// Notes that the value at `path` is not accepted; `None`, so that a caller can return it.
    pub(super) fn refuse<T>(&mut self, path: &str, message: impl Into<String>) -> Option<T> {
        self.note(path, message);
        None
    }

    /// Notes a field that no reader knows. `x-` extensions are compose's own way to carry foreign
    /// data and mean nothing.
    pub(super) fn unknown(&mut self, node: &Node<'_>) {
        if !node.key.starts_with("x-") {
            let reason = fields::reason(&node.path).map(|why| format!(": {why}")).unwrap_or_default();
            self.note(&node.path, format!("is not supported yet{reason}"));
        }
    }

    /// `value` when nothing was refused.
    pub(super) fn finish<T>(self, value: T) -> Result<T, Refusals> {
        if self.refusals.is_empty() { Ok(value) } else { Err(Refusals::new(self.refusals)) }
    }

    fn literal(&mut self, path: &str, text: &str) -> Option<String> {
        if text.contains('\0') {
            return self.refuse(path, "contains a NUL character");
        }
        if self.dollars == Dollars::Literal {
            return Some(text.to_owned());
        }
        let mut plain = String::with_capacity(text.len());
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            if c == '$' && rest.next() != Some('$') {
                return self.refuse(
                    path,
                    "contains a compose variable, which is not supported yet: write the value itself, or $$ for a literal $",
                );
            }
            plain.push(c);
        }
        Some(plain)
    }
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node<'v> {
    /// The path from the document's root.
    pub(super) path: String,
    /// The last part of the path.
    pub(super) key: &'v str,
    /// The value itself.
    pub(super) value: &'v Value,
}

impl<'v> Node<'v> {
    pub(super) fn root(path: &str, value: &'v Value) -> Self {
        Self { path: path.to_owned(), key: "", value }
    }

    /// The entries of an object but the null ones, which mean "not set".
    pub(super) fn entries(&self, reader: &mut Reader) -> Vec<Node<'v>> {
        let mut entries = self.all_entries(reader);
        entries.retain(|entry| !entry.value.is_null());
        entries
    }

    /// The entries of an object, null ones too.
    pub(super) fn all_entries(&self, reader: &mut Reader) -> Vec<Node<'v>> {
        let Some(map) = self.value.as_object() else {
            reader.note(&self.path, "must be a mapping");
            return Vec::new();
        };
        let under = if self.path.is_empty() { String::new() } else { format!("{}.", self.path) };
        map.iter().map(|(key, value)| Node { path: format!("{under}{}", shown(key)), key, value }).collect()
    }

    /// The items of a list.
    pub(super) fn items(&self, reader: &mut Reader) -> Vec<Node<'v>> {
        let Some(list) = self.value.as_array() else {
            reader.note(&self.path, "must be a list");
            return Vec::new();
        };
        let node = |(index, value)| Node { path: format!("{}[{index}]", self.path), key: self.key, value };
        list.iter().enumerate().map(node).collect()
    }

    /// A string.
    pub(super) fn text(&self, reader: &mut Reader) -> Option<String> {
        match self.value {
            Value::String(text) => reader.literal(&self.path, text),
            _ => reader.refuse(&self.path, "must be a string"),
        }
    }

    /// A string, or a number or boolean in its usual spelling.
    pub(super) fn scalar(&self, reader: &mut Reader) -> Option<String> {
        match self.value {
            Value::String(text) => reader.literal(&self.path, text),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Number(number) => Some(match number.as_f64() {
                Some(float) if number.is_f64() => float.to_string(),
                _ => number.to_string(),
            }),
            _ => reader.refuse(&self.path, "must be a string, a number or a boolean"),
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, reader: &mut Reader) -> Option<bool> {
        match self.value {
            Value::Bool(flag) => Some(*flag),
            _ => reader.refuse(&self.path, "must be true or false"),
        }
    }

    /// A whole number from 0 to 2^32 - 1.
    pub(super) fn count(&self, reader: &mut Reader) -> Option<u32> {
        match self.value.as_u64().map(u32::try_from) {
            Some(Ok(count)) => Some(count),
            _ => reader.refuse(&self.path, "must be a whole number from 0 to 4294967295"),
        }
    }

    /// A list of strings.
    pub(super) fn texts(&self, reader: &mut Reader) -> Vec<String> {
        self.items(reader).iter().filter_map(|item| item.text(reader)).collect()
    }
}

/// A key as part of a path: characters that would break a line or a terminal are escaped.
fn shown(key: &str) -> String {
    key.escape_debug().to_string()
}
