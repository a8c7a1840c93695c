//! Everything that can end this tool, what it is called, and what to do about it.

use std::{error::Error, fmt::Display, io, path::PathBuf};

use supervisor_proto::{
    client::CallError,
    compose::{EnvLineError, Refusals},
    ids::AppId,
    policy::PolicyFileError,
    v1::{ErrorReason, terminal_ended::Reason},
};

/// Why this tool did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Nobody reads the output any more: the end of a pipe such as `| head`.
    #[error("the output was closed")]
    OutputClosed,
    /// The output cannot be written.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
    /// The tool itself cannot start.
    #[error("cannot start")]
    Runtime(#[source] io::Error),
    /// The command line is wrong; the text is clap's.
    #[error("{0}")]
    Usage(String),
    /// `app plan` was given neither an app's id nor a file with an id.
    #[error("{0} is no app id; for a compose file give --app-id too")]
    NeitherIdNorFile(String),
    /// A dangerous verb without a yes.
    #[error("{what} was not confirmed, nothing was done{hint}")]
    NotConfirmed {
        /// What would have been done.
        what: String,
        /// How to confirm where nobody can be asked.
        hint: &'static str,
    },
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of variables cannot be understood.
    #[error("{} cannot be understood", path.display())]
    EnvFile {
        /// The file.
        path: PathBuf,
        /// Which line, and why.
        #[source]
        source: EnvLineError,
    },
    /// The file is larger than any compose file.
    #[error("the compose file is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The largest that is read.
        limit_bytes: usize,
    },
    /// The file is no YAML, or breaks a limit.
    #[error("the compose file is no valid YAML: {0}")]
    Yaml(String),
    /// The file asks for something that is not carried out; one line each.
    #[error("{refusals}")]
    Refused {
        /// All of it.
        refusals: Refusals,
    },
    /// The policy file is not accepted.
    #[error(transparent)]
    Policy(PolicyFileError),
    /// Core did not accept the target that the file stands for.
    #[error("core did not accept the compose file: {message}")]
    TargetRefused {
        /// The field.
        subject: String,
        /// Why.
        message: String,
    },
    /// Nothing gives the app a name.
    #[error("the app has no name: give --name, or write name: in the compose file")]
    NoName,
    /// Core knows no such app.
    #[error("app {0} not found: `supervisor-admin app list` shows the apps")]
    NoSuchApp(AppId),
    /// No frontend has told core a key.
    #[error("no API key is known yet: is supervisor-frontend running?")]
    NoKeyYet,
    /// Core has ended while its events were followed.
    #[error("core has ended, and its events with it: `supervisor-admin doctor` looks whether it is back")]
    CoreEnded,
    /// The socket may not be opened.
    #[error("no permission to open {}: run as root or in ADMIN_GID", socket.display())]
    SocketDenied {
        /// The socket.
        socket: PathBuf,
    },
    /// A shell needs a terminal.
    #[error("app shell needs a terminal: `supervisor-admin app exec {id} -- sh` runs without one")]
    NoTerminal {
        /// The app.
        id: AppId,
    },
    /// The terminal cannot be put into raw mode.
    #[error("cannot set the terminal")]
    Terminal(#[source] io::Error),
    /// A signal came.
    #[error("ended by a signal")]
    Interrupted,
    /// The process in the container did not end by itself.
    #[error("the session ended: {}", ended_because(*.0))]
    TerminalEnded(Reason),
    /// Core did not do it, or cannot be asked.
    #[error("{}", call_message(.0))]
    Call(#[source] CallError),
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unreachable { socket, source } => {
                if io_kind(&source) == Some(io::ErrorKind::PermissionDenied) {
                    Self::SocketDenied { socket }
                } else {
                    Self::Call(CallError::Unreachable { socket, source })
                }
            }
            other => Self::Call(other),
        }
    }
}

impl Failure {
    /// Everything that is wrong with a file, one line each; empty where one sentence says it all.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Refused { refusals } => refusals.iter().map(ToString::to_string).collect(),
            Self::Policy(PolicyFileError::Mistaken { path, mistakes }) => {
                mistakes.iter().map(|mistake| format!("{}: {mistake}", path.display())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The stable word for programs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::OutputClosed | Self::Output(_) => "output-failed",
            Self::Runtime(_) | Self::Terminal(_) => "internal",
            Self::Usage(_) | Self::NeitherIdNorFile(_) | Self::NoTerminal { .. } => "usage",
            Self::File { .. } | Self::Policy(PolicyFileError::Unreadable { .. }) => "file-unreadable",
            Self::Policy(_) => "policy-not-accepted",
            Self::NotConfirmed { .. } => "not-confirmed",
            Self::TooLarge { .. } | Self::Yaml(_) | Self::EnvFile { .. } => "compose-invalid",
            Self::Refused { .. } | Self::TargetRefused { .. } | Self::NoName => "compose-not-accepted",
            Self::NoSuchApp(_) => "app-not-found",
            Self::NoKeyYet => "no-key-yet",
            Self::Interrupted => "interrupted",
            Self::TerminalEnded(_) => "session-ended",
            Self::CoreEnded => "core-ended",
            Self::SocketDenied { .. } => "peer-denied",
            Self::Call(CallError::Unreachable { .. }) => "core-unreachable",
            Self::Call(CallError::ContractMismatch { .. }) => "contract-mismatch",
            Self::Call(CallError::Interrupted(_)) => "outcome-unknown",
            Self::Call(CallError::Refused { reason, .. }) => reason_word(*reason),
        }
    }

    /// What it is about; empty when there is nothing to name.
    pub fn subject(&self) -> String {
        match self {
            Self::File { path, .. } | Self::EnvFile { path, .. } => path.display().to_string(),
            Self::Refused { refusals } => {
                refusals.iter().map(|one| one.path.clone()).next().unwrap_or_default()
            }
            Self::NoSuchApp(id) => id.to_string(),
            Self::SocketDenied { socket } | Self::Call(CallError::Unreachable { socket, .. }) => {
                socket.display().to_string()
            }
            Self::TargetRefused { subject, .. } | Self::Call(CallError::Refused { subject, .. }) => {
                subject.clone()
            }
            _ => String::new(),
        }
    }
}

const fn reason_word(reason: ErrorReason) -> &'static str {
    match reason {
        ErrorReason::InvalidArgument => "invalid-argument",
        ErrorReason::PeerDenied => "peer-denied",
        ErrorReason::AppNotFound => "app-not-found",
        ErrorReason::UpdatesLocked => "updates-locked",
        ErrorReason::EngineUnavailable => "engine-unavailable",
        ErrorReason::EngineRefused => "engine-refused",
        ErrorReason::LogindUnavailable => "logind-unavailable",
        ErrorReason::PowerRefused => "power-refused",
        ErrorReason::StoreUnavailable => "store-unavailable",
        ErrorReason::UnsafePath => "unsafe-path",
        ErrorReason::StillInProgress => "still-in-progress",
        ErrorReason::FrontendAbsent => "frontend-absent",
        ErrorReason::ContractMismatch => "contract-mismatch",
        ErrorReason::ContainerNotRunning => "container-not-running",
        ErrorReason::NoShell => "no-shell",
        ErrorReason::PolicyRefused => "policy-refused",
        ErrorReason::LimitReached => "limit-reached",
        ErrorReason::Unspecified | ErrorReason::Internal => "internal",
    }
}

fn unreachable_message(socket: &dyn Display, kind: Option<io::ErrorKind>) -> String {
    let (what, next) = match kind {
        Some(io::ErrorKind::NotFound) => {
            (format!("there is no socket {socket}"), "start supervisor-core, or name its CORE_SOCKET")
        }
        Some(io::ErrorKind::ConnectionRefused) => {
            (format!("nobody listens on {socket}"), "start supervisor-core, which replaces the stale socket")
        }
        Some(_) | None => (format!("core does not answer on {socket}"), "is supervisor-core running?"),
    };
    format!("{what}: {next} (`supervisor-admin doctor` looks why)")
}

fn call_message(error: &CallError) -> String {
    match error {
        CallError::Unreachable { socket, source } => unreachable_message(&socket.display(), io_kind(source)),
        CallError::Interrupted(_) => {
            format!("{error}, so whether it was done is unknown: `supervisor-admin status` shows the state")
        }
        CallError::ContractMismatch { .. } => error.to_string(),
        CallError::Refused { reason, .. } => match advice(*reason) {
            "" => error.to_string(),
            advice => format!("{error}: {advice}"),
        },
    }
}

const fn advice(reason: ErrorReason) -> &'static str {
    match reason {
        ErrorReason::UpdatesLocked => "--force overrides the lock",
        ErrorReason::PeerDenied => "run as root or in ADMIN_GID",
        ErrorReason::AppNotFound => "`supervisor-admin app list` shows the apps",
        ErrorReason::EngineUnavailable => "is the container engine running?",
        ErrorReason::LogindUnavailable => "is systemd-logind running?",
        ErrorReason::StoreUnavailable => "is the disk full?",
        ErrorReason::StillInProgress => "it goes on; `supervisor-admin status` shows how far it is",
        ErrorReason::FrontendAbsent => "is supervisor-frontend running?",
        ErrorReason::ContractMismatch => "install the same release of both",
        ErrorReason::Internal | ErrorReason::Unspecified => "core's log has the details",
        ErrorReason::ContainerNotRunning => "`supervisor-admin app start` starts it",
        ErrorReason::LimitReached => "close one first",
        ErrorReason::InvalidArgument
        | ErrorReason::EngineRefused
        | ErrorReason::NoShell
        | ErrorReason::PolicyRefused
        | ErrorReason::PowerRefused
        | ErrorReason::UnsafePath => "",
    }
}

/// Why a process in a container ended that did not end by itself.
const fn ended_because(reason: Reason) -> &'static str {
    match reason {
        Reason::ContainerStopped => "the container has stopped",
        Reason::AppRestarted => "the app is being restarted",
        Reason::AppPurged => "the app is being purged",
        Reason::AppUpdated => "the app is being updated",
        Reason::AppStopped => "the app is being stopped",
        Reason::AppRemoved => "the app is being removed",
        Reason::ShuttingDown => "supervisor-core is shutting down",
        Reason::EngineLost => "the container engine went away",
        Reason::Exited | Reason::Unspecified => "core does not say why",
    }
}

/// The operating system's error at the bottom of `error`, if there is one.
pub fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        at = error.source();
    }
    None
}
