//! A shell, or one command, inside a service's container: chosen, allowed, started, and in the end ended.

mod end;
mod launcher;
mod open;
mod session;

use std::sync::Arc;

use supervisor_proto::ids::{AppId, ServiceName};

pub use self::session::{Ending, Input, Session};
use crate::{
    ports::exec::{ExecEngine, WindowSize},
    reconcile::Reconciler,
};

/// Most bytes in one piece for the standard input, and of the output.
pub const MAX_PIECE_BYTES: usize = 64 << 10;

/// What is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRequest {
    /// The app.
    pub app: AppId,
    /// The service; `None`: the only one, or else the one called main.
    pub service: Option<ServiceName>,
    /// The program and its arguments; empty: a shell.
    pub command: Vec<String>,
    /// With a terminal.
    pub tty: bool,
    /// The terminal's size.
    pub size: WindowSize,
    /// The value of `TERM`.
    pub term: String,
    /// The device's owner asks, who may do everything.
    pub by_owner: bool,
}

/// What has been opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The service.
    pub service: ServiceName,
    /// The engine's id of the container.
    pub container_id: String,
    /// The program: `bash`, `sh`, or the command's first word.
    pub program: String,
}

/// Opens terminals and runs commands.
pub struct Terminals {
    reconciler: Arc<Reconciler>,
    engine: Arc<dyn ExecEngine>,
}

impl Terminals {
    /// Finds containers with `reconciler`, and starts processes in them with `engine`.
    pub fn new(reconciler: Arc<Reconciler>, engine: Arc<dyn ExecEngine>) -> Self {
        Self { reconciler, engine }
    }
}
