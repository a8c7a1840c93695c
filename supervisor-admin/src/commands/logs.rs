//! `app logs`.

use supervisor_proto::{
    client::CallError,
    v1::{LogsRequest, log_chunk::Stream},
};

use super::Session;
use crate::{args::LogsArgs, failure::Failure, output::Output, views::LogView};

/// A line that is longer is shown in pieces, so that memory stays bounded.
const MAX_LINE_BYTES: usize = 64 * 1024;

pub(super) async fn run(session: &mut Session<'_>, args: &LogsArgs) -> Result<(), Failure> {
    let request = LogsRequest {
        app_id: args.id.get(),
        service: args.service.as_ref().map(ToString::to_string).unwrap_or_default(),
        follow: args.follow,
        tail_lines: args.tail,
        timestamps: args.timestamps,
        since_ms: args.since,
    };
    let mut chunks = session.client.logs(request, &session.request_id).await?;
    let (mut stdout, mut stderr) =
        (Lines::new("stdout", args.timestamps), Lines::new("stderr", args.timestamps));
    while let Some(chunk) = chunks.message().await.map_err(CallError::from)? {
        let is_error = chunk.stream() == Stream::Stderr;
        if session.output.is_json() {
            let lines = if is_error { &mut stderr } else { &mut stdout };
            lines.push(&chunk.data, session.output)?;
        } else if is_error {
            session.output.error_bytes(&chunk.data)?;
        } else {
            session.output.bytes(&chunk.data)?;
        }
    }
    stdout.end(session.output)?;
    stderr.end(session.output)
}

/// Joins the chunks of one stream to lines, for JSON.
#[derive(Debug)]
struct Lines {
    stream: &'static str,
    held: Vec<u8>,
    /// Each line begins with its time.
    timed: bool,
    /// What is held is a line's beginning, not a further piece of a long one.
    at_start: bool,
}

impl Lines {
    const fn new(stream: &'static str, timed: bool) -> Self {
        Self { stream, held: Vec::new(), timed, at_start: true }
    }

    fn push(&mut self, data: &[u8], output: &mut Output) -> Result<(), Failure> {
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            self.held.extend_from_slice(piece);
            if self.held.ends_with(b"\n") || self.held.len() >= MAX_LINE_BYTES {
                self.flush(output)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, output: &mut Output) -> Result<(), Failure> {
        if self.held.is_empty() { Ok(()) } else { self.flush(output) }
    }

    fn flush(&mut self, output: &mut Output) -> Result<(), Failure> {
        let text = String::from_utf8_lossy(&self.held);
        let line = text.trim_end_matches(['\r', '\n']);
        let (time, line) = match line.split_once(' ') {
            Some((time, rest)) if self.timed && self.at_start => (Some(time), rest),
            Some(_) | None => (None, line),
        };
        output.json_line(&LogView { stream: self.stream, time, line })?;
        self.at_start = self.held.ends_with(b"\n");
        self.held.clear();
        Ok(())
    }
}
