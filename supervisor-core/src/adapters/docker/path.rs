//! Paths and queries of engine calls. Everything variable is percent-encoded: the transport does not
//! survive a path that is no valid URI.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// The oldest API version that has all we need.
const OLDEST: (u32, u32) = (1, 41);

/// In an image reference, slashes and colons stay: the engine's router takes the rest of the path.
const REFERENCE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'\\')
    .add(b'^')
    .add(b'[')
    .add(b']');

/// One path segment.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// An image reference as a part of a path.
pub fn reference(text: &str) -> String {
    utf8_percent_encode(text, REFERENCE).to_string()
}

/// A query under construction.
#[derive(Debug, Default)]
pub struct Query(String);

impl Query {
    /// An empty query.
    pub fn new() -> Self {
        Self::default()
    }

    /// The query with one more parameter.
    pub fn add(mut self, name: &str, value: &str) -> Self {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        self
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The path prefix for an engine that speaks versions `oldest` to `newest`: ours, unless the engine starts
/// later or ends earlier.
pub fn prefix(newest: &str, oldest: &str) -> String {
    let newest = version(newest).unwrap_or(OLDEST);
    let oldest = version(oldest).unwrap_or(OLDEST);
    let (major, minor) = OLDEST.max(oldest).min(newest.max(oldest));
    format!("/v{major}.{minor}")
}

fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_is_ours_wherever_the_engine_has_it() {
        assert_eq!(prefix("1.41", "1.12"), "/v1.41");
        assert_eq!(prefix("1.51", "1.24"), "/v1.41");
    }

    #[test]
    fn prefix_of_an_engine_that_starts_later_is_its_oldest() {
        assert_eq!(prefix("1.52", "1.44"), "/v1.44");
    }

    #[test]
    fn prefix_of_an_engine_that_ends_earlier_is_its_newest() {
        assert_eq!(prefix("1.40", "1.12"), "/v1.40");
    }

    #[test]
    fn prefix_of_an_unreadable_answer_is_ours() {
        assert_eq!(prefix("", "x.y"), "/v1.41");
    }

    #[test]
    fn query_and_segment_encode_everything_that_could_end_them() {
        assert_eq!(Query::new().add("a", "x&y=z #").add("b", "1").to_string(), "?a=x%26y%3Dz%20%23&b=1");
        assert_eq!(segment("../a b"), "%2E%2E%2Fa%20b");
        assert_eq!(reference("host:5000/a b@sha256:0?"), "host:5000/a%20b@sha256:0%3F");
    }
}
