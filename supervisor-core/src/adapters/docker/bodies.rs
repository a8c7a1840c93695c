//! The one place that bodies of changes come from: what the policy checks is what is sent.

use serde_json::{Value, json};

use super::{network_request, request, volumes};
use crate::ports::engine::Change;

/// The body that goes with `change`.
pub fn body_of(change: Change<'_>) -> Value {
    match change {
        Change::Container(spec) => request::create_body(spec),
        Change::Volume { name, volume } => volumes::create_body(name, volume),
        Change::Network { name, options, labels } => network_request::create_body(name, options, labels),
        Change::Connection { endpoint, container } => {
            json!({ "Container": container.0, "EndpointConfig": network_request::endpoint(endpoint) })
        }
    }
}
