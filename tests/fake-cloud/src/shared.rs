//! What the server's thread and the test share.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{signer::Signer, world::World};

/// The world, and word of each change of it.
#[derive(Debug)]
pub struct Shared {
    world: Mutex<World>,
    changed: Condvar,
    signer: Signer,
}

impl Shared {
    pub const fn new(world: World, signer: Signer) -> Self {
        Self { world: Mutex::new(world), changed: Condvar::new(), signer }
    }

    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes or asks the world, and wakes whoever waits for it to change.
    pub fn with<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let done = change(&mut self.world());
        self.changed.notify_all();
        done
    }

    /// Asks the world.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world())
    }

    /// Waits until `look` finds something; `None` when it does not in time.
    pub fn wait<T>(&self, deadline: Duration, mut look: impl FnMut(&World) -> Option<T>) -> Option<T> {
        let end = Instant::now() + deadline;
        let mut world = self.world();
        loop {
            if let Some(found) = look(&world) {
                return Some(found);
            }
            let left = end.checked_duration_since(Instant::now())?;
            world = self.changed.wait_timeout(world, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
