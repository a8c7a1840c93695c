//! The audit line of a privileged call: who, what, outcome, milliseconds. There is always one, also when
//! the caller goes away before the answer.

use std::time::Instant;

use http::HeaderMap;
use tonic::{Code, Status};

use super::gate::Caller;

/// A line that is still to be written; dropped without an end, it says so.
pub struct Line {
    caller: Caller,
    method: String,
    begun: Instant,
    ended: bool,
}

impl Line {
    /// A line for a call that began at `begun`.
    pub const fn new(caller: Caller, method: String, begun: Instant) -> Self {
        Self { caller, method, begun, ended: false }
    }

    /// The call was answered with these headers. A failure is told in them; a success only in the trailers.
    pub fn end(mut self, headers: &HeaderMap) {
        self.ended = true;
        let code = Status::from_header_map(headers).map_or(Code::Ok, |status| status.code());
        self.write(&format!("{code:?}"));
    }

    fn write(&self, outcome: &str) {
        log::info!(
            target: "audit",
            "audit uid={} pid={} role={} method={} outcome={outcome} ms={} request_id={}",
            self.caller.uid,
            pid(self.caller.pid),
            self.caller.role.name(),
            self.method.trim_start_matches("/supervisor.core.v1."),
            self.begun.elapsed().as_millis(),
            self.caller.request_id,
        );
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.ended {
            self.write("CallerGone");
        }
    }
}

/// A pid for a log line; one of another namespace is not known.
pub fn pid(pid: Option<i32>) -> String {
    pid.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string())
}
