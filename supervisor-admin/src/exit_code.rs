//! The one map from what went wrong to the exit code. `--help` documents the numbers, which are
//! those of `sysexits.h`.

use supervisor_proto::{client::CallError, policy::PolicyFileError, v1::ErrorReason};

use crate::failure::Failure;

/// `doctor`: something works, but somebody should know.
pub const WARNINGS: u8 = 1;
/// `doctor`: something does not work.
pub const FAULTS: u8 = 2;
/// `app plan --exit-code`: there is something to do.
pub const CHANGES: u8 = 2;
/// Wrong usage or bad input.
pub const USAGE: u8 = 64;
/// The compose or policy file was not accepted.
pub const DATA: u8 = 65;
/// No such app, service or file.
pub const NOT_FOUND: u8 = 66;
/// Core, the engine, logind or the frontend is not available.
pub const UNAVAILABLE: u8 = 69;
/// A failure inside core or this tool.
pub const INTERNAL: u8 = 70;
/// Try again later.
pub const TRY_LATER: u8 = 75;
/// Not allowed.
pub const NOT_ALLOWED: u8 = 77;

/// The exit code of a failure.
pub fn of_failure(failure: &Failure) -> u8 {
    match failure {
        Failure::OutputClosed => 0,
        Failure::Usage(_)
        | Failure::NoTerminal { .. }
        | Failure::NeitherIdNorFile(_)
        | Failure::NotConfirmed { .. } => USAGE,
        Failure::File { .. }
        | Failure::Policy(PolicyFileError::Unreadable { .. })
        | Failure::NoSuchApp(_)
        | Failure::NoKeyYet => NOT_FOUND,
        Failure::Policy(_)
        | Failure::Yaml(_)
        | Failure::EnvFile { .. }
        | Failure::Refused { .. }
        | Failure::TargetRefused { .. }
        | Failure::TooLarge { .. }
        | Failure::NoName => DATA,
        Failure::SocketDenied { .. } => NOT_ALLOWED,
        Failure::Call(error) => of_call(error),
        Failure::CoreEnded | Failure::Interrupted | Failure::TerminalEnded(_) => UNAVAILABLE,
        Failure::Output(_) | Failure::Runtime(_) | Failure::Terminal(_) => INTERNAL,
    }
}

fn of_call(error: &CallError) -> u8 {
    match error {
        CallError::Unreachable { .. } | CallError::Interrupted(_) => UNAVAILABLE,
        CallError::ContractMismatch { .. } => INTERNAL,
        CallError::Refused { reason, .. } => of_reason(*reason),
    }
}

/// The exit code of a reason that core gave.
pub const fn of_reason(reason: ErrorReason) -> u8 {
    match reason {
        ErrorReason::InvalidArgument => USAGE,
        ErrorReason::AppNotFound => NOT_FOUND,
        ErrorReason::EngineUnavailable
        | ErrorReason::EngineRefused
        | ErrorReason::LogindUnavailable
        | ErrorReason::ContainerNotRunning
        | ErrorReason::NoShell
        | ErrorReason::FrontendAbsent => UNAVAILABLE,
        ErrorReason::Unspecified | ErrorReason::ContractMismatch | ErrorReason::Internal => INTERNAL,
        ErrorReason::UpdatesLocked
        | ErrorReason::StillInProgress
        | ErrorReason::StoreUnavailable
        | ErrorReason::LimitReached => TRY_LATER,
        ErrorReason::PeerDenied
        | ErrorReason::PowerRefused
        | ErrorReason::UnsafePath
        | ErrorReason::PolicyRefused => NOT_ALLOWED,
    }
}

#[cfg(test)]
#[path = "exit_code_documentation_tests.rs"]
mod documentation_tests;
