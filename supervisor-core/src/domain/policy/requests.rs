//! The final requests of one app, as they go to the engine.

use std::collections::BTreeMap;

use serde_json::Value;
use supervisor_proto::ids::{AppId, ServiceName};

/// Everything that would be sent to the engine to make one app.
#[derive(Debug, Clone, PartialEq)]
pub struct AppRequests {
    /// The app.
    pub app: AppId,
    /// By service name.
    pub services: BTreeMap<ServiceName, ServiceRequests>,
    /// Bodies of `POST /volumes/create`, by the engine's name.
    pub volumes: BTreeMap<String, Value>,
    /// Bodies of `POST /networks/create`, by the engine's name.
    pub networks: BTreeMap<String, Value>,
}

/// What would be sent for one service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceRequests {
    /// Body of `POST /containers/create`.
    pub create: Value,
    /// Further networks, in order.
    pub connects: Vec<Connect>,
}

/// A connection to a further network.
#[derive(Debug, Clone, PartialEq)]
pub struct Connect {
    /// The engine's name of the network.
    pub network: String,
    /// Body of `POST /networks/{name}/connect`.
    pub body: Value,
}

impl ServiceRequests {
    /// The image that the container would be made from.
    pub fn image(&self) -> &str {
        self.create.get("Image").and_then(Value::as_str).unwrap_or_default()
    }
}
