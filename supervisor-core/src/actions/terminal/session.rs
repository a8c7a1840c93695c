//! An open terminal: bytes in both directions until one of many ends comes.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt as _, pin_mut};
use tokio::sync::{mpsc, watch};

use super::{MAX_PIECE_BYTES, Opened};
use crate::{
    closing::closed,
    domain::{departure::Departure, observed::ContainerId},
    error::{CoreError, chain},
    ports::{
        engine::{EngineError, Output},
        exec::{Exec, ExecEngine, ExecId, ExecState, Life, WindowSize},
    },
    reconcile::attachments::Attachment,
};

/// How long the engine may take to tell what became of a process whose output has ended.
const TOLD_WITHIN: Duration = Duration::from_secs(5);
/// How often it is asked meanwhile.
pub(super) const ASK_EVERY: Duration = Duration::from_millis(20);
/// What a process ends with when its container stops: 128 and KILL.
const KILLED: u32 = 137;

/// What the caller sends.
#[derive(Debug)]
pub enum Input {
    /// Bytes for the standard input.
    Data(Vec<u8>),
    /// The terminal's new size.
    Resize(WindowSize),
    /// No more bytes will come.
    EndOfInput,
    /// Something that is not acceptable; it ends the session.
    Unacceptable(CoreError),
}

/// Why a session is over.
#[derive(Debug)]
pub enum Ending {
    /// The process ended by itself, with this code.
    Exited(u32),
    /// The container stopped for a reason of its own.
    ContainerStopped,
    /// The container is being taken away.
    Departed(Departure),
    /// Core is ending.
    ShuttingDown,
    /// The engine went away.
    EngineLost,
    /// The caller went away.
    CallerGone,
    /// The caller sent something that is not acceptable.
    Refused(CoreError),
}

/// By which shell of the image the process can be ended, and its id in the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub interpreter: &'static str,
    pub pid: u32,
}

/// One terminal or command. It takes one of the few places until it is dropped.
pub struct Session {
    pub(super) opened: Opened,
    pub(super) engine: Arc<dyn ExecEngine>,
    pub(super) container: ContainerId,
    pub(super) life: Life,
    pub(super) attachment: Attachment,
    pub(super) exec: Exec,
    pub(super) first: Vec<Output>,
    pub(super) way: Option<Way>,
    pub(super) tty: bool,
    pub(super) closing: watch::Receiver<bool>,
}

impl Session {
    /// What has been opened.
    pub const fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Passes bytes on until an end comes. A caller that does not take `outputs` makes the process wait.
    pub async fn relay<T: Send>(
        &mut self,
        inputs: impl Stream<Item = Input> + Send,
        outputs: &mpsc::Sender<T>,
        wrap: impl Fn(Output) -> T + Send,
    ) -> Ending {
        let Self { exec: Exec { id, input, output }, first, tty, attachment, .. } = self;
        let engine = self.engine.as_ref();
        // The process's end of input is the end of the one sender that is left.
        let input = std::mem::replace(input, mpsc::channel(1).0);
        let earlier = futures_util::stream::iter(first.drain(..).map(Ok));
        let giving = give(earlier.chain(output), outputs, wrap);
        let id = &*id;
        let taking = take(inputs, input, move |size| async move { set_size(engine, id, size).await }, *tty);
        let departure = &mut attachment.departure;
        let ended = tokio::select! {
            biased;
            Ok(departure) = &mut *departure => Some(Ending::Departed(departure)),
            () = closed(self.closing.clone()) => Some(Ending::ShuttingDown),
            ended = giving => ended,
            ended = taking => Some(ended),
        };
        match ended {
            Some(ending) => ending,
            None => self.what_ended().await,
        }
    }

    /// The output has ended: the process, the container or the engine has.
    async fn what_ended(&mut self) -> Ending {
        if let Ok(departure) = self.attachment.departure.try_recv() {
            return Ending::Departed(departure);
        }
        match tokio::time::timeout(TOLD_WITHIN, self.ask_what_ended()).await {
            Ok(Ok(ending)) => ending,
            Ok(Err(error)) => {
                log::warn!("terminal lost container={} error='{}'", self.container, chain(&error));
                Ending::EngineLost
            }
            Err(_) => Ending::EngineLost,
        }
    }

    async fn ask_what_ended(&mut self) -> Result<Ending, EngineError> {
        let mut asked: u32 = 0;
        loop {
            let state = match self.engine.exec_state(&self.exec.id).await {
                Err(EngineError::Refused { status: 404, .. }) => ExecState::Ended(KILLED),
                other => other?,
            };
            if let ExecState::Ended(code) = state {
                let same_life = self.engine.life(&self.container).await?.as_ref() == Some(&self.life);
                // The engine may hear of the container's end a moment after that of the process in it.
                asked += 1;
                match (same_life, code) {
                    (false, _) => return Ok(Ending::ContainerStopped),
                    (true, KILLED) if asked < 25 => {}
                    (true, code) => return Ok(Ending::Exited(code)),
                }
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// Sets the terminal's size; where that fails, the old one stays.
    pub(super) async fn resize(&mut self, size: WindowSize) {
        set_size(self.engine.as_ref(), &self.exec.id, size).await;
    }
}

async fn set_size(engine: &dyn ExecEngine, id: &ExecId, size: WindowSize) {
    if let Err(error) = engine.resize(id, size).await {
        log::debug!("terminal not resized error='{}'", chain(&error));
    }
}

/// `None` when the output has ended.
async fn give<T: Send>(
    output: impl Stream<Item = Result<Output, EngineError>> + Send,
    outputs: &mpsc::Sender<T>,
    wrap: impl Fn(Output) -> T + Send,
) -> Option<Ending> {
    let all = async {
        pin_mut!(output);
        while let Some(piece) = output.next().await {
            let Ok(Output { is_stderr, bytes }) = piece else { return Some(Ending::EngineLost) };
            for part in bytes.chunks(MAX_PIECE_BYTES) {
                let part = Output { is_stderr, bytes: part.to_vec() };
                outputs.send(wrap(part)).await.ok()?;
            }
        }
        None
    };
    tokio::select! {
        ended = all => if outputs.is_closed() { Some(Ending::CallerGone) } else { ended },
        () = outputs.closed() => Some(Ending::CallerGone),
    }
}

async fn take<F: Future<Output = ()> + Send>(
    inputs: impl Stream<Item = Input> + Send,
    input: mpsc::Sender<Vec<u8>>,
    resize: impl Fn(WindowSize) -> F + Send,
    tty: bool,
) -> Ending {
    pin_mut!(inputs);
    let mut input = Some(input);
    let refused = |field: &str, problem: &str| {
        Ending::Refused(CoreError::InvalidField { field: field.to_owned(), problem: problem.to_owned() })
    };
    while let Some(next) = inputs.next().await {
        match next {
            Input::Data(bytes) if bytes.len() > MAX_PIECE_BYTES => {
                return refused("data", "it is longer than 65536 bytes");
            }
            // A process that has closed its input is about to end, or does not care.
            Input::Data(bytes) => match &input {
                Some(input) => drop(input.send(bytes).await),
                None => return refused("data", "it comes after the end of input"),
            },
            Input::Resize(size) if tty => resize(size).await,
            Input::Resize(_) => return refused("resize", "there is no terminal"),
            Input::EndOfInput if tty => return refused("end_of_input", "a terminal has none"),
            Input::EndOfInput => input = None,
            Input::Unacceptable(error) => return Ending::Refused(error),
        }
    }
    Ending::CallerGone
}
