//! `supervisor.core.v1.Terminal`.

use std::{num::NonZeroU16, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt as _, stream::BoxStream};
use supervisor_proto::{
    ids::{AppId, ServiceName},
    v1::{
        OpenTerminal, TerminalEnded, TerminalInput, TerminalOpened, TerminalOutput, WindowSize as WireSize,
        terminal_ended::Reason, terminal_input, terminal_output, terminal_server::Terminal,
    },
};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::{audit::TerminalLines, gate::Caller, roles::Role, status::to_status};
use crate::{
    actions::terminal::{Ending, Input, OpenRequest, Opened, Session, Terminals},
    domain::departure::Departure,
    error::CoreError,
    ports::{engine::Output, exec::WindowSize},
};

/// How long a caller may take to say what it wants.
const OPENING_DEADLINE: Duration = Duration::from_secs(10);
/// Pieces of output that may wait for the caller.
const OUTPUT_DEPTH: usize = 4;
/// How long a caller may take to read why its terminal has ended.
const FAREWELL_DEADLINE: Duration = Duration::from_secs(2);

const DEFAULT_TERM: &str = "xterm-256color";
const DEFAULT_SIZE: WireSize = WireSize { rows: 24, columns: 80 };

/// The service.
pub struct TerminalService {
    /// What it serves.
    pub terminals: Arc<Terminals>,
}

type Answer = Result<TerminalOutput, Status>;

#[tonic::async_trait]
impl Terminal for TerminalService {
    type AttachStream = BoxStream<'static, Answer>;

    async fn attach(
        &self,
        request: Request<Streaming<TerminalInput>>,
    ) -> Result<Response<Self::AttachStream>, Status> {
        let caller = request.extensions().get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| Status::permission_denied("the caller is not known"))?;
        let mut inputs = request.into_inner();
        let first = tokio::time::timeout(OPENING_DEADLINE, inputs.message());
        let first = first.await.map_err(|_| Status::deadline_exceeded("nothing was opened"))??;
        let wanted = first_input(first, caller.role).map_err(|error| to_status(&error))?;
        let (answers, stream) = mpsc::channel(OUTPUT_DEPTH);
        let (opened, opening) = oneshot::channel();
        let lines = TerminalLines::new(caller, wanted.app.get());
        let terminals = Arc::clone(&self.terminals);
        // A task of its own: the process is ended also when the caller goes while it is being started.
        tokio::spawn(async move {
            match open(&terminals, &wanted, lines).await {
                Ok((session, lines)) => {
                    // Nobody there is what the session sees next.
                    drop(opened.send(Ok(())));
                    serve(session, inputs, answers, lines).await;
                }
                Err(status) => drop(opened.send(Err(status))),
            }
        });
        opening.await.unwrap_or_else(|_| Err(to_status(&CoreError::ShuttingDown)))?;
        Ok(Response::new(ReceiverStream::new(stream).boxed()))
    }
}

async fn open(
    terminals: &Terminals,
    wanted: &OpenRequest,
    mut lines: TerminalLines,
) -> Result<(Session, TerminalLines), Status> {
    match terminals.open(wanted).await {
        Ok(session) => {
            lines.opened(session.opened());
            Ok((session, lines))
        }
        Err(error) => {
            let status = to_status(&error);
            lines.refused(&status);
            Err(status)
        }
    }
}

/// Passes everything on until an end comes, tells it, and ends the process.
async fn serve(
    mut session: Session,
    inputs: impl Stream<Item = Result<TerminalInput, Status>> + Send,
    answers: mpsc::Sender<Answer>,
    lines: TerminalLines,
) {
    let inputs = inputs.filter_map(|input| std::future::ready(next_input(input)));
    let hello = terminal_output::Output::Opened(opened_to_wire(session.opened()));
    let ending = match answers.send(Ok(message(hello))).await {
        Ok(()) => session.relay(inputs, &answers, |piece| Ok(message(output_to_wire(piece)))).await,
        Err(_) => Ending::CallerGone,
    };
    if let Some(last) = last_answer(&ending) {
        // A caller that does not read is not waited for.
        drop(tokio::time::timeout(FAREWELL_DEADLINE, answers.send(last)).await);
    }
    drop(answers);
    lines.ended(&outcome(&ending));
    session.end(&ending).await;
}

const fn message(output: terminal_output::Output) -> TerminalOutput {
    TerminalOutput { output: Some(output) }
}

fn first_input(first: Option<TerminalInput>, role: Role) -> Result<OpenRequest, CoreError> {
    let Some(terminal_input::Input::Open(open)) = first.and_then(|first| first.input) else {
        return Err(invalid("open", "it has to come first"));
    };
    let OpenTerminal { app_id, service, command, tty, size, term } = open;
    Ok(OpenRequest {
        app: AppId::new(app_id)?,
        service: if service.is_empty() { None } else { Some(ServiceName::parse(&service)?) },
        command,
        tty,
        size: window_size(size.unwrap_or(DEFAULT_SIZE))?,
        term: if term.is_empty() { DEFAULT_TERM.to_owned() } else { term },
        by_owner: match role {
            Role::Admin => true,
            Role::Frontend => false,
        },
    })
}

/// `None` for a connection that broke off, which is the caller's end.
fn next_input(input: Result<TerminalInput, Status>) -> Option<Input> {
    Some(match input.ok()?.input {
        Some(terminal_input::Input::Data(bytes)) => Input::Data(bytes),
        Some(terminal_input::Input::Resize(size)) => {
            window_size(size).map_or_else(Input::Unacceptable, Input::Resize)
        }
        Some(terminal_input::Input::EndOfInput(_)) => Input::EndOfInput,
        Some(terminal_input::Input::Open(_)) => Input::Unacceptable(invalid("open", "it came twice")),
        None => Input::Unacceptable(invalid("input", "it is not known")),
    })
}

fn window_size(size: WireSize) -> Result<WindowSize, CoreError> {
    let number = |number: u32| u16::try_from(number).ok().and_then(NonZeroU16::new);
    let size = number(size.rows).zip(number(size.columns));
    let (rows, columns) = size.ok_or_else(|| invalid("size", "rows and columns are 1 to 65535"))?;
    Ok(WindowSize { rows, columns })
}

fn invalid(field: &str, problem: &str) -> CoreError {
    CoreError::InvalidField { field: field.to_owned(), problem: problem.to_owned() }
}

fn opened_to_wire(opened: &Opened) -> TerminalOpened {
    TerminalOpened {
        service: opened.service.to_string(),
        container_id: opened.container_id.clone(),
        command: opened.program.clone(),
    }
}

fn output_to_wire(piece: Output) -> terminal_output::Output {
    if piece.is_stderr {
        terminal_output::Output::Stderr(piece.bytes)
    } else {
        terminal_output::Output::Data(piece.bytes)
    }
}

/// What the caller is told at the end; `None` when it is gone.
fn last_answer(ending: &Ending) -> Option<Answer> {
    let (reason, exit_code) = match ending {
        Ending::Exited(code) => (Reason::Exited, Some(*code)),
        Ending::ContainerStopped => (Reason::ContainerStopped, None),
        Ending::Departed(departure) => (departure_to_wire(*departure), None),
        Ending::ShuttingDown => (Reason::ShuttingDown, None),
        Ending::EngineLost => (Reason::EngineLost, None),
        Ending::CallerGone => return None,
        Ending::Refused(error) => return Some(Err(to_status(error))),
    };
    Some(Ok(message(terminal_output::Output::Ended(TerminalEnded { reason: reason.into(), exit_code }))))
}

const fn departure_to_wire(departure: Departure) -> Reason {
    match departure {
        Departure::Restarted => Reason::AppRestarted,
        Departure::Purged => Reason::AppPurged,
        Departure::Updated => Reason::AppUpdated,
        Departure::Stopped => Reason::AppStopped,
        Departure::Removed => Reason::AppRemoved,
    }
}

/// For the audit line.
fn outcome(ending: &Ending) -> String {
    match ending {
        Ending::Exited(code) => format!("Exited exit_code={code}"),
        Ending::Departed(departure) => format!("App{departure:?}"),
        Ending::Refused(_) => "InvalidInput".to_owned(),
        Ending::ContainerStopped | Ending::ShuttingDown | Ending::EngineLost | Ending::CallerGone => {
            format!("{ending:?}")
        }
    }
}
