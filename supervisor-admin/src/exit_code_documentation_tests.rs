//! The table of exit codes in `docs/admin.md` and what failures end with say the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
};

use supervisor_docs::{ADMIN, rows, words};
use supervisor_proto::{
    client::CallError,
    compose::{parse_env, read_document},
    ids::AppId,
    v1::terminal_ended::Reason,
};
use tonic::{Status, transport::Endpoint};

use super::*;

fn unreachable() -> CallError {
    let source = Endpoint::from_shared("no address").unwrap_err();
    CallError::Unreachable { socket: PathBuf::new(), source }
}

fn refused(reason: ErrorReason) -> Failure {
    Failure::Call(CallError::Refused { reason, subject: String::new(), message: String::new() })
}

/// Every kind of failure; a new one does not compile before [`place`] has it, nor pass before this has it.
fn failures() -> Vec<Failure> {
    let (path, text, io) = (PathBuf::new, String::new, || io::Error::other("x"));
    let id = AppId::parse("7").unwrap();
    let unreadable = PolicyFileError::Unreadable { path: path(), source: io() };
    let reasons = (0..).map_while(|number| ErrorReason::try_from(number).ok());
    let mut all = vec![
        Failure::OutputClosed,
        Failure::Output(io()),
        Failure::Runtime(io()),
        Failure::Usage(text()),
        Failure::NeitherIdNorFile(text()),
        Failure::NotConfirmed { what: text(), hint: "" },
        Failure::File { path: path(), source: io() },
        Failure::EnvFile { path: path(), source: parse_env("=").unwrap_err() },
        Failure::TooLarge { limit_bytes: 1 },
        Failure::Yaml(text()),
        Failure::Refused { refusals: read_document(&serde_json::json!({"odd": 1})).unwrap_err() },
        Failure::Policy(unreadable),
        Failure::TargetRefused { subject: text(), message: text() },
        Failure::NoName,
        Failure::NoSuchApp(id),
        Failure::NoKeyYet,
        Failure::CoreEnded,
        Failure::SocketDenied { socket: path() },
        Failure::NoTerminal { id },
        Failure::Terminal(io()),
        Failure::Interrupted,
        Failure::TerminalEnded(Reason::ContainerStopped),
        Failure::Call(unreachable()),
        Failure::Policy(PolicyFileError::TooLarge(path())),
        Failure::Call(CallError::ContractMismatch { theirs: 1 }),
        Failure::Call(CallError::Interrupted(Box::new(Status::unknown("")))),
    ];
    all.extend(reasons.map(refused));
    all
}

const fn place(failure: &Failure) -> usize {
    match failure {
        Failure::OutputClosed => 0,
        Failure::Output(_) => 1,
        Failure::Runtime(_) => 2,
        Failure::Usage(_) => 3,
        Failure::NeitherIdNorFile(_) => 4,
        Failure::NotConfirmed { .. } => 5,
        Failure::File { .. } => 6,
        Failure::EnvFile { .. } => 7,
        Failure::TooLarge { .. } => 8,
        Failure::Yaml(_) => 9,
        Failure::Refused { .. } => 10,
        Failure::Policy(_) => 11,
        Failure::TargetRefused { .. } => 12,
        Failure::NoName => 13,
        Failure::NoSuchApp(_) => 14,
        Failure::NoKeyYet => 15,
        Failure::CoreEnded => 16,
        Failure::SocketDenied { .. } => 17,
        Failure::NoTerminal { .. } => 18,
        Failure::Terminal(_) => 19,
        Failure::Interrupted => 20,
        Failure::TerminalEnded(_) => 21,
        Failure::Call(_) => 22,
    }
}

#[test]
fn table_has_exactly_the_exit_codes_and_their_reasons() {
    let failures = failures();
    let places: BTreeSet<usize> = failures.iter().map(place).collect();
    assert_eq!(places, (0..places.len()).collect());
    assert_eq!(places.len(), 23);
    // Ends that are no failure have no reason.
    let mut ends: BTreeMap<u8, BTreeSet<&str>> =
        [0, WARNINGS, FAULTS, CHANGES].map(|code| (code, BTreeSet::new())).into();
    for failure in failures.iter().filter(|failure| of_failure(failure) != 0) {
        ends.entry(of_failure(failure)).or_default().insert(failure.reason());
    }
    let documented: BTreeMap<u8, BTreeSet<&str>> = rows(ADMIN, ["code", "meaning", "reasons in `--json`"])
        .into_iter()
        .map(|[code, _, reasons]| (code.parse().unwrap(), words(reasons).into_iter().collect()))
        .collect();
    assert_eq!(documented, ends);
}
