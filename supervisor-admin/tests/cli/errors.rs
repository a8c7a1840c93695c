//! Every way to fail: its exit code, its reason and what it says.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::Path,
    process::Command,
};

use supervisor_proto::v1::ErrorReason;
use tonic::{Code, Status};

use crate::{
    fake_core::FakeCore,
    tool::{command, finish, run},
};

#[test]
fn every_reason_has_its_exit_code_word_and_subject() {
    use ErrorReason as R;
    for (reason, code, word) in [
        (R::InvalidArgument, 64, "invalid-argument"),
        (R::PeerDenied, 77, "peer-denied"),
        (R::AppNotFound, 66, "app-not-found"),
        (R::UpdatesLocked, 75, "updates-locked"),
        (R::EngineUnavailable, 69, "engine-unavailable"),
        (R::EngineRefused, 69, "engine-refused"),
        (R::LogindUnavailable, 69, "logind-unavailable"),
        (R::PowerRefused, 77, "power-refused"),
        (R::StoreUnavailable, 75, "store-unavailable"),
        (R::UnsafePath, 77, "unsafe-path"),
        (R::StillInProgress, 75, "still-in-progress"),
        (R::FrontendAbsent, 69, "frontend-absent"),
        (R::ContractMismatch, 70, "contract-mismatch"),
        (R::Internal, 70, "internal"),
    ] {
        let core = FakeCore::failing(Code::Aborted, reason, "the subject", "the message");
        let run = run(&core.socket(), &["--json", "app", "restart", "2167"]);
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{word}");
        let error = run.error();
        assert_eq!(error["reason"], word);
        assert_eq!(error["subject"], "the subject");
        assert!(error["message"].as_str().unwrap().starts_with("the message"), "{error}");
    }
}

#[test]
fn locked_updates_say_what_overrides_them() {
    let core = FakeCore::failing(Code::Aborted, ErrorReason::UpdatesLocked, "x", "Updates are locked");
    let run = run(&core.socket(), &["app", "restart", "2167"]);
    assert_eq!(run.stderr, "supervisor-admin: Updates are locked: --force overrides the lock\n");
}

#[test]
fn message_with_control_characters_stays_one_line() {
    let core = FakeCore::failing(Code::Internal, ErrorReason::EngineRefused, "", "a\nb\u{1b}[31m");
    let run = run(&core.socket(), &["app", "restart", "2167"]);
    assert_eq!(run.stderr, "supervisor-admin: a b [31m\n");
}

#[test]
fn core_absent_names_the_socket_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("core.sock");
    let expected = |what: &str, next: &str| {
        let socket = socket.display();
        format!("supervisor-admin: {what} {socket}: {next} (`supervisor-admin doctor` looks why)\n")
    };
    let missing = run(&socket, &["status"]);
    assert_eq!(missing.code, 69);
    let next = "start supervisor-core, or name its CORE_SOCKET";
    assert_eq!(missing.stderr, expected("there is no socket", next));
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let stale = run(&socket, &["status"]);
    let next = "start supervisor-core, which replaces the stale socket";
    assert_eq!((stale.code, stale.stderr), (69, expected("nobody listens on", next)));
    let json = run(&socket, &["--json", "status"]);
    assert_eq!(json.error()["reason"], "core-unreachable");
    assert_eq!(json.error()["subject"], socket.to_str().unwrap());
}

#[test]
fn caller_without_a_role_is_told_how_to_get_one() {
    for message in ["this user has no role", "this role may not do that"] {
        let core = FakeCore::failing(Code::PermissionDenied, ErrorReason::PeerDenied, "", message);
        let run = run(&core.socket(), &["app", "list"]);
        let expected = format!("supervisor-admin: {message}: run as root or in ADMIN_GID\n");
        assert_eq!((run.code, run.stderr), (77, expected));
    }
}

#[test]
fn socket_that_may_not_be_opened_is_not_allowed() {
    let core = FakeCore::start();
    fs::set_permissions(core.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(core.socket(), fs::Permissions::from_mode(0o600)).unwrap();
    let tool = reachable_tool(core.folder());
    let mut command = Command::new(tool);
    command.arg("status").env_clear().env("CORE_SOCKET", core.socket());
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    } else {
        fs::set_permissions(core.socket(), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let run = finish(command);
    assert_eq!(run.code, 77, "{run:?}");
    assert!(run.stderr.contains("no permission to open"), "{run:?}");
    assert!(run.stderr.contains("run as root or in ADMIN_GID"), "{run:?}");
}

/// The build folder may lie where another user cannot reach it. Another program copies: a file that this one
/// has open for writing at the moment another test forks cannot be run ("text file busy").
pub fn reachable_tool(folder: &Path) -> std::path::PathBuf {
    let copy = folder.join("supervisor-admin");
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_supervisor-admin")).arg(&copy).status();
    assert!(copied.unwrap().success());
    copy
}

#[test]
fn core_of_another_contract_is_refused() {
    let core = FakeCore::start_with(|script| script.contract_version = 2);
    let run = run(&core.socket(), &["--json", "app", "list"]);
    assert_eq!(run.code, 70);
    assert_eq!(run.error()["reason"], "contract-mismatch");
    assert!(core.script().calls.is_empty());
}

#[test]
fn answer_that_never_ends_properly_leaves_the_outcome_unknown() {
    let core = FakeCore::start_with(|script| script.fail = Some(Status::unavailable("gone")));
    let run = run(&core.socket(), &["--json", "reboot", "-y"]);
    assert_eq!(run.code, 69);
    let error = run.error();
    assert_eq!(error["reason"], "outcome-unknown");
    assert!(error["message"].as_str().unwrap().contains("unknown"), "{error}");
}

#[test]
fn wrong_usage_is_64() {
    for words in [
        &["app", "show", "007"][..],
        &["app", "show", "-1"],
        &["app", "show", "../../etc"],
        &["app", "show", "12345678901234567890123"],
        &["app", "restart", "1", "--service", "../x"],
        &["app", "logs", "1", "--tail", "-3"],
        &["tcp-ping", "maybe"],
        &["app", "apply", "x", "--app-id", "1", "--name", ""],
        &["status", "--log", "core=loud"],
        &["status", "--log", "a=b=c"],
        &["frobnicate"],
        &[],
    ] {
        let run = run("/nowhere".as_ref(), words);
        assert_eq!((run.code, run.stdout.as_str()), (64, ""), "{words:?} {run:?}");
        assert!(!run.stderr.is_empty());
    }
}

#[test]
fn wrong_usage_in_json_is_an_error_object() {
    let run = run("/nowhere".as_ref(), &["--json", "app", "show", "0"]);
    assert_eq!(run.code, 64);
    assert_eq!(run.error()["reason"], "usage");
}

#[test]
fn closed_output_is_a_silent_success() {
    let core = FakeCore::start();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = command(&core.socket(), &["status"]);
    command.stdout(writer).stderr(std::process::Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
}

#[test]
fn output_on_a_full_disk_is_reported() {
    let core = FakeCore::start();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = command(&core.socket(), &["status"]);
    command.stdout(full).stderr(std::process::Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(70));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot write the output"));
}
