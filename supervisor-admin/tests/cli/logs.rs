//! `app logs`.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use serde_json::{Value, json};
use supervisor_proto::v1::{LogChunk, log_chunk::Stream};

use crate::{
    fake_core::FakeCore,
    tool::{command, run},
};

fn core() -> FakeCore {
    let chunk = |stream: Stream, data: &[u8]| LogChunk { stream: stream.into(), data: data.to_vec() };
    FakeCore::start_with(|script| {
        script.logs = vec![
            chunk(Stream::Stdout, b"one\ntw\xc3"),
            chunk(Stream::Stderr, b"bad\n"),
            chunk(Stream::Stdout, b"\xb6\r\nend"),
        ];
    })
}

#[test]
fn logs_as_text_keep_bytes_and_streams() {
    let core = core();
    let run = run(&core.socket(), &["app", "logs", "2167", "--service", "web", "--tail", "5"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "one\ntwö\r\nend", "bad\n"));
    let asked = core.script().logs_asked.clone().unwrap();
    assert_eq!((asked.app_id, asked.service.as_str()), (2167, "web"));
    assert_eq!((asked.follow, asked.tail_lines), (false, Some(5)));
}

#[test]
fn logs_as_json_are_one_object_per_line() {
    let core = core();
    let run = run(&core.socket(), &["--json", "app", "logs", "2167"]);
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = [
        json!({"stream": "stdout", "line": "one"}),
        json!({"stream": "stderr", "line": "bad"}),
        json!({"stream": "stdout", "line": "twö"}),
        json!({"stream": "stdout", "line": "end"}),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn logs_with_times_since_then_are_asked_for_and_times_stand_apart_in_json() {
    let chunk = |data: &[u8]| LogChunk { stream: Stream::Stdout.into(), data: data.to_vec() };
    let core = FakeCore::start_with(|script| {
        script.logs = vec![chunk(b"2026-11-24T16:00:00.5Z one two\n2026-11-24T16:00:01Z \n")];
    });
    let asks = ["--json", "app", "logs", "2167", "--timestamps", "--since", "2023-11-14T22:13:20Z"];
    let run = run(&core.socket(), &asks);
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = [
        json!({"stream": "stdout", "time": "2026-11-24T16:00:00.5Z", "line": "one two"}),
        json!({"stream": "stdout", "time": "2026-11-24T16:00:01Z", "line": ""}),
    ];
    assert_eq!(lines, expected);
    let asked = core.script().logs_asked.clone().unwrap();
    assert_eq!((asked.timestamps, asked.since_ms), (true, Some(1_700_000_000_000)));
}

#[test]
fn logs_that_follow_arrive_before_the_end() {
    let core = core();
    let mut command = command(&core.socket(), &["app", "logs", "2167", "-f"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "one\n");
    assert_eq!(child.try_wait().unwrap(), None);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(core.script().logs_asked.as_ref().unwrap().follow);
}
