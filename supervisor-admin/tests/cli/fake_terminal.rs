//! The fake core's terminals: each writes what the script says, repeats what it reads, and ends at the end of
//! input or at a `q`.

use supervisor_proto::v1::{
    TerminalInput, TerminalOpened, TerminalOutput, terminal_input::Input, terminal_output::Output,
    terminal_server::Terminal,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::fake_core::{Answer, Service};

type Sender = mpsc::Sender<Result<TerminalOutput, Status>>;

async fn say(sender: &Sender, output: Output) {
    // The tool may have gone.
    let _ = sender.send(Ok(TerminalOutput { output: Some(output) })).await;
}

impl Service {
    async fn play(self, mut inputs: Streaming<TerminalInput>, sender: Sender) {
        let opened = TerminalOpened { service: "main".to_owned(), ..TerminalOpened::default() };
        say(&sender, Output::Opened(opened)).await;
        let (outputs, end) = {
            let script = self.0.lock().unwrap();
            (script.terminal.clone(), script.terminal_end)
        };
        for output in outputs {
            say(&sender, output).await;
        }
        while let Ok(Some(input)) = inputs.message().await {
            match input.input.unwrap() {
                Input::Open(open) => self.0.lock().unwrap().terminal_opened = Some(open),
                Input::Resize(size) => self.0.lock().unwrap().resized.push(size),
                Input::EndOfInput(_) => break,
                Input::Data(bytes) => {
                    self.0.lock().unwrap().typed.extend_from_slice(&bytes);
                    if bytes.ends_with(b"q") {
                        break;
                    }
                    say(&sender, Output::Data(bytes)).await;
                }
            }
        }
        say(&sender, Output::Ended(end)).await;
    }
}

#[tonic::async_trait]
impl Terminal for Service {
    type AttachStream = ReceiverStream<Result<TerminalOutput, Status>>;

    async fn attach(&self, request: Request<Streaming<TerminalInput>>) -> Answer<Self::AttachStream> {
        drop(self.heard("attach", &request)?);
        let (sender, receiver) = mpsc::channel(4);
        tokio::spawn(self.clone().play(request.into_inner(), sender));
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}
