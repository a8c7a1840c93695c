//! What apps say, line by line, and what core says about them.

pub mod assembly;
pub mod sentence;

use supervisor_proto::ids::{AppId, ServiceName};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The app.
    pub app: AppId,
    /// The service; none for a sentence about the app as a whole.
    pub service: Option<ServiceName>,
    /// The service's numeric id; 0 where the target named none.
    pub service_id: u64,
    /// Nanoseconds since 1970.
    pub time_ns: u64,
    /// Who says it.
    pub voice: Voice,
    /// Without its line end.
    pub message: String,
    /// How many sentences before this line were lost.
    pub dropped: u64,
}

/// Who says a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// The service, on its standard output.
    Stdout,
    /// The service, on its standard error.
    Stderr,
    /// Core.
    System,
}
