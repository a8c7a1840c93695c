//! Nothing that can be written down makes the reader panic.

use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::compose::{Dollars, fields, read_document, read_service};

/// Keys that reach the readers, beside nonsense.
fn key() -> impl Strategy<Value = String> {
    let known: Vec<String> = fields::SUPPORTED
        .iter()
        .flat_map(|path| path.split(['.', '[']))
        .filter(|part| !matches!(*part, "*" | "]"))
        .map(str::to_owned)
        .collect();
    prop_oneof![4 => proptest::sample::select(known), 1 => ".{0,6}"]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9:.\\-/a-z\\[\\]]{0,12}",
        "[0-9.]{0,8}(us|ms|s|m|h)?",
        "[a-z'\"\\\\ $;]{0,12}",
        "(data|db|web)?:?/?[a-z./]{0,6}(:ro)?",
        "/?[a-z./:]{0,8}:/[a-z./]{0,6}(:ro|:rshared)?",
        Just("volume".to_owned()),
        Just("bind".to_owned()),
        Just("tmpfs".to_owned()),
        any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((key(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn service() -> impl Strategy<Value = Value> {
    let object = |pairs: Vec<(String, Value)>| Value::Object(pairs.into_iter().collect::<Map<_, _>>());
    proptest::collection::vec((key(), value()), 0..8).prop_map(object)
}

/// Nothing in it can mean something else to the engine than it was checked for.
fn is_plain(path: &str) -> bool {
    path.starts_with('/') && !path.contains(':') && path.split('/').all(|part| !matches!(part, "." | ".."))
}

proptest! {
    #[test]
    fn document_of_any_shape_is_read_or_refused(value in value()) {
        if let Err(refusals) = read_document(&value) {
            prop_assert!(refusals.iter().count() > 0);
        }
    }

    #[test]
    fn services_of_any_shape_are_read_or_refused(web in service(), db in service()) {
        let document = serde_json::json!({"services": {"web": web, "db": db}, "volumes": {"data": null}});
        if let Ok(document) = read_document(&document) {
            for service in document.services.values() {
                prop_assert!(!service.image.is_empty());
                prop_assert!(service.ports.iter().all(|port| (1..=65535).contains(&port.container_port)));
                prop_assert!(service.volumes.iter().all(|mount| document.volumes.contains_key(&mount.volume)));
                prop_assert!(service.volumes.iter().all(|mount| mount.target.starts_with('/')));
                prop_assert!(service.binds.iter().all(|bind| is_plain(&bind.source) && is_plain(&bind.target)));
                prop_assert!(service.tmpfs.iter().all(|tmpfs| is_plain(&tmpfs.target)));
            }
        }
    }

    #[test]
    fn service_alone_of_any_shape_is_read_or_refused(web in service()) {
        drop(read_service("x", &web, Dollars::Literal));
    }
}
