//! `docs/compose.md`, the list of fields and the readers say the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::lines;
use crate::compose::fields::{REFUSED, SUPPORTED};

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/compose.md"));

/// The rows of the page: field and support.
fn rows() -> BTreeSet<(String, String)> {
    let cell = |cells: &[&str], index: usize| cells[index].trim().trim_matches('`').to_owned();
    PAGE.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            (cell(&cells, 1), cell(&cells, 2))
        })
        .collect()
}

/// A document in which the field at `pattern` has a value that no field accepts.
fn with_nonsense(pattern: &str) -> Value {
    let mut value = json!({"nonsense": [[]]});
    for part in pattern.split('.').rev() {
        let (key, listed) = part.strip_suffix("[]").map_or((part, false), |key| (key, true));
        let key = if key == "*" { "some" } else { key };
        value = if listed { json!({key: [value]}) } else { json!({key: value}) };
    }
    value
}

fn is_unknown(pattern: &str) -> bool {
    let path = pattern.replace('*', "some").replace("[]", "[0]");
    let expected = format!("{path} is not supported yet");
    lines(&with_nonsense(pattern))
        .iter()
        .any(|line| *line == expected || line.starts_with(&format!("{expected}:")))
}

#[test]
fn page_lists_exactly_the_fields_of_the_parser() {
    let supported = SUPPORTED.iter().map(|field| ((*field).to_owned(), "yes".to_owned()));
    let refused = REFUSED.iter().map(|(field, _)| ((*field).to_owned(), "refused".to_owned()));
    assert_eq!(rows(), supported.chain(refused).collect());
}

#[test]
fn page_gives_the_parser_s_reasons() {
    for (field, reason) in REFUSED {
        assert!(PAGE.contains(&format!("| `{field}` | refused | {reason} |")), "{field}");
    }
}

#[test]
fn supported_field_is_known_to_its_reader() {
    for field in SUPPORTED {
        assert!(!is_unknown(field), "{field}");
    }
}

#[test]
fn refused_field_is_refused_by_its_reader_with_the_reason() {
    for (field, reason) in REFUSED {
        assert!(is_unknown(field), "{field}");
        assert!(lines(&with_nonsense(field)).iter().any(|line| line.ends_with(reason)), "{field}");
    }
}
