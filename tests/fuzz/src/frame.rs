//! A text frame of a terminal's tab.

use serde_json::Value;
use supervisor_frontend::terminal::frame::{CONTROL_MAX_BYTES, TabSays};
use supervisor_proto::v1::WindowSize;

/// What is read is short, one JSON object, and a size within bounds is its own.
pub fn check(data: &[u8]) {
    // Frames that are no UTF-8 do not come this far.
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(said) = TabSays::parse(text) else { return };
    assert!(text.len() <= CONTROL_MAX_BYTES);
    let object: Value = serde_json::from_str(text).unwrap_or_default();
    assert!(object.is_object(), "no object");
    let kind = object.get("type").and_then(Value::as_str);
    match said {
        TabSays::Resize(size) => {
            let WindowSize { rows, columns } = size.into();
            let told = |name: &str| object.get(name).and_then(Value::as_u64);
            assert_eq!((kind, told("rows")), (Some("resize"), Some(rows.into())));
            assert_eq!(told("columns"), Some(columns.into()));
            assert!((1..=1024).contains(&rows) && (1..=1024).contains(&columns));
        }
        TabSays::Focus => assert_eq!(kind, Some("focus")),
        TabSays::Open => assert_eq!(kind, Some("open")),
    }
}
