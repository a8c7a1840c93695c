//! Runs the tool.

use std::{
    io::{Read as _, Seek as _, Write as _},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use serde_json::Value;

/// How one run ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Stdout as one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The `error` object on stderr.
    pub fn error(&self) -> Value {
        let mut body: Value =
            serde_json::from_str(&self.stderr).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        body["error"].take()
    }
}

/// A command with a clean environment.
pub fn command(socket: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supervisor-admin"));
    command.args(words).env_clear().env("CORE_SOCKET", socket).stdin(Stdio::null());
    command
}

/// Runs without a terminal.
pub fn run(socket: &Path, words: &[&str]) -> Run {
    finish(command(socket, words))
}

/// Runs a prepared command to its end.
pub fn finish(mut command: Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs with `input` on stdin.
pub fn run_with_input(socket: &Path, words: &[&str], input: &[u8]) -> Run {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input).unwrap();
    file.rewind().unwrap();
    let mut command = command(socket, words);
    command.stdin(file);
    finish(command)
}

/// A frontend that answers one request with this body, on a port of its own; what it was asked comes of its thread.
pub fn frontend(body: &'static str) -> (u32, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answering = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            asked.extend(byte);
        }
        let length = body.len();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        String::from_utf8(asked).unwrap()
    });
    (port.into(), answering)
}
