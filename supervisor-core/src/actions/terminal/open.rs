//! The way in: which container, whether it is allowed, and which shell.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream::BoxStream};
use supervisor_proto::policy::Repository;

use super::{
    OpenRequest, Opened, Terminals,
    launcher::{self, INTERPRETERS, Launched, Line},
    session::{Session, Way},
};
use crate::{
    actions::choose::{Fallback, choose},
    domain::{
        labels,
        observed::{Container, ContainerState},
        wanted::lock_folder,
    },
    error::CoreError,
    ports::{
        engine::{EngineError, Output},
        exec::{Command, Exec},
    },
};

/// How long a shell may take to say that it runs.
const LAUNCH_DEADLINE: Duration = Duration::from_secs(15);

/// What may come on the standard error before that: more is not a shell that starts.
const MAX_COMPLAINTS_BYTES: usize = 64 << 10;

/// A process and the way to end it; `None` where the image has no shell.
struct Started {
    exec: Exec,
    way: Option<Way>,
    program: String,
    /// What the process wrote right after its start.
    first: Vec<Output>,
}

impl Terminals {
    /// Starts the process. Whoever drops the session without running it leaves the process behind.
    pub async fn open(&self, request: &OpenRequest) -> Result<Session, CoreError> {
        check(request)?;
        if !self.reconciler.knows(request.app) {
            return Err(CoreError::AppNotFound(request.app));
        }
        let context = self.reconciler.context();
        let id = request.app.to_string();
        let ours = [(labels::INSTANCE, context.instance.as_str()), (labels::APP_ID, id.as_str())];
        let containers = context.engine.containers(&ours).await?;
        let (service, container) =
            choose(request.app, request.service.as_ref(), Fallback::Main, &containers)?;
        let not_running = || CoreError::ContainerNotRunning { service: service.clone() };
        if container.state != ContainerState::Running {
            return Err(not_running());
        }
        if !request.by_owner {
            self.check_confined(request, container).await?;
        }
        let attachment = context.attachments.enter(request.app, container, request.by_owner)?;
        let life = self.engine.life(&container.id).await?.ok_or_else(not_running)?;
        let Some(started) = self.start(request, container).await? else {
            let runs_on = self.engine.life(&container.id).await?.as_ref() == Some(&life);
            return Err(if runs_on {
                CoreError::NoShell { service: service.clone() }
            } else {
                not_running()
            });
        };
        let opened = Opened {
            service: service.clone(),
            container_id: container.id.0.clone(),
            program: started.program,
        };
        let mut session = Session {
            opened,
            engine: Arc::clone(&self.engine),
            container: container.id.clone(),
            life,
            attachment,
            exec: started.exec,
            first: started.first,
            way: started.way,
            tty: request.tty,
            closing: context.closing.clone(),
        };
        if request.tty {
            session.resize(request.size).await;
        }
        Ok(session)
    }

    /// What role frontend may not enter: a container that holds a privilege, since a shell in it would hold
    /// it as well. A grant opens what it says today, not what an older container still holds.
    async fn check_confined(&self, request: &OpenRequest, container: &Container) -> Result<(), CoreError> {
        let access = self.engine.confinement(&container.id).await?;
        let data = format!("{}/{}", self.reconciler.context().data_path.trim_end_matches('/'), request.app);
        let locks = container.service.as_ref().map(|service| lock_folder(request.app, service));
        let own: Vec<String> = std::iter::once(data).chain(locks).collect();
        let Some(held) = access.first_privilege(&own) else { return Ok(()) };
        let why_not = if self.is_granted(request, container) {
            match self.reconciler.examine_container(container).await? {
                Some(refusals) if refusals.is_empty() => return Ok(()),
                Some(_) => "and more than the owner's policy grants today",
                None => "that the owner applied",
            }
        } else {
            "and no grant with terminal = true"
        };
        Err(CoreError::PolicyRefused { what: format!("a terminal in a container with {held} {why_not}") })
    }

    /// Whether the owner's policy opens terminals in this service, for the image that its container was made from.
    fn is_granted(&self, request: &OpenRequest, container: &Container) -> bool {
        let Some(target) = labels::made_from(container) else { return false };
        let policy = self.reconciler.context().policy.borrow();
        target.services.iter().any(|(name, service)| {
            let repository = Repository::of_image(&service.image);
            policy.grants_for(request.app, name, repository.as_ref()).iter().any(|grant| grant.terminal)
        })
    }

    /// By the launcher in one of the image's shells; a command without any is started as it is.
    async fn start(
        &self,
        request: &OpenRequest,
        container: &Container,
    ) -> Result<Option<Started>, CoreError> {
        let environment = if request.tty { vec![format!("TERM={}", request.term)] } else { Vec::new() };
        let command = |words| Command { words, environment: environment.clone(), tty: request.tty };
        for interpreter in INTERPRETERS {
            let words = launcher::words(interpreter, &request.command);
            let mut exec = match self.engine.exec(&container.id, &command(words)).await {
                Ok(exec) => exec,
                // Some engines say here that there is no such program.
                Err(EngineError::Refused { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            let Some((Launched { pid, program }, first)) = launched(&mut exec.output).await? else {
                continue;
            };
            let program = request.command.first().cloned().unwrap_or(program);
            return Ok(Some(Started { exec, way: Some(Way { interpreter, pid }), program, first }));
        }
        let Some(program) = request.command.first().cloned() else { return Ok(None) };
        let exec = self.engine.exec(&container.id, &command(request.command.clone())).await?;
        Ok(Some(Started { exec, way: None, program, first: Vec::new() }))
    }
}

/// Reads the launcher's line, and what came with it; `None` when it was not started.
async fn launched(
    output: &mut BoxStream<'static, Result<Output, EngineError>>,
) -> Result<Option<(Launched, Vec<Output>)>, CoreError> {
    let read = async {
        let (mut seen, mut other, mut complaints) = (Vec::new(), Vec::new(), 0_usize);
        while let Some(piece) = output.next().await {
            let piece = piece?;
            if piece.is_stderr {
                complaints += piece.bytes.len();
                if complaints > MAX_COMPLAINTS_BYTES {
                    return Ok(None);
                }
                other.push(piece);
                continue;
            }
            seen.extend_from_slice(&piece.bytes);
            match launcher::line(&seen) {
                Line::Incomplete => {}
                Line::Foreign => return Ok(None),
                Line::Launched(launched, end) => {
                    let bytes = seen.split_off(end);
                    other.extend((!bytes.is_empty()).then_some(Output { is_stderr: false, bytes }));
                    return Ok(Some((launched, other)));
                }
            }
        }
        Ok(None)
    };
    let late = |elapsed| CoreError::Engine(EngineError::Unavailable(Box::new(elapsed)));
    tokio::time::timeout(LAUNCH_DEADLINE, read).await.map_err(late)?
}

fn check(request: &OpenRequest) -> Result<(), CoreError> {
    let is_shell_on_a_terminal = request.tty && request.command.is_empty();
    if !request.by_owner && !is_shell_on_a_terminal {
        return Err(CoreError::PolicyRefused { what: "a command of the caller's choice".to_owned() });
    }
    let invalid = |field: &str, problem: &str| {
        Err(CoreError::InvalidField { field: field.to_owned(), problem: problem.to_owned() })
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
    if request.term.is_empty() || request.term.len() > 64 || !request.term.bytes().all(plain) {
        return invalid("term", "it is no name of a terminal");
    }
    if request.command.first().is_some_and(String::is_empty) {
        return invalid("command", "the program's name is empty");
    }
    if request.command.iter().any(|word| word.contains('\0')) {
        return invalid("command", "a word holds a zero byte");
    }
    Ok(())
}
