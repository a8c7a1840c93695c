//! What a document takes from its surroundings: variables, files of variables, profiles.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::accepted;
use crate::compose::{EnvFile, env_files, parse_env, put_environment, select_profiles, substitute};

fn lookup(name: &str) -> Option<String> {
    match name {
        "SET" => Some("value".to_owned()),
        "EMPTY" => Some(String::new()),
        "MONEY" => Some("a$b".to_owned()),
        _ => None,
    }
}

fn replaced(text: &str) -> Result<String, String> {
    let mut document = json!({ "a": [{ "b": text }] });
    substitute(&mut document, &lookup).map_err(|refusals| refusals.to_string())?;
    Ok(document["a"][0]["b"].as_str().unwrap().to_owned())
}

#[test]
fn variable_in_every_form_is_replaced_as_compose_does() {
    for (text, expected) in [
        ("$SET", "value"),
        ("x${SET}y", "xvaluey"),
        ("$SET.$SET", "value.value"),
        ("${EMPTY}", ""),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${GONE-d}", "d"),
        ("${GONE:-${SET}}", "value"),
        ("${GONE:-{}}", "{}"),
        ("${SET:+alt}", "alt"),
        ("${EMPTY:+alt}", ""),
        ("${EMPTY+alt}", "alt"),
        ("${SET:?no}", "value"),
        ("${EMPTY?no}", ""),
        ("$$SET $${SET}", "$$SET $${SET}"),
        ("${MONEY}", "a$$b"),
    ] {
        assert_eq!(replaced(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn variable_that_is_not_set_or_not_written_well_is_refused_by_path() {
    for (text, word) in [
        ("$GONE", "GONE"),
        ("${GONE}", "GONE"),
        ("${EMPTY:?say why}", "say why"),
        ("${GONE?}", "has to be set"),
        ("${SET", "without its }"),
        ("${}", "no name"),
        ("${SET/a/b}", "does not know"),
        ("5 $ a", "$$"),
        ("a$", "$$"),
    ] {
        let refusal = replaced(text).unwrap_err();
        assert!(refusal.starts_with("a[0].b ") && refusal.contains(word), "{text}: {refusal}");
    }
}

#[test]
fn extension_fields_keep_their_dollars() {
    let mut document = json!({ "x-a": "${GONE}", "b": { "x-c": ["$GONE"] } });
    let before = document.clone();
    substitute(&mut document, &lookup).unwrap();
    assert_eq!(document, before);
}

#[test]
fn file_of_variables_has_comments_quotes_and_empty_values() {
    let text = "# c\n\nA=1\nexport B = two words # c\nC='$x # \"'\nD=\"a\\n\\\"\\$b\" # c\nE=\nF=a#b\r\nG=#c\nH=5$\n";
    let expected = [
        ("A", "1"),
        ("B", "two words"),
        ("C", "$x # \""),
        ("D", "a\n\"$b"),
        ("E", ""),
        ("F", "a#b"),
        ("G", ""),
        ("H", "5$"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(parse_env(text).unwrap(), expected);
}

#[test]
fn line_that_is_none_is_refused_by_its_number() {
    for line in ["A", "=x", "A B=x", "A='x", "A=\"x", "A='x' y", "A=$B", "A=\"${B}\"", "A=\"x\\"] {
        let error = parse_env(&format!("OK=1\n{line}\n")).unwrap_err();
        assert_eq!(error.line, 2, "{line}");
    }
}

#[test]
fn env_files_in_every_spelling_are_found_and_their_pairs_stand_under_the_environment() {
    let mut document = json!({ "services": {
        "a": { "image": "i", "env_file": "one", "environment": { "A": "own" } },
        "b": { "image": "i", "env_file": ["one", { "path": "two", "required": false }], "environment": ["A=own"] },
        "c": { "image": "i" },
    }});
    let file = |service: &str, path: &str, required| EnvFile {
        service: service.to_owned(),
        path: path.to_owned(),
        required,
    };
    let expected = [file("a", "one", true), file("b", "one", true), file("b", "two", false)];
    assert_eq!(env_files(&document).unwrap(), expected);
    for service in ["a", "b"] {
        let pairs = [("A", "file"), ("B", "x"), ("B", "a$b")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        put_environment(&mut document, service, pairs);
    }
    let read = accepted(&document);
    for service in ["a", "b"] {
        assert_eq!(read.services[service].environment["A"], "own");
        assert_eq!(read.services[service].environment["B"], "a$b");
    }
    let wrong = json!({ "services": { "a": { "env_file": [{ "required": true }] } } });
    assert!(env_files(&wrong).unwrap_err().to_string().starts_with("services.a.env_file[0] has no path"));
}

#[test]
fn services_of_other_profiles_do_not_count() {
    let document = || {
        json!({ "services": {
            "always": { "image": "i" }, "debug": { "image": "i", "profiles": ["debug", "test"] },
            "none": { "image": "i", "profiles": [] },
        }})
    };
    let chosen = |profiles: &[&str]| {
        let mut document = document();
        let active: BTreeSet<String> = profiles.iter().map(ToString::to_string).collect();
        select_profiles(&mut document, &active).unwrap();
        document["services"].as_object().map(|all| all.keys().cloned().collect::<Vec<_>>()).unwrap()
    };
    assert_eq!(chosen(&[]), ["always", "none"]);
    assert_eq!(chosen(&["other"]), ["always", "none"]);
    assert_eq!(chosen(&["test"]), ["always", "debug", "none"]);
    assert_eq!(chosen(&["*"]), ["always", "debug", "none"]);
    let mut wrong: Value = json!({ "services": { "a": { "profiles": "debug" } } });
    assert!(select_profiles(&mut wrong, &BTreeSet::new()).is_err());
}
