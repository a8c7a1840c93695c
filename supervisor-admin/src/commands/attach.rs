//! A process in a container, from the inputs' side and the outputs' side; `app shell` and `app exec` share it.

use std::{
    io::{self, Read as _},
    thread,
};

use supervisor_proto::{
    client::{CallError, Streaming},
    v1::{
        EndOfInput, OpenTerminal, TerminalEnded, TerminalInput, TerminalOutput, WindowSize,
        terminal_ended::Reason, terminal_input::Input, terminal_output,
    },
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::Session;
use crate::failure::Failure;

/// Inputs that may wait for core.
const QUEUE_DEPTH: usize = 4;
/// Most bytes of standard input in one message.
const READ_BYTES: usize = 32 << 10;

/// An open process. Dropping it ends the process.
pub(super) struct Attached {
    inputs: mpsc::Sender<TerminalInput>,
    outputs: Streaming<TerminalOutput>,
}

impl Attached {
    /// Opens; returns when the process runs.
    pub(super) async fn open(session: &Session<'_>, open: OpenTerminal) -> Result<Self, Failure> {
        let (inputs, waiting) = mpsc::channel(QUEUE_DEPTH);
        // There is room for it, and the receiver is here.
        drop(inputs.try_send(TerminalInput { input: Some(Input::Open(open)) }));
        let inputs_stream = ReceiverStream::new(waiting);
        let outputs = session.client.attach_terminal(inputs_stream, &session.request_id).await?;
        Ok(Self { inputs, outputs })
    }

    /// Sends what comes on standard input, and with `end` its end. A thread of its own reads, since a read
    /// cannot be called off; the process's end takes it along.
    pub(super) fn send_stdin(&self, end: bool) {
        let inputs = self.inputs.clone();
        thread::spawn(move || {
            let mut stdin = io::stdin();
            let mut buffer = vec![0; READ_BYTES];
            loop {
                let input = match stdin.read(&mut buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Ok(0) | Err(_) if end => Input::EndOfInput(EndOfInput {}),
                    Ok(0) | Err(_) => return,
                    Ok(length) => Input::Data(buffer.get(..length).unwrap_or_default().to_vec()),
                };
                let is_last = matches!(input, Input::EndOfInput(_));
                if inputs.blocking_send(TerminalInput { input: Some(input) }).is_err() || is_last {
                    return;
                }
            }
        });
    }

    /// Tells the terminal's new size; one that finds no room is followed by another.
    pub(super) fn resize(&self, size: WindowSize) {
        drop(self.inputs.try_send(TerminalInput { input: Some(Input::Resize(size)) }));
    }

    /// What the process writes next, or how it ended.
    pub(super) async fn next(&mut self) -> Result<terminal_output::Output, Failure> {
        loop {
            let next = self.outputs.message().await.map_err(CallError::from)?;
            let Some(TerminalOutput { output }) = next else {
                return Err(Failure::TerminalEnded(Reason::Unspecified));
            };
            match output {
                Some(terminal_output::Output::Opened(_)) | None => {}
                Some(output) => return Ok(output),
            }
        }
    }
}

/// The process's own exit code; any other end is a failure.
pub(super) fn exit_code(ended: TerminalEnded) -> Result<u8, Failure> {
    match (ended.reason(), ended.exit_code) {
        (Reason::Exited, Some(code)) => Ok(u8::try_from(code).unwrap_or(u8::MAX)),
        (reason, _) => Err(Failure::TerminalEnded(reason)),
    }
}
