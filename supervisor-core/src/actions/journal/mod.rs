//! What the cloud's apps say, and what core says of them, for whoever follows. Nothing runs while nobody does.
//!
//! ```text
//! one reader for each container ─┐
//! core's own events ─────────────┴─▶ a bounded channel ─▶ the follower
//! ```
//!
//! A follower that is slow slows the readers; the engine keeps what they have not read.

mod follower;
mod reader;
pub mod seats;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::{domain::journal::Line, reconcile::Reconciler};
use follower::Follower;

/// Lines that wait for the follower.
const DEPTH: usize = 32;

/// Follows from `since_ns` on, nanoseconds since 1970; 0: from now on. Ends when the stream is dropped.
pub fn follow(reconciler: &Arc<Reconciler>, since_ns: u64) -> ReceiverStream<Line> {
    let (lines, receiver) = mpsc::channel(DEPTH);
    tokio::spawn(Follower::new(Arc::clone(reconciler), lines, since_ns).run());
    ReceiverStream::new(receiver)
}
