//! Variables in the values of a document: `$NAME`, `${NAME}` and its forms with a default, an error or a
//! replacement. <https://docs.docker.com/reference/compose-file/interpolation/>

use serde_json::Value;

use super::refusal::{Refusal, Refusals};

/// Where the value of a variable comes from.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Replaces the variables in every value of `document`. A literal `$` stays written as `$$`. What stands under
/// an `x-` key means nothing and is left as it is.
pub fn substitute(document: &mut Value, lookup: Lookup<'_>) -> Result<(), Refusals> {
    let mut refusals = Vec::new();
    walk("", document, lookup, &mut refusals);
    if refusals.is_empty() { Ok(()) } else { Err(Refusals::new(refusals)) }
}

fn walk(path: &str, value: &mut Value, lookup: Lookup<'_>, refusals: &mut Vec<Refusal>) {
    match value {
        Value::String(text) => match replaced(text, lookup) {
            Ok(new) => *text = new,
            Err(message) => refusals.push(Refusal { path: path.to_owned(), message }),
        },
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(&format!("{path}[{index}]"), item, lookup, refusals);
            }
        }
        Value::Object(entries) => {
            for (key, item) in entries.iter_mut().filter(|(key, _)| !key.starts_with("x-")) {
                let key = key.escape_debug();
                let under = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
                walk(&under, item, lookup, refusals);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn replaced(text: &str, lookup: Lookup<'_>) -> Result<String, String> {
    let mut new = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        new.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            new.push_str("$$");
            rest = after;
        } else if let Some(after) = after.strip_prefix('{') {
            let end = closing(after).ok_or("has a ${ without its }")?;
            let (inside, after) = after.split_at(end);
            new.push_str(&braced(inside, lookup)?);
            rest = after.strip_prefix('}').unwrap_or_default();
        } else {
            let (name, after) = name_of(after).ok_or("has a $ before no name: write $$ for a literal $")?;
            new.push_str(&escaped(&lookup(name).ok_or_else(|| unset(name))?));
            rest = after;
        }
    }
    new.push_str(rest);
    Ok(new)
}

/// Where the brace that is open at the beginning closes; others may stand inside.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(index),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn name_of(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some((name, rest))
}

fn braced(inside: &str, lookup: Lookup<'_>) -> Result<String, String> {
    let (name, rest) = name_of(inside).ok_or("has ${} around no name")?;
    let value = lookup(name);
    let filled = value.clone().filter(|value| !value.is_empty());
    let found = |value: Option<String>| value.map(|value| escaped(&value));
    if rest.is_empty() {
        return found(value).ok_or_else(|| unset(name));
    }
    if let Some(default) = rest.strip_prefix(":-") {
        return found(filled).map_or_else(|| replaced(default, lookup), Ok);
    }
    if let Some(default) = rest.strip_prefix('-') {
        return found(value).map_or_else(|| replaced(default, lookup), Ok);
    }
    if let Some(other) = rest.strip_prefix(":+") {
        return if filled.is_some() { replaced(other, lookup) } else { Ok(String::new()) };
    }
    if let Some(other) = rest.strip_prefix('+') {
        return if value.is_some() { replaced(other, lookup) } else { Ok(String::new()) };
    }
    if let Some(message) = rest.strip_prefix(":?") {
        return found(filled).ok_or_else(|| needed(name, message));
    }
    if let Some(message) = rest.strip_prefix('?') {
        return found(value).ok_or_else(|| needed(name, message));
    }
    Err(format!("has ${{{name}…}} with something that compose does not know"))
}

/// A value is a value, whatever is in it.
fn escaped(value: &str) -> String {
    value.replace('$', "$$")
}

fn unset(name: &str) -> String {
    format!("uses the variable {name}, which is not set: set it, or write ${{{name}:-}} for nothing")
}

fn needed(name: &str, message: &str) -> String {
    let why = if message.is_empty() { "it has to be set" } else { message };
    format!("needs the variable {name}: {}", why.escape_debug())
}
