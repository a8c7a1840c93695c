//! Where a request carries its key: its query, and after a line's end the values of its `Authorization` headers.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use supervisor_frontend::auth::credentials::presented;

/// A key is never empty, and never one of several.
pub fn check(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let query = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let mut headers = HeaderMap::new();
    for line in lines {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(AUTHORIZATION, value);
        }
    }
    let Some(key) = presented(&query, &headers) else { return };
    assert!(!key.is_empty());
    let in_query = query.split('&').filter(|pair| pair.split('=').next() == Some("apikey")).count();
    assert!(in_query <= 1, "one of {in_query}");
    assert!(in_query == 1 || headers.get_all(AUTHORIZATION).count() == 1 || query.contains('%'));
}
