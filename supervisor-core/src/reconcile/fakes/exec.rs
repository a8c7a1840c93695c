//! Processes in the fake device's containers: each repeats what it reads, ends at `exit N`, and is ended by
//! the script that core sends after it.

use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{
    device::{FakeDevice, State},
    engine::refused,
};
use crate::{
    domain::{
        confinement::Confinement,
        observed::{ContainerId, ContainerState},
    },
    ports::{
        engine::{EngineError, Output},
        exec::{Command, Exec, ExecEngine, ExecId, ExecState, Life, WindowSize},
    },
};

/// What every launcher says its process id is.
const PID: &str = "19";

/// A process.
#[derive(Debug)]
pub struct FakeExec {
    pub container: ContainerId,
    pub command: Command,
    pub typed: Vec<u8>,
    pub input_ended: bool,
    pub size: Option<WindowSize>,
    pub ended: Option<u32>,
    /// Where its output goes, until it ends.
    pub output: Option<mpsc::Sender<Result<Output, EngineError>>>,
}

impl State {
    fn exec(&mut self, id: &ExecId) -> Result<&mut FakeExec, EngineError> {
        let number: usize = id.0.parse().map_err(|_| refused(404))?;
        self.execs.get_mut(number).ok_or_else(|| refused(404))
    }

    /// The processes of a container end by this signal.
    pub fn end_processes(&mut self, id: &ContainerId, code: u32) {
        for exec in self.execs.iter_mut().filter(|exec| exec.container == *id && exec.ended.is_none()) {
            exec.ended = Some(code);
            exec.output = None;
        }
    }
}

/// What the words stand for in the list of calls.
fn kind(command: &Command) -> String {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [shell, "-c", script, _, pid, signal] if script.contains("/proc/") => {
            format!("{shell} ends {pid} by {signal}")
        }
        [shell, "-c", _, _, ..] => format!("{shell} launches"),
        other => other.join(" "),
    }
}

impl FakeDevice {
    /// The process with this number writes.
    pub async fn write(&self, number: usize, is_stderr: bool, bytes: &[u8]) {
        let output = self.state().execs[number].output.clone().unwrap();
        output.send(Ok(Output { is_stderr, bytes: bytes.to_vec() })).await.unwrap();
    }

    /// The process with this number ends.
    pub fn end(&self, number: usize, code: u32) {
        let exec = &mut self.state().execs[number];
        exec.ended = Some(code);
        exec.output = None;
    }

    fn typed(&self, number: usize, bytes: &[u8]) -> Option<mpsc::Sender<Result<Output, EngineError>>> {
        let mut state = self.state();
        let exec = state.execs.get_mut(number)?;
        exec.typed.extend_from_slice(bytes);
        let typed = String::from_utf8_lossy(bytes).into_owned();
        if let Some(code) = typed.trim_end().strip_prefix("exit ") {
            exec.ended = code.parse().ok();
            exec.output = None;
        }
        exec.output.clone()
    }
}

#[async_trait]
impl ExecEngine for FakeDevice {
    async fn exec(&self, container: &ContainerId, command: &Command) -> Result<Exec, EngineError> {
        let kind = kind(command);
        let name = format!("exec {container} {kind}");
        let (sender, receiver) = mpsc::channel(16);
        let (input, mut incoming) = mpsc::channel::<Vec<u8>>(1);
        let made = self.engine(name, |state| {
            let there = state.shells.contains(&command.words[0]) || !kind.contains("launches");
            let running = state.container(container)?.seen.state == ContainerState::Running;
            if !running {
                return Err(refused(409));
            }
            if let Some((_, signal)) = kind.split_once(" by ") {
                let code = if signal == "KILL" { 137 } else { 129 };
                state.end_processes(container, code);
                return Ok(None);
            }
            let (ended, output) = if there { (None, Some(sender)) } else { (Some(126), None) };
            state.execs.push(FakeExec {
                container: container.clone(),
                command: command.clone(),
                typed: Vec::new(),
                input_ended: false,
                size: None,
                ended,
                output,
            });
            Ok(Some(state.execs.len() - 1))
        });
        let Some(number) = made.await? else {
            let output = futures_util::stream::empty().boxed();
            return Ok(Exec { id: ExecId("signal".to_owned()), input, output });
        };
        if kind.contains("launches") && self.state().execs[number].ended.is_none() {
            let program = if kind.starts_with("bash") { "bash" } else { "sh" };
            self.write(number, false, format!("{PID} {program}\r\n").as_bytes()).await;
        }
        let device = self.myself();
        tokio::spawn(async move {
            while let Some(bytes) = incoming.recv().await {
                if let Some(output) = device.typed(number, &bytes) {
                    // Nobody reads an ended terminal.
                    let _ = output.send(Ok(Output { is_stderr: false, bytes })).await;
                }
            }
            device.state().execs[number].input_ended = true;
        });
        Ok(Exec { id: ExecId(number.to_string()), input, output: ReceiverStream::new(receiver).boxed() })
    }

    async fn resize(&self, exec: &ExecId, size: WindowSize) -> Result<(), EngineError> {
        self.engine(format!("resize {} {}x{}", exec.0, size.rows, size.columns), |state| {
            state.exec(exec)?.size = Some(size);
            Ok(())
        })
        .await
    }

    async fn exec_state(&self, exec: &ExecId) -> Result<ExecState, EngineError> {
        self.engine(format!("exec state {}", exec.0), |state| {
            Ok(state.exec(exec)?.ended.map_or(ExecState::Running, ExecState::Ended))
        })
        .await
    }

    async fn life(&self, id: &ContainerId) -> Result<Option<Life>, EngineError> {
        self.engine(format!("life {id}"), |state| {
            let Ok(container) = state.container(id) else { return Ok(None) };
            let running = container.seen.state == ContainerState::Running;
            Ok(running.then(|| Life(container.starts.to_string())))
        })
        .await
    }

    async fn confinement(&self, id: &ContainerId) -> Result<Confinement, EngineError> {
        self.engine(format!("confinement {id}"), |state| Ok(state.confinement.clone())).await
    }
}
