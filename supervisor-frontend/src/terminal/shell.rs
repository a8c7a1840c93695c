//! The shell's side of a terminal: one stream of core's, on a connection of its own, so that output which
//! waits for a tab holds back no other call.

use std::sync::Arc;

use futures_util::stream;
use supervisor_proto::{
    client::{CallError, CoreClient},
    v1::{OpenTerminal, TerminalInput, TerminalOutput, terminal_input::Input, terminal_output::Output},
};
use tokio::sync::mpsc;
use tonic::Streaming;

use super::{ending::Ending, frame::Size, session::Session};
use crate::{
    answer::{self, Action},
    error_chain::chain,
};

const CLIENT_NAME: &str = concat!("supervisor-frontend-terminal/", env!("CARGO_PKG_VERSION"));
const TERM: &str = "xterm-256color";

/// Opens the shell and passes its output on until it ends. Dropped, it ends the shell.
pub(super) async fn run(session: Arc<Session>, inputs: mpsc::Receiver<Input>, size: Option<Size>) {
    let identity = &session.identity;
    let core = CoreClient::new(session.core_socket(), CLIENT_NAME);
    let open = Input::Open(OpenTerminal {
        app_id: identity.app.get(),
        service: identity.service.clone(),
        command: Vec::new(),
        tty: true,
        size: size.map(Into::into),
        term: TERM.to_owned(),
    });
    match core.attach_terminal(messages(open, inputs), &identity.id).await {
        Ok(outputs) => follow(&session, outputs).await,
        Err(error) => refuse(&session, &error),
    }
}

fn messages(
    open: Input,
    inputs: mpsc::Receiver<Input>,
) -> impl futures_util::Stream<Item = TerminalInput> + Send + 'static {
    stream::unfold((Some(open), inputs), |(open, mut inputs)| async move {
        let next = match open {
            Some(open) => Some(open),
            None => inputs.recv().await,
        };
        next.map(|input| (TerminalInput { input: Some(input) }, (None, inputs)))
    })
}

fn refuse(session: &Session, error: &CallError) {
    let (_, message) = answer::explain(Action::Terminal, error);
    log::warn!("terminal not opened app_id={} error='{}'", session.identity.app, chain(error));
    session.refused(message);
}

async fn follow(session: &Session, mut outputs: Streaming<TerminalOutput>) {
    let mut is_open = false;
    loop {
        match outputs.message().await {
            Ok(Some(TerminalOutput { output })) => match output {
                Some(Output::Opened(opened)) => {
                    is_open = true;
                    session.opened(opened.service, opened.command);
                }
                Some(Output::Data(bytes) | Output::Stderr(bytes)) => {
                    session.append(&bytes);
                    session.until_followed().await;
                }
                Some(Output::Ended(ended)) => return session.end(ended.reason().into(), ended.exit_code),
                None => {}
            },
            Ok(None) => return session.end(Ending::CoreLost, None),
            // Core may say only now why it cannot be opened.
            Err(status) if !is_open => return refuse(session, &status.into()),
            Err(status) => {
                log::warn!("terminal broke app_id={} error='{}'", session.identity.app, chain(&status));
                return session.end(Ending::CoreLost, None);
            }
        }
    }
}
