//! `healthcheck`. <https://docs.docker.com/reference/compose-file/services/#healthcheck>

use serde_json::Value;

use super::{
    duration,
    reader::{Node, Reader},
};
use crate::v1::Healthcheck;

/// The health check.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> Healthcheck {
    let mut check = Healthcheck::default();
    let mut disable = false;
    for field in node.entries(reader) {
        match field.key {
            "test" => check.test = test(reader, &field).unwrap_or_default(),
            "interval" => check.interval_ms = duration::read(reader, &field),
            "timeout" => check.timeout_ms = duration::read(reader, &field),
            "start_period" => check.start_period_ms = duration::read(reader, &field),
            "retries" => check.retries = field.count(reader),
            "disable" => disable = field.flag(reader).unwrap_or(false),
            _ => reader.unknown(&field),
        }
    }
    if disable {
        if !matches!(check.test.first().map(String::as_str), None | Some("NONE")) {
            reader.note(&node.path, "is disabled and has a test: remove one of them");
        }
        check = Healthcheck { test: vec!["NONE".to_owned()], ..Healthcheck::default() };
    }
    check
}

fn test(reader: &mut Reader, node: &Node<'_>) -> Option<Vec<String>> {
    if let Value::String(_) = node.value {
        return node.text(reader).map(|command| vec!["CMD-SHELL".to_owned(), command]);
    }
    let words = node.texts(reader);
    let fits = match words.first().map(String::as_str) {
        Some("NONE") => words.len() == 1,
        Some("CMD-SHELL") => words.len() == 2,
        Some("CMD") => words.len() >= 2,
        _ => false,
    };
    if fits {
        Some(words)
    } else {
        reader.refuse(&node.path, "must be a string, [NONE], [CMD, program, …] or [CMD-SHELL, command]")
    }
}
