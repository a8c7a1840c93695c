//! The owner's tunnel: a command that makes the terminal's listener reachable from elsewhere and says where.

pub mod command;
pub mod output;

use std::{io, process::Stdio, time::Duration};

use command::TunnelCommand;
use output::{Channel, Seen, read};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::{oneshot, watch},
    time::timeout,
};

use crate::{config::SECRET_VARIABLE, wire::plain_text::PlainText};

/// How long what an ended command has written may take to be read: what it started may hold its output open.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Why there is no tunnel. What it displays is for the client who asked.
#[derive(Debug, thiserror::Error)]
pub enum TunnelError {
    /// The program could not be run.
    #[error("The tunnel command could not be started")]
    Start(#[source] io::Error),
    /// It ended, and its last line, which may be empty.
    #[error("The tunnel ended: {0}")]
    Ended(String),
    /// It said no URL in time, and its last line.
    #[error("The tunnel gave no URL in time: {0}")]
    Silent(String),
    /// Its URL has characters that the cloud's proxy would not let through.
    #[error("The tunnel's URL has characters that an answer cannot carry")]
    Unspeakable,
}

/// A running tunnel; dropped, it and all that it started are killed.
#[derive(Debug)]
pub struct Tunnel {
    url: String,
    seen: watch::Receiver<Seen>,
    _stop: oneshot::Sender<()>,
}

impl Tunnel {
    /// Starts the command on `runtime` and waits for its URL.
    pub async fn open(
        command: &TunnelCommand,
        port: u16,
        deadline: Duration,
        runtime: &Handle,
    ) -> Result<Self, TunnelError> {
        let (sender, seen) = watch::channel(Seen::default());
        let (stop, stopped) = oneshot::channel();
        let leader = {
            let _on = runtime.enter();
            Leader::start(command, port).map_err(TunnelError::Start)?
        };
        runtime.spawn(supervise(leader, sender, stopped));
        let mut tunnel = Self { url: String::new(), seen, _stop: stop };
        tunnel.url = tunnel.first_url(deadline).await?;
        Ok(tunnel)
    }

    async fn first_url(&mut self, deadline: Duration) -> Result<String, TunnelError> {
        let found = timeout(deadline, self.seen.wait_for(|seen| seen.url.is_some())).await;
        let found = found.map(|seen| seen.ok().and_then(|seen| seen.url.clone()));
        match found {
            Ok(Some(url)) if PlainText::is_clean(&url) => Ok(url),
            Ok(Some(_)) => Err(TunnelError::Unspeakable),
            Ok(None) => Err(TunnelError::Ended(self.last_line())),
            Err(_) => Err(TunnelError::Silent(self.last_line())),
        }
    }

    fn last_line(&self) -> String {
        let seen = self.seen.borrow();
        if seen.last_line().is_empty() { "it said nothing".to_owned() } else { seen.last_line().to_owned() }
    }

    /// What reaches the terminal's listener, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits on its own for the end of the command.
    pub fn end(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut seen = self.seen.clone();
        async move { while seen.changed().await.is_ok() {} }
    }
}

/// The command's process, first of a group of its own.
#[derive(Debug)]
struct Leader(Child);

impl Leader {
    fn start(command: &TunnelCommand, port: u16) -> io::Result<Self> {
        let (program, arguments) = command.words(port);
        let child = Command::new(program)
            .args(arguments)
            .env_remove(SECRET_VARIABLE)
            // systemd's: it would speak for this process.
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self(child))
    }

    fn group(&self) -> Option<Pid> {
        self.0.id().and_then(|id| Pid::from_raw(id.try_into().ok()?))
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        // Not reaped yet, so the number is still its own.
        kill(self.group());
    }
}

fn kill(group: Option<Pid>) {
    if let Some(group) = group
        && let Err(error) = kill_process_group(group, Signal::KILL)
    {
        log::debug!("tunnel's processes not killed error='{error}'");
    }
}

/// Reads what the command says until it ends or is to stop; what it leaves behind is killed.
async fn supervise(mut leader: Leader, seen: watch::Sender<Seen>, stop: oneshot::Receiver<()>) {
    let group = leader.group();
    let (stdout, stderr) = (leader.0.stdout.take(), leader.0.stderr.take());
    let reading =
        async { tokio::join!(read(Channel::Output, stdout, &seen), read(Channel::Error, stderr, &seen)) };
    tokio::pin!(reading, stop);
    let mut is_read = false;
    let status = loop {
        tokio::select! {
            status = leader.0.wait() => break status,
            // It may go on without an output.
            _ = &mut reading, if !is_read => is_read = true,
            _ = &mut stop => return,
        }
    };
    match status {
        Ok(status) => log::warn!("tunnel ended status='{status}'"),
        Err(error) => log::warn!("tunnel ended error='{error}'"),
    }
    kill(group);
    if !is_read {
        let _ = timeout(LAST_WORDS, reading).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn command_that_closes_its_output_and_ends_ends_its_supervision() {
        for script in ["exec >&- 2>&-; sleep 0.1", "echo http://t.example.org", "sleep 600 & true"] {
            let command = format!("sh -c '{script}'").parse().unwrap();
            let leader = Leader::start(&command, 1).unwrap();
            let (_stop, stopped) = oneshot::channel();
            supervise(leader, watch::Sender::new(Seen::default()), stopped).await;
        }
    }
}
