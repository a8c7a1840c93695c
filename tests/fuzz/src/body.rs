//! A request's body. The first byte says how it is written.

use serde_json::Value;
use supervisor_frontend::wire::{
    request::{RequestBody, Syntax},
    service_choice::ServiceChoice,
};

use crate::names::is_safe;

const APP_ID_MAX: u64 = (1 << 53) - 1;

/// What a body says is what any other reader of it reads; locks are overridden by JSON's `true` alone.
pub fn check(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let syntax = if first % 2 == 0 { Syntax::Json } else { Syntax::Form };
    let Ok(body) = RequestBody::parse(syntax, bytes) else { return };
    let read = match syntax {
        Syntax::Json if !bytes.is_empty() => serde_json::from_slice(bytes).unwrap_or_default(),
        Syntax::Json | Syntax::Form => Value::Object(serde_json::Map::new()),
    };
    assert!(read.is_object(), "no object");
    let is_true = |name: &str| read.get(name) == Some(&Value::Bool(true));
    assert_eq!((body.force, body.cancel), (is_true("force"), is_true("cancel")));
    if let Ok(app) = body.app_id() {
        assert!((1..=APP_ID_MAX).contains(&app.get()));
        if syntax == Syntax::Json {
            let told = read.get("appId").cloned().unwrap_or_default();
            assert!(told == app.get() || told == app.to_string(), "{told}");
        }
    }
    if let Ok(Some(name)) = body.service_name() {
        assert!(is_safe(name.as_str()));
    }
    if let Ok(ServiceChoice::Name(name)) = body.service() {
        assert!(is_safe(name.as_str()));
    }
}
