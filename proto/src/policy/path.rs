//! A path of the host as a policy may name it.

use std::fmt;

use serde::Deserialize;

/// An absolute path without `.`, `..`, empty parts, a trailing slash or a colon: there is one way to write it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct HostPath(String);

/// A path that can be written in another way, or is not absolute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a path is absolute, without . or .. or a colon, without double or trailing slashes")]
pub struct InvalidPath;

impl HostPath {
    /// Accepts a plain absolute path.
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains([':', '\0']);
        let good = text == "/" || text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(plain));
        if good { Ok(Self(text.to_owned())) } else { Err(InvalidPath) }
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this path lies below `other`.
    pub fn is_below(&self, other: &Self) -> bool {
        let parent = other.0.trim_end_matches('/');
        self.0 != other.0 && self.0.strip_prefix(parent).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl TryFrom<String> for HostPath {
    type Error = InvalidPath;

    fn try_from(text: String) -> Result<Self, InvalidPath> {
        Self::parse(&text)
    }
}

impl fmt::Display for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
