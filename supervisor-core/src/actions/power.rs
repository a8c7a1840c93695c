//! Reboot and power-off: check, lock, remember, answer, and a moment later act. One task owns all of it, so
//! that requests come one after the other and a caller that goes away changes nothing.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use crate::{
    error::{CoreError, chain},
    ports::{
        power::{PowerAction, PowerManager},
        store::{PowerIntent, Store},
    },
    reconcile::{LockHold, Reconciler},
};

/// How long busy workers may keep a power action waiting that does not override their locks. Under the
/// clients' deadline for quick calls.
const LOCK_DEADLINE: Duration = Duration::from_secs(4);
/// An intent older than this is not replayed: whoever asked has long seen that nothing happened.
const REPLAY_WITHIN: Duration = Duration::from_mins(1);
/// Requests that may wait for each other.
const QUEUE_DEPTH: usize = 8;

/// Tells one boot from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// `/proc/sys/kernel/random/boot_id`; empty when it is not known.
    pub id: String,
}

impl Boot {
    /// Time since this boot, suspended time included.
    pub fn uptime() -> Duration {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
    }
}

enum Command {
    Request { action: PowerAction, force: bool, reply: oneshot::Sender<Result<Duration, CoreError>> },
    Replay(PowerIntent),
}

/// The device's power.
#[derive(Debug, Clone)]
pub struct PowerActions {
    commands: mpsc::Sender<Command>,
}

impl PowerActions {
    /// Acts `delay` after it has answered. Has to be called on a runtime.
    pub fn new(
        manager: Arc<dyn PowerManager>,
        reconciler: Arc<Reconciler>,
        store: Arc<dyn Store>,
        boot: Boot,
        delay: Duration,
    ) -> Self {
        let (commands, receiver) = mpsc::channel(QUEUE_DEPTH);
        tokio::spawn(Keeper { manager, reconciler, store, boot, delay, pending: None }.run(receiver));
        Self { commands }
    }

    /// Accepts a power action, or says why not. It replaces one that is pending. Returns the delay.
    pub async fn request(&self, action: PowerAction, force: bool) -> Result<Duration, CoreError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Request { action, force, reply };
        self.commands.send(command).await.map_err(|_| CoreError::ShuttingDown)?;
        answer.await.unwrap_or(Err(CoreError::ShuttingDown))
    }

    /// Carries out an action that was accepted before core ended, on the same boot and not long ago.
    pub async fn replay(&self, intent: PowerIntent) {
        // The task is gone only when the runtime is.
        let _ = self.commands.send(Command::Replay(intent)).await;
    }
}

struct Pending {
    action: PowerAction,
    at: Instant,
    /// `None` when the locks were overridden.
    hold: Option<LockHold>,
}

struct Keeper {
    manager: Arc<dyn PowerManager>,
    reconciler: Arc<Reconciler>,
    store: Arc<dyn Store>,
    boot: Boot,
    delay: Duration,
    pending: Option<Pending>,
}

impl Keeper {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        while let Some(command) = self.next(&mut commands).await {
            match command {
                Command::Request { action, force, reply } => {
                    // A caller that has gone away does not take its request with it.
                    let _ = reply.send(self.accept(action, force).await);
                }
                Command::Replay(intent) => self.replay(&intent).await,
            }
        }
        // Nobody can ask any more, but what was accepted is still done.
        if let Some(at) = self.pending.as_ref().map(|pending| pending.at) {
            sleep_until(at).await;
            self.act().await;
        }
    }

    /// The next command; what is due meanwhile is done.
    async fn next(&mut self, commands: &mut mpsc::Receiver<Command>) -> Option<Command> {
        loop {
            let Some(at) = self.pending.as_ref().map(|pending| pending.at) else {
                return commands.recv().await;
            };
            tokio::select! {
                biased;
                () = sleep_until(at) => self.act().await,
                command = commands.recv() => return command,
            }
        }
    }

    async fn accept(&mut self, action: PowerAction, force: bool) -> Result<Duration, CoreError> {
        self.manager.check(action).await?;
        let hold = match self.pending.take() {
            // The pending action's locks pass on to this one.
            Some(replaced) if replaced.hold.is_some() => replaced.hold,
            _ if force => None,
            replaced => match self.reconciler.hold_locks(LOCK_DEADLINE).await {
                Ok(hold) => Some(hold),
                Err(error) => {
                    self.pending = replaced;
                    return Err(error);
                }
            },
        };
        let intent = PowerIntent {
            power_off: action == PowerAction::PowerOff,
            boot_id: self.boot.id.clone(),
            accepted_uptime_ms: u64::try_from(Boot::uptime().as_millis()).unwrap_or(u64::MAX),
        };
        if let Err(error) = self.store.save_power(Some(&intent)).await {
            // A full disk must not keep a device from rebooting; only a crash in the next second would matter.
            log::error!("power intent not stored action={action} error='{}'", chain(&error));
        }
        self.pending = Some(Pending { action, at: Instant::now() + self.delay, hold });
        Ok(self.delay)
    }

    async fn replay(&mut self, intent: &PowerIntent) {
        let age = Boot::uptime().checked_sub(Duration::from_millis(intent.accepted_uptime_ms));
        let fresh = age.is_some_and(|age| age <= REPLAY_WITHIN);
        if !fresh || self.boot.id.is_empty() || intent.boot_id != self.boot.id {
            return self.forget().await;
        }
        let action = if intent.power_off { PowerAction::PowerOff } else { PowerAction::Reboot };
        log::warn!("power action replayed action={action}");
        self.pending = Some(Pending { action, at: Instant::now(), hold: None });
    }

    /// The locks are given back when logind has accepted or failed.
    async fn act(&mut self) {
        let Some(Pending { action, hold, .. }) = self.pending.take() else { return };
        match self.manager.execute(action).await {
            Ok(()) => log::info!("power action accepted by logind action={action}"),
            Err(error) => log::error!("power action failed action={action} error='{}'", chain(&error)),
        }
        self.forget().await;
        drop(hold);
    }

    async fn forget(&self) {
        if let Err(error) = self.store.save_power(None).await {
            log::error!("power intent not deleted error='{}'", chain(&error));
        }
    }
}
