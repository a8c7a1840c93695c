//! One stream after the other, and the waits between them.

use std::sync::Arc;

use tokio::time::sleep;

use super::{LogStream, backoff::Backoff, buffer::Buffer, upload::upload};
use crate::error_chain::chain;

/// Sends for ever. Without lines there is no connection.
pub(super) async fn run(stream: &LogStream, buffer: &Arc<Buffer>) {
    let mut backoff = Backoff::new(stream.timing.backoff);
    let mut complained: Option<String> = None;
    loop {
        buffer.filled().await;
        let identity = stream.identity.borrow().clone();
        let Some(identity) = identity else { return std::future::pending().await };
        match upload(&stream.client, &identity, buffer, stream.timing).await {
            Ok(()) => {
                backoff.reset();
                complained = None;
                // Streams do not follow each other faster, however short they are.
                sleep(stream.timing.between).await;
            }
            Err(failure) => {
                let text = chain(&failure).to_string();
                if complained.as_deref() == Some(text.as_str()) {
                    log::debug!("logs not sent error='{text}'");
                } else {
                    log::warn!("logs not sent, tried again error='{text}'");
                    complained = Some(text);
                }
                sleep(backoff.next_wait(failure.retry_after(), draw())).await;
            }
        }
    }
}

/// From 0 to 1; the middle, where the kernel gives nothing.
fn draw() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}
