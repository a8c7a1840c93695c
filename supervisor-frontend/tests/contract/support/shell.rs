//! The fake core's terminals: the test is the shell.

use std::pin::Pin;

use supervisor_proto::v1::{
    OpenTerminal, TerminalEnded, TerminalInput, TerminalOpened, TerminalOutput, WindowSize,
    terminal_ended::Reason, terminal_input::Input, terminal_output::Output, terminal_server::Terminal,
};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::{core::Shared, http::PATIENCE};

/// A shell that the frontend opened.
pub struct Shell {
    pub open: OpenTerminal,
    inputs: Streaming<TerminalInput>,
    outputs: mpsc::Sender<Result<TerminalOutput, Status>>,
}

impl Shell {
    /// The next input; `None` when the frontend has ended the stream.
    pub async fn input(&mut self) -> Option<Input> {
        let input = timeout(PATIENCE, self.inputs.message()).await.expect("no input");
        input.ok().flatten().map(|input| input.input.unwrap())
    }

    /// What was typed, as far as it is `length` bytes.
    pub async fn typed(&mut self, length: usize) -> Vec<u8> {
        let mut typed = vec![];
        while typed.len() < length {
            match self.input().await {
                Some(Input::Data(bytes)) => typed.extend(bytes),
                Some(Input::Resize(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        typed
    }

    /// The next change of size; what is typed meanwhile is lost.
    pub async fn resized(&mut self) -> (u32, u32) {
        loop {
            match self.input().await {
                Some(Input::Resize(WindowSize { rows, columns })) => return (rows, columns),
                Some(Input::Data(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Whether the frontend ended the stream.
    pub async fn is_ended(&mut self) -> bool {
        while self.input().await.is_some() {}
        true
    }

    pub async fn opened(&self) {
        let opened =
            TerminalOpened { service: "main".into(), container_id: "c".repeat(64), command: "bash".into() };
        self.put(Output::Opened(opened)).await;
    }

    pub async fn write(&self, bytes: impl Into<Vec<u8>>) {
        self.put(Output::Data(bytes.into())).await;
    }

    pub async fn end(&self, reason: Reason, exit_code: Option<u32>) {
        self.put(Output::Ended(TerminalEnded { reason: reason.into(), exit_code })).await;
    }

    async fn put(&self, output: Output) {
        // The frontend may have left.
        let _ = self.outputs.send(Ok(TerminalOutput { output: Some(output) })).await;
    }
}

#[async_trait]
impl Terminal for Shared {
    type AttachStream = Pin<Box<dyn Stream<Item = Result<TerminalOutput, Status>> + Send>>;

    async fn attach(
        &self,
        request: Request<Streaming<TerminalInput>>,
    ) -> Result<Response<Self::AttachStream>, Status> {
        let mut inputs = request.into_inner();
        let Some(Input::Open(open)) = inputs.message().await?.and_then(|input| input.input) else {
            return Err(Status::invalid_argument("not opened"));
        };
        self.fail()?;
        let (outputs, stream) = mpsc::channel(4);
        let _ = self.shells.send(Shell { open, inputs, outputs });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}
