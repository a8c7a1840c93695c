//! Callers whose answer waits for services that wait for each other. The worker goes on meanwhile: what ends
//! the waiting is an event of the engine, or another action.

use supervisor_proto::ids::AppId;
use tokio::{
    sync::oneshot,
    time::{Duration, Instant},
};

use crate::{domain::dependency::Wait, error::CoreError, reconcile::cycle::Outcome};

/// How long a caller waits for services that wait for others: shorter than any client's own deadline.
const PATIENCE: Duration = Duration::from_mins(10);
/// More callers than one app's queue holds are not kept waiting.
const MOST: usize = 8;

/// Where an answer goes.
pub type Reply = oneshot::Sender<Result<(), CoreError>>;

/// Callers that wait, oldest first.
#[derive(Debug)]
pub struct Waiters {
    app: AppId,
    all: Vec<(Instant, Reply)>,
    /// What they wait for, in one sentence.
    waiting_for: String,
}

impl Waiters {
    /// Nobody yet.
    pub const fn new(app: AppId) -> Self {
        Self { app, all: Vec::new(), waiting_for: String::new() }
    }

    /// When the first of them has waited long enough.
    pub fn deadline(&self) -> Option<Instant> {
        self.all.first().map(|(until, _)| *until)
    }

    /// Answers those who have waited long enough.
    pub fn expire(&mut self) {
        let now = Instant::now();
        while self.deadline().is_some_and(|until| until <= now) {
            self.give_up_on_the_first();
        }
    }

    fn give_up_on_the_first(&mut self) {
        if self.all.is_empty() {
            return;
        }
        let (_, reply) = self.all.remove(0);
        let _ = reply.send(Err(CoreError::StillInProgress { waiting_for: self.waiting_for.clone() }));
    }

    /// Answers everybody whom the end of a cycle tells something, and keeps the others.
    pub fn conclude(&mut self, result: Result<Outcome, CoreError>, reply: Option<Reply>) {
        match result {
            Ok(Outcome::Converged) => {
                self.answer_all(|| Ok(()));
                send(reply, Ok(()));
            }
            Ok(Outcome::Forgotten) => {
                let app = self.app;
                self.answer_all(|| Err(CoreError::AppNotFound(app)));
                send(reply, Ok(()));
            }
            Ok(Outcome::Waiting { api, others }) => {
                if let Some(wait) = failure(&others) {
                    self.answer_all(|| Err(CoreError::DependencyFailed { wait: wait.clone() }));
                    send(reply, Err(CoreError::DependencyFailed { wait: wait.clone() }));
                } else if !api.is_empty() {
                    let waiting_for = "a frontend that tells the API key".to_owned();
                    send(reply, Err(CoreError::StillInProgress { waiting_for }));
                } else {
                    self.keep(&others, reply);
                }
            }
            Err(error) => send(reply, Err(error)),
        }
    }

    fn keep(&mut self, others: &[Wait], reply: Option<Reply>) {
        self.waiting_for = others.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        if let Some(reply) = reply {
            self.all.push((Instant::now() + PATIENCE, reply));
        }
        if self.all.len() > MOST {
            self.give_up_on_the_first();
        }
    }

    /// What they wait for will not come.
    pub fn fail_all(&mut self, error: impl Fn() -> CoreError) {
        self.answer_all(|| Err(error()));
    }

    fn answer_all(&mut self, answer: impl Fn() -> Result<(), CoreError>) {
        for (_, reply) in self.all.drain(..) {
            let _ = reply.send(answer());
        }
    }
}

/// A caller that has gone is told nothing.
fn send(reply: Option<Reply>, answer: Result<(), CoreError>) {
    if let Some(reply) = reply {
        let _ = reply.send(answer);
    }
}

/// The first of these that waiting alone does not help.
pub fn failure(waits: &[Wait]) -> Option<&Wait> {
    waits.iter().find(|wait| wait.lack.is_failure())
}
