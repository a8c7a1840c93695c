//! `app exec`.

use std::io::Write as _;

use supervisor_proto::v1::{ErrorReason, TerminalEnded, terminal_ended::Reason, terminal_output::Output};
use tonic::Code;

use crate::{
    fake_core::FakeCore,
    tool::{command, run, run_with_input},
};

fn ended(reason: Reason, exit_code: Option<u32>) -> TerminalEnded {
    TerminalEnded { reason: reason.into(), exit_code }
}

#[test]
fn exec_passes_input_outputs_and_exit_code_on() {
    let core = FakeCore::start_with(|script| {
        script.terminal = vec![Output::Stderr(b"warning\n".to_vec()), Output::Data(b"first ".to_vec())];
        script.terminal_end = ended(Reason::Exited, Some(5));
    });
    let words = ["app", "exec", "2167", "--service", "web", "--", "cat", "--", "-v"];
    let run = run_with_input(&core.socket(), &words, b"input");
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (5, "first input", "warning\n"));
    let opened = core.script().terminal_opened.clone().unwrap();
    assert_eq!((opened.app_id, opened.service.as_str(), opened.tty), (2167, "web", false));
    assert_eq!(opened.command, ["cat", "--", "-v"]);
}

#[test]
fn exec_passes_every_byte_on() {
    let core = FakeCore::start();
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| u8::try_from(number % 251).unwrap()).collect();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let mut command = command(&core.socket(), &["app", "exec", "2167", "--", "cat"]);
    let output = command.stdin(file).output().unwrap();
    assert!(output.stdout == bytes, "{} bytes", output.stdout.len());
}

#[test]
fn exec_that_ends_for_another_reason_says_which() {
    let core = FakeCore::start_with(|script| script.terminal_end = ended(Reason::AppPurged, None));
    let text = run(&core.socket(), &["app", "exec", "2167", "--", "true"]);
    assert_eq!(text.code, 69);
    assert!(text.stderr.contains("purged"), "{}", text.stderr);
    let json = run(&core.socket(), &["--json", "app", "exec", "2167", "--", "true"]);
    assert_eq!((json.code, &json.error()["reason"]), (69, &"session-ended".into()));
}

#[test]
fn exec_that_is_refused_has_its_reason_and_exit_code() {
    for (code, reason, exit) in [
        (Code::FailedPrecondition, ErrorReason::ContainerNotRunning, 69),
        (Code::FailedPrecondition, ErrorReason::NoShell, 69),
        (Code::FailedPrecondition, ErrorReason::LimitReached, 75),
        (Code::PermissionDenied, ErrorReason::PolicyRefused, 77),
    ] {
        let core = FakeCore::failing(code, reason, "main", "no");
        assert_eq!(run(&core.socket(), &["app", "exec", "2167", "--", "true"]).code, exit, "{reason:?}");
    }
}

#[test]
fn exec_without_a_command_is_wrong_usage() {
    let core = FakeCore::start();
    assert_eq!(run(&core.socket(), &["app", "exec", "2167"]).code, 64);
    assert_eq!(run(&core.socket(), &["app", "exec", "2167", "true"]).code, 64);
    assert!(core.script().calls.is_empty());
}
