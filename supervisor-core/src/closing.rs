//! The end of core, as everything that waits can see it.

use tokio::sync::watch;

/// Resolves when core is ending.
pub async fn closed(mut closing: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is an end as well.
    let _ = closing.wait_for(|closing| *closing).await;
}
