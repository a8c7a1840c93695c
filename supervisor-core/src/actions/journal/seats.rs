//! How many may follow at once: each follower reads every container of the cloud's apps.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::reconcile::attachments::Full;

/// Role frontend's followers. One is enough; the other is for a stream that is opened again before the broken one's end is
/// noticed.
const OF_THE_FRONTEND: usize = 2;

/// The places there are.
pub struct Seats(Arc<Semaphore>);

/// A place, taken until it is dropped.
pub struct Seat {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Default for Seats {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(OF_THE_FRONTEND)))
    }
}

impl Seats {
    /// Takes one; the owner's are not counted.
    pub fn take(&self, by_owner: bool) -> Result<Seat, Full> {
        if by_owner {
            return Ok(Seat { _permit: None });
        }
        match Arc::clone(&self.0).try_acquire_owned() {
            Ok(permit) => Ok(Seat { _permit: Some(permit) }),
            Err(_) => Err(Full {
                kind: "journal streams",
                what: "role frontend".to_owned(),
                limit: OF_THE_FRONTEND,
            }),
        }
    }
}
