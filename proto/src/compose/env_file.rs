//! `env_file` of a service and the format of such files, which `.env` has as well.
//! <https://docs.docker.com/reference/compose-file/services/#env_file>

use serde_json::{Map, Value};

use super::{
    reader::{Dollars, Node, Reader},
    refusal::Refusals,
};

/// A file that a service names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvFile {
    /// The service.
    pub service: String,
    /// Relative to the compose file's folder, or absolute.
    pub path: String,
    /// The file has to be there.
    pub required: bool,
}

/// A line that is none of such a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {problem}")]
pub struct EnvLineError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, as the rest of a sentence.
    pub problem: &'static str,
}

/// The files that the services of a document name, in their order.
pub fn env_files(document: &Value) -> Result<Vec<EnvFile>, Refusals> {
    let mut reader = Reader::new(Dollars::Compose);
    let mut files = Vec::new();
    let services = document.get("services").and_then(Value::as_object);
    for (service, value) in services.into_iter().flatten() {
        let Some(value) = value.get("env_file").filter(|value| !value.is_null()) else { continue };
        let node = Node::root(&format!("services.{}.env_file", service.escape_debug()), value);
        let items = if value.is_array() { node.items(&mut reader) } else { vec![node] };
        for item in items {
            if let Some((path, required)) = file(&mut reader, &item) {
                files.push(EnvFile { service: service.clone(), path, required });
            }
        }
    }
    reader.finish(files)
}

fn file(reader: &mut Reader, node: &Node<'_>) -> Option<(String, bool)> {
    if !node.value.is_object() {
        return Some((node.text(reader)?, true));
    }
    let (mut path, mut required) = (None, true);
    for field in node.entries(reader) {
        match field.key {
            "path" => path = field.text(reader),
            "required" => required = field.flag(reader).unwrap_or(true),
            _ => reader.unknown(&field),
        }
    }
    let Some(path) = path else { return reader.refuse(&node.path, "has no path") };
    Some((path, required))
}

/// Puts what files say under a service's environment, which wins, and takes the `env_file` away: `files` are
/// the pairs of every file, in the order of the files.
pub fn put_environment(document: &mut Value, service: &str, files: Vec<(String, String)>) {
    let services = document.get_mut("services").and_then(Value::as_object_mut);
    let Some(service) = services.and_then(|all| all.get_mut(service)).and_then(Value::as_object_mut) else {
        return;
    };
    service.remove("env_file");
    let mut all: Map<String, Value> =
        files.into_iter().map(|(name, value)| (name, Value::String(value.replace('$', "$$")))).collect();
    match service.remove("environment") {
        None | Some(Value::Null) => {}
        Some(Value::Object(own)) => all.extend(own),
        Some(Value::Array(own)) if own.iter().all(Value::is_string) => {
            for text in own.iter().filter_map(Value::as_str) {
                let (name, value) = match text.split_once('=') {
                    Some((name, value)) => (name, Value::String(value.to_owned())),
                    None => (text, Value::Null),
                };
                all.insert(name.to_owned(), value);
            }
        }
        // The reader refuses it by name.
        Some(other) => {
            service.insert("environment".to_owned(), other);
            return;
        }
    }
    service.insert("environment".to_owned(), Value::Object(all));
}

/// The pairs of a file: `NAME=value`, comments, quotes.
pub fn parse_env(text: &str) -> Result<Vec<(String, String)>, EnvLineError> {
    let mut pairs = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pair = pair(line).map_err(|problem| EnvLineError { line: index + 1, problem })?;
        pairs.push(pair);
    }
    Ok(pairs)
}

fn pair(line: &str) -> Result<(String, String), &'static str> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=').ok_or("has no =")?;
    let name = name.trim();
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '\0') {
        return Err("has no name before the =");
    }
    Ok((name.to_owned(), value_of(value.trim())?))
}

fn value_of(text: &str) -> Result<String, &'static str> {
    if let Some(rest) = text.strip_prefix('\'') {
        let (value, rest) = rest.split_once('\'').ok_or("has a quote that does not end in it")?;
        return ended(rest).map(|()| value.to_owned());
    }
    if let Some(rest) = text.strip_prefix('"') {
        return double_quoted(rest);
    }
    let value = if text.starts_with('#') { "" } else { text.split(" #").next().unwrap_or(text).trim_end() };
    if is_variable(value) { Err(VARIABLE) } else { Ok(value.to_owned()) }
}

const VARIABLE: &str = "has a variable in its value, which is not replaced here: write it in single quotes";

fn double_quoted(text: &str) -> Result<String, &'static str> {
    let mut value = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => return ended(rest.as_str()).map(|()| value),
            '$' if is_variable(&format!("${}", rest.as_str())) => return Err(VARIABLE),
            '\\' => match rest.next() {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(other @ ('"' | '\\' | '$')) => value.push(other),
                Some(other) => value.extend(['\\', other]),
                None => break,
            },
            _ => value.push(c),
        }
    }
    Err("has a quote that does not end in it")
}

/// After a quoted value only a comment may come.
fn ended(rest: &str) -> Result<(), &'static str> {
    let rest = rest.trim();
    if rest.is_empty() || rest.starts_with('#') { Ok(()) } else { Err("goes on after its quotes") }
}

/// Whether compose would replace something in it.
fn is_variable(text: &str) -> bool {
    let starts = |rest: &str| rest.starts_with(|c: char| c == '{' || c == '_' || c.is_ascii_alphabetic());
    text.split('$').skip(1).any(starts)
}
