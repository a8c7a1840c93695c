//! The engine's own work, over its socket.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    time::Duration,
};

use serde_json::Value;
use supervisor_tests::Result;

const SOCKET: &str = "/var/run/docker.sock";
const PATIENCE: Duration = Duration::from_mins(1);
const PREFIX: &str = "/v1.41";

/// One call, without the cost of its command line.
pub fn engine(method: &str, path: &str, body: &Value) -> Result<()> {
    engine_with(method, path, "", body)
}

/// The same with more lines of the head, each with its end.
pub fn engine_with(method: &str, path: &str, headers: &str, body: &Value) -> Result<()> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut stream = UnixStream::connect(SOCKET)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = format!(
        "{method} {PREFIX}{path} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n{headers}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 2") { Ok(()) } else { Err(format!("{method} {path}: {answer}").into()) }
}
