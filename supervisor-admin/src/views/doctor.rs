//! The JSON of `doctor`, documented in `docs/admin.md`.

use serde::Serialize;

use crate::doctor::{Finding, Level};

/// `doctor`.
#[derive(Debug, Serialize)]
pub struct DoctorView {
    pub worst: Level,
    pub findings: Vec<Finding>,
}

impl DoctorView {
    /// All findings, and how bad the worst of them is.
    pub fn new(findings: Vec<Finding>) -> Self {
        let worst = findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok);
        Self { worst, findings }
    }
}
