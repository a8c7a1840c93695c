//! Processes in running containers: `/containers/{id}/exec` and `/exec/…`.
//! <https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Exec>

use std::{collections::VecDeque, io};

use futures_util::stream::{self, BoxStream, StreamExt};
use hyper014::Method;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::{
    answers::Created,
    frames::Frames,
    path::{Query, segment},
    refusal::is_process_absent,
    transport::{Call, QUICK, Transport},
};
use crate::{
    domain::observed::ContainerId,
    ports::{
        engine::{EngineError, Output},
        exec::{Command, Exec, ExecId, ExecState, WindowSize},
    },
};

/// Creates and starts a process and takes over the connection.
pub async fn start(
    transport: &Transport,
    container: &ContainerId,
    command: &Command,
) -> Result<Exec, EngineError> {
    let path = format!("/containers/{}/exec", segment(&container.0));
    let body = json!({
        "AttachStdin": true,
        "AttachStdout": true,
        "AttachStderr": true,
        "Tty": command.tty,
        "Cmd": command.words,
        "Env": command.environment,
    });
    let call = Call::new(Method::POST, path, "prepare a process in a container").json(body);
    let created: Created = transport.get(call, QUICK).await?;
    let path = format!("/exec/{}/start", segment(&created.id));
    let call = Call::new(Method::POST, path, "start a process in a container")
        .json(json!({ "Detach": false, "Tty": command.tty }));
    let duplex = transport.upgrade(call).await?;
    let output = outputs(duplex.output, if command.tty { None } else { Some(Frames::default()) });
    Ok(Exec { id: ExecId(created.id), input: duplex.input, output })
}

/// A terminal's bytes as they are; without one they come in frames.
fn outputs(
    pieces: mpsc::Receiver<io::Result<Vec<u8>>>,
    frames: Option<Frames>,
) -> BoxStream<'static, Result<Output, EngineError>> {
    let reader = Reader { pieces, frames, ready: VecDeque::new() };
    stream::unfold(reader, |mut reader| async { reader.next().await.map(|item| (item, reader)) }).boxed()
}

struct Reader {
    pieces: mpsc::Receiver<io::Result<Vec<u8>>>,
    frames: Option<Frames>,
    ready: VecDeque<Output>,
}

impl Reader {
    async fn next(&mut self) -> Option<Result<Output, EngineError>> {
        loop {
            if let Some(output) = self.ready.pop_front() {
                return Some(Ok(output));
            }
            match (self.pieces.recv().await?, &mut self.frames) {
                (Ok(bytes), None) => return Some(Ok(Output { is_stderr: false, bytes })),
                (Ok(bytes), Some(frames)) => self.ready.extend(frames.push(&bytes)),
                (Err(error), _) => return Some(Err(EngineError::Unavailable(Box::new(error)))),
            }
        }
    }
}

/// `POST /exec/{id}/resize`.
pub async fn resize(transport: &Transport, exec: &ExecId, size: WindowSize) -> Result<(), EngineError> {
    let query = Query::new().add("h", &size.rows.to_string()).add("w", &size.columns.to_string());
    let path = format!("/exec/{}/resize{query}", segment(&exec.0));
    transport.call(Call::new(Method::POST, path, "resize a terminal"), QUICK).await.map(drop)
}

/// `GET /exec/{id}/json`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Inspected {
    running: bool,
    exit_code: Option<i64>,
}

/// Whether it runs, and if not its exit code. Podman says -1 where it knows none, and 500 for a process that went
/// with its container while it was looked for.
pub async fn state(transport: &Transport, exec: &ExecId) -> Result<ExecState, EngineError> {
    let path = format!("/exec/{}/json", segment(&exec.0));
    let asked = transport.get(Call::new(Method::GET, path, "inspect a process"), QUICK).await;
    let found: Inspected = asked.map_err(|error| match error {
        EngineError::Refused { action, message, .. } if is_process_absent(&message) => {
            EngineError::Refused { action, status: 404, message }
        }
        other => other,
    })?;
    Ok(match found.exit_code {
        Some(code) if !found.running => ExecState::Ended(u32::try_from(code & 0xff).unwrap_or(u32::MAX)),
        Some(_) | None => ExecState::Running,
    })
}
