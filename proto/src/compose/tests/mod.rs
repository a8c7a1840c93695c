//! What is read, what is refused, and with which words.

mod documentation;
mod networks;
mod properties;
mod read;
mod refused;
mod refused_settings;
mod settings;
mod surroundings;
mod target_state;

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Document, read_document};
use crate::v1;

/// A document of one service `web` that has an image and `field`.
fn with(field: &str, value: Value) -> Value {
    let mut service = json!({"image": "a"});
    service[field] = value;
    json!({"services": {"web": service, "db": {"image": "b"}}, "volumes": {"data": null, "logs": null}})
}

fn accepted(document: &Value) -> Document {
    read_document(document).unwrap_or_else(|refusals| panic!("{document}: {refusals}"))
}

fn web(field: &str, value: Value) -> v1::Service {
    accepted(&with(field, value)).services.remove("web").unwrap()
}

fn map(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The refusals of a document, as lines.
fn lines(document: &Value) -> Vec<String> {
    match read_document(document) {
        Ok(document) => panic!("accepted: {document:?}"),
        Err(refusals) => refusals.iter().map(ToString::to_string).collect(),
    }
}

/// The only refusal of a service field.
fn refusal(field: &str, value: impl Into<Value>) -> String {
    let document = with(field, value.into());
    let mut lines = lines(&document);
    assert_eq!(lines.len(), 1, "{document}: {lines:?}");
    lines.remove(0)
}
