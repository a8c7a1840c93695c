//! One line of what `doctor` says.

use serde::Serialize;

use super::check::Check;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Could not be looked at, and need not be wrong.
    Skipped,
    /// Works, but somebody should know.
    Warn,
    /// Does not work.
    Fail,
}

/// What was found, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How bad it is.
    pub level: Level,
    /// What was found, in one line.
    pub text: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(check: Check, text: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, text: text.into(), advice: None }
    }

    /// Could not be looked at.
    pub fn skipped(check: Check, text: impl Into<String>) -> Self {
        Self { check, level: Level::Skipped, text: text.into(), advice: None }
    }

    /// Somebody should know.
    pub fn warn(check: Check, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, level: Level::Warn, text: text.into(), advice: Some(advice.into()) }
    }

    /// Does not work.
    pub fn fail(check: Check, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, level: Level::Fail, text: text.into(), advice: Some(advice.into()) }
    }
}
