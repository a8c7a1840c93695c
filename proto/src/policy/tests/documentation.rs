//! `docs/policy.md` and the parser say the same.

use std::{collections::BTreeSet, fmt::Debug};

use serde::de::DeserializeOwned;
use supervisor_docs::{POLICY, rows, words};

use super::{super::*, permissions};

/// What the reader of `T` understands: a key, or a word of a choice. It tells all of them when it is given
/// another one.
fn understood<T: DeserializeOwned + Debug>(nonsense: serde_json::Value) -> BTreeSet<String> {
    let error = serde_json::from_value::<T>(nonsense).unwrap_err().to_string();
    let (_, expected) = error.split_once("expected ").unwrap();
    words(expected).into_iter().map(ToOwned::to_owned).collect()
}

fn keys<T: DeserializeOwned + Debug>() -> BTreeSet<String> {
    understood::<T>(serde_json::json!({"nonsense": 1}))
}

fn choices<T: DeserializeOwned + Debug>() -> BTreeSet<String> {
    understood::<T>("nonsense".into())
}

/// The rows, one for each key: key, example values, what else is set as code.
fn documented() -> Vec<(&'static str, Vec<&'static str>, Vec<&'static str>)> {
    let rows = rows(POLICY, ["key", "value", "allows"]).into_iter();
    rows.flat_map(|[keys, values, allows]| {
        words(keys).into_iter().map(move |key| (key, words(values), words(allows)))
    })
    .collect()
}

fn row(key: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    documented()
        .into_iter()
        .find(|(name, ..)| *name == key)
        .map(|(_, values, allows)| (values, allows))
        .unwrap()
}

#[test]
fn table_has_exactly_the_keys_of_the_parser() {
    let documented: Vec<String> = documented().iter().map(|(key, ..)| (*key).to_owned()).collect();
    let once: BTreeSet<String> = documented.iter().cloned().collect();
    assert_eq!(once, keys::<Permissions>());
    assert_eq!(once.len(), documented.len(), "a key stands in two rows");
}

#[test]
fn example_values_of_the_table_are_accepted() {
    for (key, values, _) in documented() {
        let values = if values.is_empty() { vec!["\"a text\""] } else { values };
        for value in values {
            let granted = permissions(&format!("{key} = {value}\n"));
            assert_ne!(granted, Permissions::default(), "{key} = {value}");
        }
    }
}

#[test]
fn keys_inside_of_a_value_are_all_in_its_row() {
    let inner = [
        ("binds", keys::<BindGrant>()),
        ("volumes", keys::<VolumeGrant>()),
        ("networks", keys::<NetworkGrant>()),
        ("logging", keys::<LoggingGrant>()),
        ("device_requests", keys::<DeviceRequestGrant>()),
    ];
    for (key, inner) in inner {
        let (values, allows) = row(key);
        for name in inner {
            let in_an_example = values.iter().any(|value| value.contains(&format!("{name} = ")));
            assert!(in_an_example || allows.contains(&name.as_str()), "{key}: {name}");
        }
    }
}

#[test]
fn choices_of_a_value_are_exactly_those_of_its_row() {
    let host = choices::<HostMode>();
    for (key, choices) in [
        ("pid", host.clone()),
        ("uts", host.clone()),
        ("userns_mode", host.clone()),
        ("cgroup", host),
        ("ipc", choices::<IpcMode>()),
    ] {
        let (values, _) = row(key);
        let documented = values.iter().map(|value| value.trim_matches('"').to_owned());
        assert_eq!(documented.collect::<BTreeSet<String>>(), choices, "{key}");
    }
}

#[test]
fn example_of_the_page_is_accepted() {
    let examples = POLICY.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap());
    let read: Vec<_> = examples.map(parse).collect();
    assert!(!read.is_empty() && read.iter().all(Result::is_ok), "{read:?}");
}
