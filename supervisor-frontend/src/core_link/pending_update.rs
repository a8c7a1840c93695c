//! Update wishes on their way to core. Several become one, so nothing piles up while core is away.

use std::sync::{Mutex, PoisonError};

use supervisor_proto::v1::UpdateRequest;
use tokio::sync::Notify;

/// What a caller of `/v1/update` wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpdateWish {
    /// Override update locks.
    pub force: bool,
    /// Abort a running pull.
    pub cancel: bool,
    /// Carry out what waits for its time.
    pub apply: bool,
}

impl From<UpdateWish> for UpdateRequest {
    fn from(wish: UpdateWish) -> Self {
        Self { force: wish.force, cancel: wish.cancel, apply: wish.apply }
    }
}

/// Holds the wishes that core has not heard yet, merged.
#[derive(Debug, Default)]
pub struct PendingUpdate {
    wish: Mutex<Option<UpdateWish>>,
    added: Notify,
}

impl PendingUpdate {
    /// Adds a wish and wakes the link. A forced wish stays forced, whatever follows it.
    pub fn add(&self, wish: UpdateWish) {
        self.put_back(wish);
        self.added.notify_one();
    }

    /// Keeps a wish that core did not hear, without waking the link.
    pub fn put_back(&self, wish: UpdateWish) {
        let mut held = self.wish.lock().unwrap_or_else(PoisonError::into_inner);
        let before = held.unwrap_or_default();
        *held = Some(UpdateWish {
            force: before.force | wish.force,
            cancel: before.cancel | wish.cancel,
            apply: before.apply | wish.apply,
        });
    }

    /// Takes what is pending.
    pub fn take(&self) -> Option<UpdateWish> {
        self.wish.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits until a wish has been added.
    pub async fn added(&self) {
        self.added.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_while_core_is_away_become_one_and_keep_force() {
        let pending = PendingUpdate::default();
        pending.add(UpdateWish { force: true, ..UpdateWish::default() });
        pending.add(UpdateWish::default());
        pending.put_back(UpdateWish { cancel: true, ..UpdateWish::default() });
        pending.add(UpdateWish { apply: true, ..UpdateWish::default() });
        assert_eq!(pending.take(), Some(UpdateWish { force: true, cancel: true, apply: true }));
        assert_eq!(pending.take(), None);
    }
}
