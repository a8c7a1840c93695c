//! The way out: a process whose caller is gone is ended, and everything it has started with it.

use std::time::Duration;

use futures_util::StreamExt as _;

use super::{
    launcher,
    session::{ASK_EVERY, Ending, Session, Way},
};
use crate::{
    error::chain,
    ports::{
        engine::EngineError,
        exec::{Command, ExecState},
    },
};

/// How long a process may take after the hang-up before it is killed.
const GRACE: Duration = Duration::from_secs(2);
/// How long sending one signal may take.
const SIGNAL_DEADLINE: Duration = Duration::from_secs(10);

impl Session {
    /// Ends the process, unless it has ended with what ended the session: first a hang-up, as when a
    /// terminal is closed, then the kill for what is left of its session.
    pub async fn end(mut self, ending: &Ending) {
        match ending {
            Ending::Exited(_) | Ending::ContainerStopped | Ending::EngineLost => return,
            Ending::Departed(_) | Ending::ShuttingDown | Ending::CallerGone | Ending::Refused(_) => {}
        }
        let Some(way) = self.way else {
            log::warn!("process left in a container without a shell container={}", self.container);
            return;
        };
        // A process that waits for its output to be read could not end.
        self.exec.output = futures_util::stream::empty().boxed();
        for signal in ["HUP", "CONT", "KILL"] {
            if signal == "KILL" {
                self.wait_for_end().await;
            }
            match tokio::time::timeout(SIGNAL_DEADLINE, self.signal(way, signal)).await {
                Ok(Ok(())) => {}
                // The container is gone or going, and its processes with it.
                Ok(Err(EngineError::Refused { .. })) => return,
                Ok(Err(error)) => return self.report_left(&chain(&error)),
                Err(_) => return self.report_left("it took too long"),
            }
        }
    }

    fn report_left(&mut self, why: &str) {
        log::warn!("process may be left in a container container={} error='{why}'", self.container);
    }

    /// Has a shell in the container send a signal to the process's session.
    async fn signal(&mut self, way: Way, signal: &str) -> Result<(), EngineError> {
        let words = launcher::end_words(way.interpreter, way.pid, signal);
        let command = Command { words, environment: Vec::new(), tty: false };
        let mut exec = self.engine.exec(&self.container, &command).await?;
        while let Some(piece) = exec.output.next().await {
            piece?;
        }
        Ok(())
    }

    async fn wait_for_end(&mut self) {
        let ended = async {
            while matches!(self.engine.exec_state(&self.exec.id).await, Ok(ExecState::Running)) {
                tokio::time::sleep(ASK_EVERY).await;
            }
        };
        // What has not ended by then is killed.
        drop(tokio::time::timeout(GRACE, ended).await);
    }
}
