//! The local terminal in raw mode: every key goes to the container, also Ctrl-C. It is put right again on
//! every way out.

use std::{io, panic, sync::OnceLock};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use supervisor_proto::v1::WindowSize;

/// How the terminal was before.
static ORIGINAL: OnceLock<Termios> = OnceLock::new();

/// Raw mode, until it is dropped or the program panics.
#[derive(Debug)]
pub struct RawMode(());

impl RawMode {
    /// Puts the terminal on standard input into raw mode.
    pub fn enter() -> io::Result<Self> {
        let current = tcgetattr(io::stdin())?;
        let original = ORIGINAL.get_or_init(|| current.clone());
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore(original);
            report(info);
        }));
        let mut raw = current;
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(Self(()))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        if let Some(original) = ORIGINAL.get() {
            restore(original);
        }
    }
}

/// A terminal that is gone needs no putting right.
fn restore(original: &Termios) {
    let _ = tcsetattr(io::stdin(), OptionalActions::Now, original);
}

/// The size of the terminal on standard input, if it tells one.
pub fn window_size() -> Option<WindowSize> {
    let size = tcgetwinsize(io::stdin()).ok()?;
    let known = size.ws_row > 0 && size.ws_col > 0;
    known.then(|| WindowSize { rows: size.ws_row.into(), columns: size.ws_col.into() })
}
