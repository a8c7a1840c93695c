//! Names in paths and bodies, and text that goes back to who asked.

use supervisor_frontend::wire::plain_text::PlainText;
use supervisor_proto::ids::{AppId, ServiceName};

/// A name is written in one way only, and leads nowhere as a part of a path; an answer's text stays within what the
/// cloud's proxy lets through.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(app) = AppId::parse(&text) {
        assert_eq!(app.to_string(), text);
        assert!(app.get() > 0);
    }
    if let Ok(name) = ServiceName::parse(&text) {
        assert_eq!(name.as_str(), text);
        assert!(is_safe(name.as_str()));
    }
    let clean = PlainText::clean(&text).into_string();
    assert!(PlainText::is_clean(&clean) && clean.chars().count() <= text.chars().count());
    assert!(!PlainText::is_clean(&text) || clean == text);
}

/// Whether a name can be a part of a path.
pub(crate) fn is_safe(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0']) && name.is_ascii()
}
