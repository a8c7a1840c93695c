//! The audit line of a privileged call: who, what, outcome, milliseconds. There is always one, also when
//! the caller goes away before the answer.

use std::time::Instant;

use http::HeaderMap;
use tonic::{Code, Status};

use super::gate::Caller;
use crate::{actions::terminal::Opened, domain::event::What, event_feed::EventFeed};

/// A line that is still to be written; dropped without an end, it says so.
pub struct Line {
    caller: Caller,
    method: String,
    begun: Instant,
    feed: EventFeed,
    ended: bool,
}

impl Line {
    /// A line for a call that began at `begun`.
    pub fn new(caller: Caller, method: String, begun: Instant, feed: EventFeed) -> Self {
        Self { caller, method, begun, feed, ended: false }
    }

    /// The call was answered with these headers. A failure is told in them; a success only in the trailers.
    pub fn end(mut self, headers: &HeaderMap) {
        self.ended = true;
        let code = Status::from_header_map(headers).map_or(Code::Ok, |status| status.code());
        self.write(&format!("{code:?}"));
    }

    fn write(&self, outcome: &str) {
        let method = self.method.trim_start_matches("/supervisor.core.v1.");
        let (caller, elapsed) = (&self.caller, self.begun.elapsed().as_millis());
        log::info!(
            target: "audit",
            "audit uid={} pid={} role={} method={method} outcome={outcome} ms={elapsed} request_id={}",
            caller.uid,
            pid(caller.pid),
            caller.role.name(),
            caller.request_id,
        );
        self.feed.tell_all(|| What::CallEnded {
            uid: caller.uid,
            role: caller.role.name(),
            method: method.to_owned(),
            outcome: outcome.to_owned(),
            duration_ms: u64::try_from(elapsed).unwrap_or(u64::MAX),
            request_id: caller.request_id.clone(),
        });
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

/// The lines of one terminal or command: one when it opens, one when it ends, however that comes. Neither
/// holds what was typed or shown, nor a command's arguments.
pub struct TerminalLines {
    caller: Caller,
    app_id: u64,
    /// Where it is; empty until it is open.
    place: String,
    begun: Instant,
    ended: bool,
}

impl TerminalLines {
    /// Lines for a terminal that is being opened now.
    pub fn new(caller: Caller, app_id: u64) -> Self {
        Self { caller, app_id, place: String::new(), begun: Instant::now(), ended: false }
    }

    /// It is open.
    pub fn opened(&mut self, opened: &Opened) {
        self.place = format!(" service={} container={}", opened.service, opened.container_id);
        self.write("open", "Ok");
    }

    /// It could not be opened.
    pub fn refused(mut self, status: &Status) {
        self.ended = true;
        self.write("open", &format!("{:?}", status.code()));
    }

    /// It has ended so.
    pub fn ended(mut self, outcome: &str) {
        self.ended = true;
        self.write("close", outcome);
    }

    fn write(&self, what: &str, outcome: &str) {
        log::info!(
            target: "audit",
            "audit uid={} pid={} role={} terminal={what} app_id={}{} outcome={outcome} ms={} request_id={}",
            self.caller.uid,
            pid(self.caller.pid),
            self.caller.role.name(),
            self.app_id,
            self.place,
            self.begun.elapsed().as_millis(),
            self.caller.request_id,
        );
    }
}

impl Drop for TerminalLines {
    fn drop(&mut self) {
        if !self.ended {
            self.write("close", "BrokenOff");
        }
    }
}
