//! The thread that the terminals' work runs on: their listener's, their shells' streams, their tunnels. The API
//! has another, so no terminal can keep it busy.

use std::{io, thread};

use tokio::{runtime::Handle, sync::oneshot};

/// Ends, with everything on it, when dropped.
#[derive(Debug)]
pub(super) struct TerminalThread {
    handle: Handle,
    /// Its end ends the thread.
    _end: oneshot::Sender<()>,
}

impl TerminalThread {
    /// Starts it.
    pub(super) fn start() -> io::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        thread::Builder::new().name("terminal".to_owned()).spawn(move || {
            // An error is the sender's end, which is what is waited for.
            let _ = runtime.block_on(ended);
            runtime.shutdown_background();
        })?;
        Ok(Self { handle, _end: end })
    }

    /// Where tasks are spawned.
    pub(super) const fn handle(&self) -> &Handle {
        &self.handle
    }
}
