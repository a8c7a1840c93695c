//! One line per request: never its query, body or key.

use std::{fmt, time::Duration};

use actix_web::http::StatusCode;

use super::request_id::RequestId;

const METHOD_MAX_CHARS: usize = 16;
const PATH_MAX_CHARS: usize = 128;

/// The first half of an access line, kept while the request is worked on.
#[derive(Debug)]
pub struct AccessLine(String);

impl AccessLine {
    /// Remembers what was asked for; `None` when nobody reads access lines.
    pub fn begin(method: &str, path: &str) -> Option<Self> {
        log::log_enabled!(log::Level::Info).then(|| Self::new(method, path))
    }

    fn new(method: &str, path: &str) -> Self {
        Self(format!(
            "method={} path={}",
            printable(method, METHOD_MAX_CHARS),
            printable(path, PATH_MAX_CHARS)
        ))
    }

    /// Writes the line.
    pub fn end(self, status: StatusCode, took: Duration, request_id: RequestId) {
        log::info!(
            "request {} status={} ms={:.3} request_id={request_id}",
            self.0,
            status.as_u16(),
            took.as_secs_f64() * 1e3
        );
    }
}

/// A client chooses its method and path, so it must not be able to forge or flood the log with them.
fn printable(text: &str, max_chars: usize) -> impl fmt::Display + '_ {
    fmt::from_fn(move |f| {
        use fmt::Write as _;
        for c in text.chars().take(max_chars) {
            f.write_char(if c.is_ascii_graphic() { c } else { '?' })?;
        }
        if text.chars().nth(max_chars).is_some() { f.write_str("...") } else { Ok(()) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_of_hostile_text_has_no_control_characters_and_is_bounded() {
        let line = AccessLine::new("GET\n", &format!("/a b\r\n\u{1b}[2J{}", "x".repeat(1000))).0;
        assert!(
            line.starts_with("method=GET? path=/a?b????[2Jxxx")
                || line.starts_with("method=GET? path=/a?b???[2Jxxx"),
            "{line}"
        );
        assert!(line.ends_with("..."));
        assert!(line.len() < 200);
    }
}
