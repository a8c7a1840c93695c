//! How intents get on disk: before anything is done for them, and when they cannot be carried out.

use std::sync::{Mutex, atomic::Ordering};

use super::{Worker, trial::Trying};
use crate::{
    domain::{
        event::What,
        intent::{Action, edit},
        record::{AppRecord, AppliedBy, PurgePhase},
        waiting_update::put_off,
    },
    error::{CoreError, chain},
    ports::host_files::HostFilesError,
};

impl Worker {
    /// Checks the action, takes the locks it needs, and puts its intent on disk. After an error nothing has
    /// changed.
    pub(super) async fn accept(&mut self, action: &Action, force: bool) -> Result<(), CoreError> {
        let current = match (&self.record, action) {
            (Some(record), Action::Apply(_, AppliedBy::Frontend) | Action::Withdraw)
                if record.is_owners() =>
            {
                return Err(CoreError::OwnersApp(self.app));
            }
            (Some(record), _) => record.clone(),
            (None, Action::Apply(target, by)) => {
                AppRecord::applied(target.as_ref().clone(), *by, fresh_token()?)
            }
            (None, _) => return Err(CoreError::AppNotFound(self.app)),
        };
        let mut next = edit(&current, action)
            .map_err(|missing| CoreError::ServiceNotFound { app: self.app, service: missing.0 })?;
        if let (Action::Apply(target, by), Some(current)) = (action, &self.record) {
            next = put_off(current, next, target, *by, &self.context.boot_id);
        }
        let takes_away = match action {
            Action::Restart(_) | Action::Purge | Action::Stop(_) | Action::Remove | Action::Withdraw => true,
            // A new target is kept even while updates are locked; it is carried out later.
            Action::Apply(..) | Action::Start(_) => false,
        };
        if *action == Action::Purge {
            // What cannot be emptied is found before the app is taken down for it.
            self.context.files.check_data(self.app).await?;
        }
        next.override_locks |= force && takes_away;
        if takes_away && !next.override_locks {
            self.held = Some(self.take_locks_of(&current).await?);
        }
        // A cloud says the same again and again: nothing is written for that.
        let is_known = matches!(action, Action::Apply(..)) && !self.unsaved;
        let is_repeated = is_known && self.record.as_ref() == Some(&next);
        if !is_repeated {
            self.context.store.save_app(&next).await?;
        }
        if force {
            self.signals.force.store(true, Ordering::Relaxed);
        }
        if is_repeated {
            return Ok(());
        }
        if self.record.as_ref().map(|record| &record.target) != Some(&next.target) {
            (self.trying, self.download) = (Trying::new(), Mutex::default());
        }
        log::info!("intent stored app_id={} action={}", self.app, action.name());
        self.context.events.tell(self.app, || What::ActionAccepted { action: action.name(), force });
        self.record = Some(next);
        self.unsaved = false;
        self.signals.first_record.is_here();
        Ok(())
    }

    /// Puts a rebuilt record on disk; until that succeeds it can be rebuilt again.
    pub(super) async fn save_adopted(&mut self) {
        let Some(record) = self.record.as_ref().filter(|_| self.unsaved) else { return };
        match self.context.store.save_app(record).await {
            Ok(()) => self.unsaved = false,
            Err(error) => log::error!("app record not stored app_id={} error='{}'", self.app, chain(&error)),
        }
    }

    /// A purge that something of the owner's stands in the way of is given up: the app runs again with what
    /// is left of its data, and the caller is told.
    pub(super) async fn gives_up_purge(&mut self, error: &CoreError) -> bool {
        let blocked = matches!(
            error,
            CoreError::Files(HostFilesError::MountPoint { .. } | HostFilesError::Unsafe { .. })
                | CoreError::VolumeInUse { .. }
                | CoreError::NotGranted(_)
        );
        let Some(record) = self.record.as_mut().filter(|r| blocked && r.purge == Some(PurgePhase::Requested))
        else {
            return false;
        };
        let next = AppRecord { purge: None, ..record.clone() };
        if self.context.store.save_app(&next).await.is_err() {
            return false;
        }
        *record = next;
        true
    }
}

/// A new word for an app's update locks.
pub fn fresh_token() -> Result<String, CoreError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| CoreError::StillInProgress {
        waiting_for: "random numbers from the kernel".to_owned(),
    })?;
    Ok(crate::domain::container::hex(&bytes))
}
