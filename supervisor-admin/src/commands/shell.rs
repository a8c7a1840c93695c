//! `app shell`.

use std::{
    env,
    io::{self, IsTerminal as _},
};

use supervisor_proto::v1::{OpenTerminal, terminal_output::Output};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{
    Session,
    attach::{Attached, exit_code},
};
use crate::{
    args::ShellArgs,
    failure::Failure,
    raw_mode::{self, RawMode},
};

/// What ends the tool from outside; the terminal is put right before it goes.
struct Interruptions {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
}

impl Interruptions {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

pub(super) async fn run(session: &mut Session<'_>, args: &ShellArgs) -> Result<u8, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::NoTerminal { id: args.id });
    }
    let mut interruptions = Interruptions::new().map_err(Failure::Runtime)?;
    let mut resized = signal(SignalKind::window_change()).map_err(Failure::Runtime)?;
    let open = OpenTerminal {
        app_id: args.id.get(),
        service: args.service.as_ref().map(ToString::to_string).unwrap_or_default(),
        tty: true,
        size: raw_mode::window_size(),
        term: term(),
        ..OpenTerminal::default()
    };
    let mut attached = Attached::open(session, open).await?;
    let raw = RawMode::enter().map_err(Failure::Terminal)?;
    attached.send_stdin(false);
    let ended = loop {
        tokio::select! {
            output = attached.next() => match output {
                Ok(Output::Data(bytes) | Output::Stderr(bytes)) => session.output.bytes(&bytes)?,
                Ok(Output::Ended(ended)) => break exit_code(ended),
                Ok(Output::Opened(_)) => {}
                Err(failure) => break Err(failure),
            },
            _ = resized.recv() => {
                if let Some(size) = raw_mode::window_size() {
                    attached.resize(size);
                }
            }
            () = interruptions.next() => break Err(Failure::Interrupted),
        }
    };
    // Before anything is said: a line's end is one character in raw mode.
    drop(raw);
    if ended.is_err() {
        session.output.error_bytes(b"\r\n")?;
    }
    ended
}

/// The local terminal's name, where it is one that core accepts.
fn term() -> String {
    let plain = |text: &String| {
        text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b))
    };
    env::var("TERM").ok().filter(plain).unwrap_or_default()
}
