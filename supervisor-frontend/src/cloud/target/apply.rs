//! Tells core what the cloud wants to run, and shows what core makes of it.

use std::{sync::Arc, time::Duration};

use prost::Message as _;
use supervisor_proto::{
    client::{CallError, CoreClient},
    v1::{AppRequest, ApplyRequest, ErrorReason, Target},
};
use tokio::{sync::watch, time::sleep};

use super::{
    device_target::DeviceTarget,
    ledger::{Ledger, Order, Reply},
};
use crate::{
    cloud::{settings::CloudSettings, status::CloudBoard},
    core_link::apps_states::LastState,
    error_chain::chain,
};

/// What core's log shows for calls that no HTTP request caused.
const REQUEST_ID: &str = "cloud";
/// Core does not read more in one call.
const MAX_TARGET_BYTES: usize = 1000 << 10;
/// After what may pass by itself; doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_mins(5);
/// What was refused may be granted by now, and nobody says so.
const REFUSED_WAIT: Duration = Duration::from_hours(1);

/// Carries targets to core.
#[derive(Debug)]
pub struct Applier {
    /// Core.
    pub core: Arc<CoreClient>,
    /// Changes when core has come back, which may be another one.
    pub sessions: watch::Receiver<u64>,
    /// What core says of its apps.
    pub states: watch::Receiver<LastState>,
    /// What the cloud wants.
    pub targets: watch::Receiver<Option<Arc<DeviceTarget>>>,
    /// How it wants it.
    pub settings: watch::Receiver<CloudSettings>,
    /// Told what is refused.
    pub board: CloudBoard,
    /// Whose forced target has been passed on: the next session gets it without force.
    pub carried: Option<Arc<DeviceTarget>>,
}

/// How a round of orders ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// Core knows everything.
    Done,
    /// Core refused something.
    Refused,
    /// Something may pass by itself.
    Again,
}

impl Applier {
    /// Tells core for as long as it is not dropped.
    pub async fn run(mut self) {
        let mut ledger = Ledger::default();
        let mut wait = FIRST_WAIT;
        loop {
            let round = self.round(&mut ledger).await;
            let pause = match round {
                Round::Done => None,
                Round::Refused => Some(REFUSED_WAIT),
                Round::Again => Some(wait),
            };
            wait = if round == Round::Again { (wait * 2).min(LONGEST_WAIT) } else { FIRST_WAIT };
            if !self.changed(&mut ledger, pause, round).await {
                return;
            }
        }
    }

    /// Waits until there may be something to tell; false when nobody will ever say so.
    async fn changed(&mut self, ledger: &mut Ledger, pause: Option<Duration>, round: Round) -> bool {
        let paused = async {
            match pause {
                Some(pause) => sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        let outcome = tokio::select! {
            changed = self.sessions.changed() => { *ledger = Ledger::default(); changed }
            changed = self.targets.changed() => { ledger.forget_removals(); changed }
            changed = self.settings.changed() => changed,
            // Its own attempts may change the states: they must not follow each other without a pause.
            changed = self.states.changed(), if round != Round::Again => changed,
            () = paused => { ledger.forget_refusals(); Ok(()) }
        };
        outcome.is_ok()
    }

    async fn round(&mut self, ledger: &mut Ledger) -> Round {
        if *self.sessions.borrow_and_update() == 0 {
            return Round::Done;
        }
        let Some(target) = self.targets.borrow_and_update().clone() else { return Round::Done };
        let settings = self.settings.borrow_and_update().clone();
        let apps = self.states.borrow_and_update().clone().unwrap_or_default();
        let mut round = Round::Done;
        let force = target.is_forced && !self.carried.as_ref().is_some_and(|it| Arc::ptr_eq(it, &target));
        for order in ledger.orders(&target, &settings, &apps, force) {
            match self.tell(&order).await {
                Ok(reply) => ledger.note(order, reply),
                Err(error) => {
                    log::warn!("target not passed on, trying again error='{}'", chain(&error));
                    round = Round::Again;
                    if !matches!(error, CallError::Refused { .. }) {
                        break;
                    }
                }
            }
        }
        self.board.set_refused(&ledger.refused(&target));
        self.board.set_refused_releases(ledger.refused_releases(&target));
        if round == Round::Done {
            self.carried = Some(target);
        }
        if round == Round::Done && ledger.has_refusals() { Round::Refused } else { round }
    }

    /// Gives an order; an error is one that may pass by itself.
    async fn tell(&self, order: &Order) -> Result<Reply, CallError> {
        let (app_id, outcome) = match order {
            Order::Apply { target, force, .. } => (target.app_id, self.apply(target, *force).await),
            Order::Remove { app_id, force } => {
                let request = AppRequest { app_id: *app_id, force: *force, services: Vec::new() };
                (*app_id, self.core.remove(request, REQUEST_ID).await.map(drop))
            }
        };
        let verb = if matches!(order, Order::Apply { .. }) { "apply" } else { "remove" };
        match outcome {
            Ok(()) => log::info!("target passed on app_id={app_id} action={verb}"),
            // Somebody else removed it.
            Err(CallError::Refused { reason: ErrorReason::AppNotFound, .. }) if verb == "remove" => {}
            Err(CallError::Refused { reason, message, .. }) if !may_pass(reason) => {
                log::error!("core refuses the target app_id={app_id} action={verb} error='{message}'");
                return Ok(Reply::Refused(message));
            }
            Err(error) => return Err(error),
        }
        Ok(Reply::Taken)
    }

    async fn apply(&self, target: &Target, force: bool) -> Result<(), CallError> {
        if target.encoded_len() > MAX_TARGET_BYTES {
            return Err(CallError::Refused {
                reason: ErrorReason::InvalidArgument,
                subject: String::new(),
                message: format!("the app's target has more than {MAX_TARGET_BYTES} bytes"),
            });
        }
        let request = ApplyRequest { target: Some(target.clone()), force, no_wait: true };
        self.core.apply(request, REQUEST_ID).await.map(drop)
    }
}

/// Whether the same order may be taken later.
const fn may_pass(reason: ErrorReason) -> bool {
    match reason {
        ErrorReason::UpdatesLocked
        | ErrorReason::EngineUnavailable
        | ErrorReason::StoreUnavailable
        | ErrorReason::StillInProgress
        | ErrorReason::Internal => true,
        ErrorReason::Unspecified
        | ErrorReason::InvalidArgument
        | ErrorReason::PeerDenied
        | ErrorReason::AppNotFound
        | ErrorReason::EngineRefused
        | ErrorReason::LogindUnavailable
        | ErrorReason::PowerRefused
        | ErrorReason::UnsafePath
        | ErrorReason::FrontendAbsent
        | ErrorReason::ContractMismatch
        | ErrorReason::ContainerNotRunning
        | ErrorReason::NoShell
        | ErrorReason::PolicyRefused
        | ErrorReason::LimitReached => false,
    }
}
