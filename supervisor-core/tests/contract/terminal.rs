//! Terminals and commands over the real socket.

use std::time::Duration;

use futures_util::Stream;
use supervisor_core::domain::intent::Action;
use supervisor_proto::{
    client::CallError,
    v1::{
        EndOfInput, ErrorReason, OpenTerminal, TerminalEnded, TerminalInput, TerminalOutput, WindowSize,
        terminal_ended::Reason, terminal_input::Input, terminal_output::Output,
    },
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::{
    fakes::{APP, Fault, World, apply, target},
    served::Served,
};

const LONG: Duration = Duration::from_mins(1);

/// An open terminal; dropped, its caller is gone.
pub struct Terminal {
    inputs: mpsc::Sender<TerminalInput>,
    outputs: Streaming<TerminalOutput>,
    service: String,
}

fn stream(inputs: mpsc::Receiver<TerminalInput>) -> impl Stream<Item = TerminalInput> {
    ReceiverStream::new(inputs)
}

pub fn shell() -> OpenTerminal {
    OpenTerminal { app_id: APP, tty: true, ..OpenTerminal::default() }
}

pub fn command(words: &[&str]) -> OpenTerminal {
    let command = words.iter().map(|word| (*word).to_owned()).collect();
    OpenTerminal { app_id: APP, command, ..OpenTerminal::default() }
}

impl Terminal {
    async fn open(served: &Served, open: OpenTerminal) -> Result<Self, CallError> {
        Self::open_as(served, open, "terminal").await
    }

    /// Opens it with a request id.
    pub async fn open_as(served: &Served, open: OpenTerminal, id: &str) -> Result<Self, CallError> {
        let (inputs, receiver) = mpsc::channel(4);
        inputs.send(TerminalInput { input: Some(Input::Open(open)) }).await.unwrap();
        let mut outputs = served.client().attach_terminal(stream(receiver), id).await?;
        match outputs.message().await?.unwrap().output {
            Some(Output::Opened(opened)) => Ok(Self { inputs, outputs, service: opened.service }),
            other => panic!("{other:?}"),
        }
    }

    async fn send(&self, input: Input) {
        self.inputs.send(TerminalInput { input: Some(input) }).await.unwrap();
    }

    pub async fn type_in(&self, bytes: &[u8]) {
        self.send(Input::Data(bytes.to_vec())).await;
    }

    async fn next(&mut self) -> Option<Output> {
        timeout(LONG, self.outputs.message()).await.unwrap().unwrap().map(|message| message.output.unwrap())
    }

    pub async fn ended(&mut self) -> TerminalEnded {
        loop {
            match self.next().await {
                Some(Output::Ended(ended)) => return ended,
                Some(Output::Data(_) | Output::Stderr(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

fn reason_of(error: CallError) -> ErrorReason {
    match error {
        CallError::Refused { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

async fn refusal(served: &Served, open: OpenTerminal) -> ErrorReason {
    reason_of(Terminal::open(served, open).await.map(|_| ()).unwrap_err())
}

#[tokio::test]
async fn terminal_passes_bytes_both_ways_and_tells_the_exit_code() {
    let served = Served::on(World::with_app(APP).await);
    let size = Some(WindowSize { rows: 33, columns: 101 });
    let mut terminal = Terminal::open(&served, OpenTerminal { size, ..shell() }).await.unwrap();
    assert_eq!(terminal.service, "main");
    // Half a character, and bytes that are none at all.
    for bytes in [&b"\xf0\x9f"[..], &b"\x98\x80\xff\x00"[..]] {
        terminal.type_in(bytes).await;
        assert_eq!(terminal.next().await, Some(Output::Data(bytes.to_vec())));
    }
    terminal.send(Input::Resize(WindowSize { rows: 1, columns: 65535 })).await;
    terminal.type_in(b"exit 7\n").await;
    let ended = terminal.ended().await;
    assert_eq!((ended.reason(), ended.exit_code), (Reason::Exited, Some(7)));
    assert_eq!(terminal.next().await, None);
    let calls = served.world.device.calls();
    let sizes: Vec<&String> = calls.iter().filter(|call| call.starts_with("resize")).collect();
    assert_eq!(sizes, ["resize 0 33x101", "resize 0 1x65535"]);
    let environment = served.world.device.state().execs[0].command.environment.clone();
    assert_eq!(environment, ["TERM=xterm-256color"]);
    // What has ended by itself is not ended.
    assert_eq!(served.world.device.count("exec c1 sh ends"), 0);
}

#[tokio::test]
async fn command_has_its_outputs_apart_and_an_end_of_input() {
    let served = Served::on(World::with_app(APP).await);
    let mut terminal = Terminal::open(&served, command(&["cat", "-v"])).await.unwrap();
    let device = &served.world.device;
    device.write(0, true, b"warning\n").await;
    assert_eq!(terminal.next().await, Some(Output::Stderr(b"warning\n".to_vec())));
    terminal.type_in(b"in").await;
    assert_eq!(terminal.next().await, Some(Output::Data(b"in".to_vec())));
    terminal.send(Input::EndOfInput(EndOfInput {})).await;
    timeout(LONG, async {
        while !device.state().execs[0].input_ended {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    device.end(0, 3);
    assert_eq!(terminal.ended().await.exit_code, Some(3));
    assert!(device.state().execs[0].command.words.ends_with(&["cat".to_owned(), "-v".to_owned()]));
}

#[tokio::test]
async fn action_on_the_app_ends_its_terminals_and_says_why() {
    let mut changed = target(APP);
    changed.services.values_mut().for_each(|service| service.user = "1000".to_owned());
    let cases = [
        (Action::Restart(vec![]), Reason::AppRestarted),
        (Action::Purge, Reason::AppPurged),
        (Action::Stop(vec![]), Reason::AppStopped),
        (apply(changed), Reason::AppUpdated),
        (Action::Remove, Reason::AppRemoved),
    ];
    for (action, reason) in cases {
        let served = Served::on(World::with_app(APP).await);
        let mut terminal = Terminal::open(&served, shell()).await.unwrap();
        served.world.act(APP, action).await.unwrap();
        assert_eq!(terminal.ended().await.reason(), reason);
    }
}

#[tokio::test]
async fn container_that_stops_by_itself_ends_its_terminals() {
    let served = Served::on(World::with_app(APP).await);
    let mut terminal = Terminal::open(&served, shell()).await.unwrap();
    // The supervisor starts it again at once.
    served.world.device.exit("c1");
    assert_eq!(terminal.ended().await.reason(), Reason::ContainerStopped);
}

#[tokio::test]
async fn engine_that_goes_away_ends_terminals() {
    let served = Served::on(World::with_app(APP).await);
    let mut terminal = Terminal::open(&served, shell()).await.unwrap();
    served.world.device.take_engine_away(true);
    served.world.device.end(0, 0);
    assert_eq!(terminal.ended().await.reason(), Reason::EngineLost);
}

#[tokio::test]
async fn end_of_core_ends_terminals_and_their_processes() {
    let served = Served::on(World::with_app(APP).await);
    let mut terminal = Terminal::open(&served, shell()).await.unwrap();
    served.world.closing.send_replace(true);
    assert_eq!(terminal.ended().await.reason(), Reason::ShuttingDown);
    served.world.reconciler.context().attachments.all_gone(LONG).await;
    assert_eq!(served.world.device.count("exec c1 sh ends 19 by KILL"), 1);
}

#[tokio::test]
async fn process_of_a_caller_that_goes_away_is_ended() {
    let served = Served::on(World::with_app(APP).await);
    let terminal = Terminal::open(&served, shell()).await.unwrap();
    drop(terminal);
    served.world.device.reached("exec c1 sh ends 19 by HUP", 1).await;
    served.world.device.reached("exec c1 sh ends 19 by KILL", 1).await;
    served.world.reconciler.context().attachments.all_gone(LONG).await;
}

#[tokio::test]
async fn caller_that_goes_away_during_the_start_leaves_no_process() {
    let served = Served::on(World::with_app(APP).await);
    served.world.device.fault_on("exec c1 sh launches", Fault::Paused);
    let (inputs, receiver) = mpsc::channel(4);
    inputs.send(TerminalInput { input: Some(Input::Open(shell())) }).await.unwrap();
    let client = served.client();
    let opening = tokio::spawn(async move { client.attach_terminal(stream(receiver), "-").await.map(drop) });
    served.world.device.reached("exec c1 sh launches", 1).await;
    opening.abort();
    drop((opening.await, inputs));
    served.world.device.heal();
    served.world.device.resume();
    served.world.device.reached("exec c1 sh ends 19 by KILL", 1).await;
}

#[tokio::test]
async fn image_without_a_shell_runs_commands_but_no_terminal() {
    let served = Served::on(World::with_app(APP).await);
    served.world.device.state().shells.clear();
    assert_eq!(refusal(&served, shell()).await, ErrorReason::NoShell);
    let number = served.world.device.state().execs.len() + 2;
    let mut terminal = Terminal::open(&served, command(&["/program"])).await.unwrap();
    assert_eq!(served.world.device.count("exec c1 /program"), 1);
    served.world.device.end(number, 0);
    assert_eq!(terminal.ended().await.exit_code, Some(0));
}

#[tokio::test]
async fn image_with_bash_and_no_sh_has_a_terminal() {
    let served = Served::on(World::with_app(APP).await);
    served.world.device.state().shells = ["bash".to_owned()].into();
    Terminal::open(&served, shell()).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_opened_is_refused_with_its_reason() {
    let served = Served::on(World::with_app(APP).await);
    let unknown = OpenTerminal { app_id: 9, ..shell() };
    assert_eq!(refusal(&served, unknown).await, ErrorReason::AppNotFound);
    let ghost = OpenTerminal { service: "ghost".to_owned(), ..shell() };
    assert_eq!(refusal(&served, ghost).await, ErrorReason::AppNotFound);
    for open in [
        OpenTerminal { app_id: 0, ..shell() },
        OpenTerminal { service: "../x".to_owned(), ..shell() },
        OpenTerminal { term: "a b".to_owned(), ..shell() },
        OpenTerminal { size: Some(WindowSize { rows: 0, columns: 80 }), ..shell() },
        OpenTerminal { size: Some(WindowSize { rows: 24, columns: 65536 }), ..shell() },
        command(&[""]),
        command(&["a", "b\0c"]),
    ] {
        assert_eq!(refusal(&served, open).await, ErrorReason::InvalidArgument);
    }
    served.world.act(APP, Action::Stop(vec![])).await.unwrap();
    assert_eq!(refusal(&served, shell()).await, ErrorReason::ContainerNotRunning);
    served.world.device.take_engine_away(true);
    assert_eq!(refusal(&served, shell()).await, ErrorReason::EngineUnavailable);
}

#[tokio::test]
async fn input_that_is_not_acceptable_ends_the_terminal() {
    let served = Served::on(World::with_app(APP).await);
    for input in [
        Input::Data(vec![b'x'; (64 << 10) + 1]),
        Input::Resize(WindowSize { rows: 0, columns: 1 }),
        Input::Open(shell()),
        Input::EndOfInput(EndOfInput {}),
    ] {
        let mut terminal = Terminal::open(&served, shell()).await.unwrap();
        terminal.send(input).await;
        let refused = timeout(LONG, terminal.outputs.message()).await.unwrap().unwrap_err();
        assert_eq!(reason_of(CallError::from(refused)), ErrorReason::InvalidArgument);
        served.world.reconciler.context().attachments.all_gone(LONG).await;
    }
}

#[tokio::test]
async fn fifth_terminal_of_an_app_is_refused_until_one_ends() {
    let served = Served::on(World::with_app(APP).await);
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(Terminal::open(&served, shell()).await.unwrap());
    }
    assert_eq!(refusal(&served, shell()).await, ErrorReason::LimitReached);
    drop(open);
    served.world.reconciler.context().attachments.all_gone(LONG).await;
    Terminal::open(&served, shell()).await.unwrap();
}

/// More than all queues between a process and its caller hold.
const FITS_BETWEEN: usize = 2 << 20;

#[tokio::test]
async fn process_is_never_further_ahead_of_its_caller_than_the_queues_between_them() {
    let served = Served::on(World::with_app(APP).await);
    let mut terminal = Terminal::open(&served, shell()).await.unwrap();
    let piece = vec![b'x'; 16 << 10];
    let (pieces, device) = (2048, served.world.device.myself());
    let (written, count) = watch::channel(0);
    let length = piece.len();
    tokio::spawn(async move {
        for _ in 0..pieces {
            device.write(0, false, &piece).await;
            written.send_modify(|written| *written += piece.len());
        }
        written.closed().await;
    });
    let mut read = 0;
    while read < pieces * length {
        // The writer goes on while nothing is read, as far as it can.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let ahead = *count.borrow() - read.min(*count.borrow());
        assert!(ahead < FITS_BETWEEN, "{ahead} bytes ahead");
        match terminal.next().await {
            Some(Output::Data(bytes)) => read += bytes.len(),
            other => panic!("{other:?}"),
        }
    }
}
