//! The only place that writes to stdout and stderr.

use std::{
    env,
    error::Error as _,
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use serde::Serialize;

use crate::{
    exit_code,
    failure::Failure,
    views::{ErrorBody, ErrorView},
};

/// Where answers and failures go, and in which form.
#[derive(Debug)]
pub struct Output {
    json: bool,
    coloured: bool,
    stdout: io::Stdout,
    stderr: io::Stderr,
}

impl Output {
    /// Colours only for a person at a terminal, unless `NO_COLOR` forbids or `CLICOLOR_FORCE` demands them:
    /// <https://no-color.org>, <https://bixense.com/clicolors>.
    pub fn new(json: bool) -> Self {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_forced =
            is_set("CLICOLOR_FORCE") && env::var_os("CLICOLOR_FORCE").is_none_or(|value| value != "0");
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let coloured = !json && !is_set("NO_COLOR") && (is_forced || stdout.is_terminal());
        Self { json, coloured, stdout, stderr }
    }

    /// Whether answers are JSON.
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// One answer: `view` as one line of JSON, or `text`.
    pub fn answer(
        &mut self,
        view: &impl Serialize,
        text: impl FnOnce(bool) -> String,
    ) -> Result<(), Failure> {
        if self.json { self.json_line(view) } else { self.text(&text(self.coloured)) }
    }

    /// One line of JSON.
    pub fn json_line(&mut self, view: &impl Serialize) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(view).map_err(|error| Failure::Output(error.into()))?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// Text, as it is.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(text.as_bytes())
    }

    /// Bytes for stdout, at once.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = self.stdout.lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(closed)
    }

    /// Bytes for stderr.
    pub fn error_bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stderr.lock().write_all(bytes).map_err(closed)
    }

    /// What the owner should know beside an answer: on stderr, unless the answer is JSON and has them itself.
    pub fn warn(&mut self, warnings: &[String]) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        warnings
            .iter()
            .try_for_each(|warning| self.error_bytes(format!("warning: {}\n", one_line(warning)).as_bytes()))
    }

    /// A question for the person at the terminal, without a line's end.
    pub fn question(&mut self, text: &str) -> Result<(), Failure> {
        self.error_bytes(text.as_bytes())
    }

    /// Says why the tool ends, and with which code.
    pub fn failure(&mut self, failure: &Failure) -> ExitCode {
        let code = exit_code::of_failure(failure);
        if !matches!(failure, Failure::OutputClosed) {
            let text = if self.json { json_failure(failure) } else { text_failure(failure) };
            // Nobody is left to be told when stderr cannot be written either.
            drop(self.error_bytes(text.as_bytes()));
        }
        ExitCode::from(code)
    }
}

fn closed(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe { Failure::OutputClosed } else { Failure::Output(error) }
}

fn json_failure(failure: &Failure) -> String {
    let body = ErrorBody {
        error: ErrorView {
            reason: failure.reason(),
            subject: failure.subject(),
            message: message(failure),
            refusals: failure.lines(),
        },
    };
    let mut text = serde_json::to_string(&body).unwrap_or_default();
    text.push('\n');
    text
}

fn text_failure(failure: &Failure) -> String {
    let mut lines: Vec<String> = failure.lines().iter().map(|line| one_line(line)).collect();
    match failure {
        Failure::Usage(text) => text.clone(),
        _ if !lines.is_empty() => {
            lines.push(String::new());
            lines.join("\n")
        }
        _ => format!("supervisor-admin: {}\n", one_line(&message(failure))),
    }
}

/// The message and, for the system's own errors, their cause.
fn message(failure: &Failure) -> String {
    match failure {
        Failure::Call(_) | Failure::Usage(_) | Failure::Policy(_) => {
            failure.to_string().trim_end().to_owned()
        }
        _ => match failure.source() {
            Some(source) => format!("{failure}: {source}"),
            None => failure.to_string(),
        },
    }
}

/// What others wrote must not move the cursor or forge lines on a terminal.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
