//! Runs a program to its end.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::Result;

/// What a program left behind.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; absent when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote, without the last line's end.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

/// A program's name and arguments, e.g. `["docker", "ps"]`.
pub fn command<S: AsRef<OsStr>>(words: &[S]) -> Result<Command> {
    let (program, arguments) = words.split_first().ok_or("a command without words")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    Ok(command)
}

/// Runs the command whatever its exit code.
pub fn finish<S: AsRef<OsStr>>(words: &[S]) -> Result<Finished> {
    let mut command = command(words)?;
    Ok(finished(&command.output().map_err(|error| format!("{command:?}: {error}"))?))
}

/// The standard output of a command that must succeed.
pub fn run<S: AsRef<OsStr>>(words: &[S]) -> Result<String> {
    let shown: Vec<_> = words.iter().map(|word| word.as_ref().to_string_lossy()).collect();
    succeeded(finish(words)?, &shown.join(" "))
}

/// The same, with a text on its standard input.
pub fn run_with_input<S: AsRef<OsStr>>(words: &[S], input: &str) -> Result<String> {
    let mut command = command(words)?;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.as_bytes())?;
    }
    succeeded(finished(&child.wait_with_output()?), &format!("{command:?}"))
}

fn finished(output: &Output) -> Finished {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned();
    Finished { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

fn succeeded(finished: Finished, shown: &str) -> Result<String> {
    if finished.code == Some(0) {
        return Ok(finished.stdout);
    }
    Err(format!("{shown}: exit code {:?}: {}{}", finished.code, finished.stdout, finished.stderr).into())
}
