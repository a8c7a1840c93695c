//! What the server was asked.

use std::time::Instant;

use crate::route::Route;

/// One request, as it came, and the status of its answer.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its kind.
    pub route: Route,
    /// Its method.
    pub method: String,
    /// Its path without the query.
    pub path: String,
    /// Its query.
    pub query: String,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body, unpacked if it came as gzip; empty for a stream.
    pub body: Vec<u8>,
    /// The answer's status; 0 where there was none.
    pub status: u16,
    /// When it came.
    pub at: Instant,
}

impl Seen {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
