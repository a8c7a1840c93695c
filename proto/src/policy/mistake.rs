//! A mistake in a policy file.

use std::{fmt, ops::Range};

/// A mistake, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, in words.
    pub problem: String,
}

impl Mistake {
    /// A mistake at a byte range of `text`.
    pub(super) fn at(text: &str, span: Option<Range<usize>>, problem: impl Into<String>) -> Self {
        let before = span.map_or(0, |span| span.start).min(text.len());
        let line = text.bytes().take(before).filter(|byte| *byte == b'\n').count() + 1;
        // The parser's words may fill more than one line.
        Self { line, problem: problem.into().replace('\n', ", ") }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}
