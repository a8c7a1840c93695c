//! Processes that are started in running containers, as far as core needs them.

use std::num::NonZeroU16;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;

use super::engine::{EngineError, Output};
use crate::domain::{confinement::Confinement, observed::ContainerId};

/// The engine's id of a started process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecId(pub String);

/// A terminal's size in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowSize {
    /// Lines.
    pub rows: NonZeroU16,
    /// Characters in a line.
    pub columns: NonZeroU16,
}

/// What is to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// `NAME=value`, over the container's own.
    pub environment: Vec<String>,
    /// On a terminal of its own: one output, and echo.
    pub tty: bool,
}

/// A started process. Dropping it ends the connection, but not the process: the engine has no call for that.
pub struct Exec {
    /// The engine's id.
    pub id: ExecId,
    /// Its standard input, bounded; dropping it is the end of input.
    pub input: mpsc::Sender<Vec<u8>>,
    /// What it writes; ends with the process or with the engine. What is not read here is not read from
    /// the engine, so that the process waits.
    pub output: BoxStream<'static, Result<Output, EngineError>>,
}

/// What became of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecState {
    /// It runs, or is being started.
    Running,
    /// It has ended with this exit code, 0 to 255; 128 and the signal's number when one ended it.
    Ended(u32),
}

/// One life of a container, from a start to a stop: tells it from the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life(pub String);

/// <https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Exec>
#[async_trait]
pub trait ExecEngine: Send + Sync {
    /// Starts a process with the container's own user and folder. A program that is not there is no error
    /// on every engine: the output may end at once, with the engine's complaint in it.
    async fn exec(&self, container: &ContainerId, command: &Command) -> Result<Exec, EngineError>;

    /// Changes the size of a process's terminal.
    async fn resize(&self, exec: &ExecId, size: WindowSize) -> Result<(), EngineError>;

    /// What became of a process.
    async fn exec_state(&self, exec: &ExecId) -> Result<ExecState, EngineError>;

    /// The present life of the container; `None` when it does not run, or is gone.
    async fn life(&self, container: &ContainerId) -> Result<Option<Life>, EngineError>;

    /// What the container may do beyond its own walls.
    async fn confinement(&self, container: &ContainerId) -> Result<Confinement, EngineError>;
}
