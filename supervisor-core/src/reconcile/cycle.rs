//! Cycles of observe, plan and execute, until the plan is empty.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use supervisor_proto::ids::{AppId, ServiceName};
use tokio::sync::{Notify, mpsc};

use super::{
    Context,
    cancellation::{Cancellation, Cancels, Hearing},
    execute::Executor,
    fault::Fault,
    fetch::Fetcher,
    first_record::FirstRecord,
    handover::Handovers,
    observe::{observe, render_for},
    status::AppStatus,
    step_told::Told,
    warrant::permit_plan,
    worker::Command,
};
use crate::{
    domain::{
        dependency::Wait,
        download::Download,
        event::{LockChange, What},
        explain::{Explanation, Explanations, Situation, explain},
        observed::Observed,
        plan::{Plan, plan},
        record::AppRecord,
        step::Step,
        wanted::Wanted,
    },
    error::{CoreError, chain},
    ports::host_files::LockToken,
};

/// More plans in a row than any way to a target takes; then the engine does not do what it says.
const MAX_ROUNDS: u32 = 12;

/// How a cycle ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is as it should be.
    Converged,
    /// The app is gone and its record deleted.
    Forgotten,
    /// Everything but what has to wait.
    Waiting {
        /// Services that wait for an API key.
        api: Vec<ServiceName>,
        /// Services that wait for others.
        others: Vec<Wait>,
    },
}

/// The services whose update locks are ours.
pub type Held = BTreeSet<ServiceName>;

/// What others may change while a cycle runs.
#[derive(Debug, Default)]
pub struct Signals {
    /// Look again.
    pub nudge: Notify,
    /// It is somebody who asks for that, not something that happened to a container.
    pub asked: AtomicBool,
    /// What the device has for its apps is not what it was: what failed may succeed now.
    pub changed: AtomicBool,
    /// Override the update locks in the running or next cycle.
    pub force: AtomicBool,
    /// End the download of the update under way.
    pub cancels: Cancels,
    /// Carry out the update that waits, once it is downloaded.
    pub apply: AtomicBool,
    /// Adoption leaves a record here for a worker that never had one.
    pub first_record: FirstRecord,
}

/// The state of one app's cycles.
pub struct Cycle<'a> {
    /// What every worker shares.
    pub context: &'a Context,
    /// The app's record, as it is on disk.
    pub record: &'a mut AppRecord,
    /// What others may change meanwhile.
    pub signals: &'a Signals,
    /// What the worker is asked meanwhile.
    pub commands: &'a mpsc::Receiver<Command>,
    /// Whose update locks are ours at the moment.
    pub held: &'a mut Option<Held>,
    /// How far the update's images are.
    pub download: &'a Mutex<Download>,
    /// Whether that was cancelled.
    pub cancellation: &'a mut Cancellation,
    /// Which new containers run beside their predecessor, and since when.
    pub handovers: &'a mut Handovers,
    /// That the target itself is to blame for a failure.
    pub fault: &'a mut Option<Fault>,
}

impl Cycle<'_> {
    fn app(&self) -> AppId {
        self.record.app_id()
    }

    /// Runs until the plan is empty or a step fails.
    pub async fn run(&mut self) -> Result<Outcome, CoreError> {
        for round in 0..MAX_ROUNDS {
            let (wanted, observed) = observe(self.context, self.record).await?;
            let plan = plan(self.record, &wanted, &observed);
            self.context.status.update(self.record.app_id(), |status| {
                status.describe(self.record);
                status.render(&wanted);
                status.observe(&observed);
                let waits = self.record.waiting.is_some();
                status.update_pending = waits || !plan.steps.is_empty() || !plan.waits.is_empty();
                status.waiting_for = plan.waits.iter().map(ToString::to_string).collect();
                let pulls = plan.steps.iter().any(|step| matches!(step, Step::PullImage { .. }));
                if !waits {
                    status.update_downloaded = status.update_pending && !pulls;
                }
            });
            if plan.steps.is_empty() {
                if round > 0 {
                    self.context.settled.notify_one();
                    let settled = || What::CycleEnded { error: String::new() };
                    self.context.events.tell(self.app(), settled);
                }
                return Ok(if plan.waiting_for_api.is_empty() && plan.waits.is_empty() {
                    let status = |status: &mut AppStatus| status.settle(self.record);
                    self.context.status.update(self.record.app_id(), status);
                    Outcome::Converged
                } else {
                    Outcome::Waiting { api: plan.waiting_for_api, others: plan.waits }
                });
            }
            let there = observed.containers.iter().filter_map(|c| c.service.clone()).collect();
            let situation = Situation { record: self.record, wanted: &wanted, observed: &observed };
            let why = explain(situation, &plan, &|record| render_for(self.context, record, &observed));
            let permitted = permit_plan(self.context, self.record, &wanted, &plan.steps).await;
            if permitted.is_err() && self.record.rollout.is_disturbed(&observed) {
                *self.fault = Some(Fault::ForGood);
            }
            permitted?;
            let executed = self.execute(&plan, &wanted, &there, &why).await;
            executed.inspect_err(|error| self.blame_pull(error, &observed))?;
            if plan.steps.contains(&Step::ForgetApp) {
                return Ok(Outcome::Forgotten);
            }
        }
        // A container that ends as soon as it is started, for example.
        *self.fault = Some(Fault::ForNow);
        Err(CoreError::StillInProgress { waiting_for: "the engine to keep what it was told".to_owned() })
    }

    /// A pull is to blame only once something has made way for it.
    fn blame_pull(&mut self, error: &CoreError, observed: &Observed) {
        if self.fault.is_none() && self.record.rollout.has_made_way(observed) {
            *self.fault = Fault::of_pull(error);
        }
    }

    /// What ends the plan's download. One that was cancelled already is no reason to take anything away for it.
    fn expect_downloads(&mut self, plan: &Plan) -> Result<Hearing, CoreError> {
        let images: BTreeSet<&str> = plan.steps.iter().filter_map(image).collect();
        if images.is_empty() {
            self.cancellation.forget();
        }
        let cancelled = self.cancellation.hear(&self.signals.cancels);
        if cancelled.is_said() {
            return Err(CoreError::Cancelled);
        }
        self.download.lock().unwrap_or_else(PoisonError::into_inner).expect(&images);
        Ok(cancelled)
    }

    pub(super) async fn execute(
        &mut self,
        plan: &Plan,
        wanted: &Wanted,
        there: &Held,
        why: &Explanations,
    ) -> Result<(), CoreError> {
        let cancelled = &self.expect_downloads(plan)?;
        let app = self.app();
        let mut made = BTreeMap::new();
        for (index, step) in plan.steps.iter().enumerate() {
            if *self.context.closing.borrow() {
                return Err(CoreError::ShuttingDown);
            }
            if plan.needs_locks(step) {
                self.lock(there).await?;
            }
            // With the record goes the word by which they are known as ours.
            if *step == Step::ForgetApp
                && let Some(held) = self.held.take()
            {
                release_locks(self.context, self.record, &held).await;
            }
            if let Some(image) = image(step) {
                Fetcher::of_target(self.context, self.record, cancelled, self.download)
                    .look_for_room(image)
                    .await?;
            }
            let reason = || step.service().and_then(|name| why.get(name)).map(Explanation::because);
            let told = Told { app, step, number: index + 1, of: plan.steps.len() };
            let begun = told.begin(self.context, || reason().unwrap_or_default());
            let (context, signals, commands) = (self.context, self.signals, self.commands);
            let (record, handovers, download) = (&mut *self.record, &mut *self.handovers, self.download);
            let made = &mut made;
            let mut executor = Executor {
                context,
                record,
                wanted,
                why,
                signals,
                commands,
                download,
                cancelled,
                made,
                handovers,
            };
            let result = executor.execute(step).await;
            told.end(self.context, begun, &result);
            if let Err(error) = &result {
                *self.fault = Fault::of(step, error);
            }
            result?;
        }
        Ok(())
    }

    /// Takes the update locks, unless they are ours already or are overridden.
    /// A service that the target has dropped has a say as long as its container is there.
    async fn lock(&mut self, there: &Held) -> Result<(), CoreError> {
        if self.held.is_some() {
            return Ok(());
        }
        if self.record.override_locks || self.signals.force.load(Ordering::Relaxed) {
            self.context.events.tell(self.app(), || What::LocksChanged(LockChange::Overridden));
            return Ok(());
        }
        *self.held = Some(take_locks(self.context, self.record, there.clone()).await?);
        Ok(())
    }
}

/// The image that a step fetches.
fn image(step: &Step) -> Option<&str> {
    match step {
        Step::PullImage { image } => Some(image),
        _ => None,
    }
}

fn lock_facts(record: &AppRecord, others: &Held) -> Result<(LockToken, Vec<ServiceName>), CoreError> {
    let token = LockToken::parse(&record.lock_token).ok_or_else(|| CoreError::InvalidField {
        field: "lock_token".to_owned(),
        problem: "it is not 32 hexadecimal digits".to_owned(),
    })?;
    let all: BTreeSet<&ServiceName> = record.target.services.keys().chain(others).collect();
    Ok((token, all.into_iter().cloned().collect()))
}

/// Takes the update locks of every service of the record, and of `others`.
pub async fn take_locks(context: &Context, record: &AppRecord, others: Held) -> Result<Held, CoreError> {
    let (token, services) = lock_facts(record, &others)?;
    context.files.take_locks(record.app_id(), &services, &token).await?;
    context.events.tell(record.app_id(), || What::LocksChanged(LockChange::Taken));
    Ok(services.into_iter().collect())
}

/// Gives the update locks back; a failure is logged, as there is nobody to tell.
pub async fn release_locks(context: &Context, record: &AppRecord, held: &Held) {
    if !held.is_empty() {
        context.events.tell(record.app_id(), || What::LocksChanged(LockChange::Released));
    }
    let released = match lock_facts(record, held) {
        Ok((token, services)) => {
            context.files.release_locks(record.app_id(), &services, &token).await.map_err(CoreError::from)
        }
        Err(error) => Err(error),
    };
    if let Err(error) = released {
        log::error!("update locks not released app_id={} error='{}'", record.app_id(), chain(&error));
    }
}
