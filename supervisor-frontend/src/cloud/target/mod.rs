//! What the cloud wants to run: asked for, kept, and passed on to core.
//!
//! ```text
//! schedule ─▶ poll ─▶ device_target ─▶ apply (ledger) ─▶ core
//!               ▲▼                 └─▶ controls ───────▶ core
//!              cache
//! ```

pub mod apply;
pub mod cache;
pub mod controls;
pub mod device_target;
pub mod ledger;
pub mod nudge;
pub mod poll;
pub mod schedule;

use std::sync::Arc;

use tokio::sync::watch;

use self::{apply::Applier, controls::Controls, poll::Poll};
use super::identity::Identity;

/// The longest answer that is read, decompressed.
pub const MAX_BODY_BYTES: usize = 4 << 20;

/// Asks, keeps and passes on for as long as it is not dropped; nothing while the device is not registered.
pub async fn run(
    poll: Poll,
    applier: Applier,
    controls: Controls,
    identity: watch::Receiver<Option<Arc<Identity>>>,
) {
    tokio::join!(ask(poll, identity), applier.run(), controls.run());
}

/// Asks as whoever the device is now.
async fn ask(poll: Poll, mut identity: watch::Receiver<Option<Arc<Identity>>>) {
    loop {
        let now = identity.borrow_and_update().clone();
        let asked = async {
            match now {
                Some(identity) => poll.run(&identity).await,
                None => std::future::pending().await,
            }
        };
        // Where nobody can say anything new, the device stays who it is.
        let replaced = async {
            if identity.changed().await.is_err() {
                std::future::pending().await
            }
        };
        tokio::select! {
            () = asked => {}
            () = replaced => {}
        }
    }
}
