//! Whether an update that waits may be carried out, by the device's clock and boot.

use super::Context;
use crate::domain::{apply_time::Verdict, waiting_update::WaitingUpdate};

/// Asks the clock only where the time of the day is in question.
pub async fn verdict(context: &Context, update: &WaitingUpdate) -> Verdict {
    let clock_is_right = !update.asks_the_clock() || context.clock.is_right().await;
    update.verdict(context.clock.now_s(), clock_is_right, &context.boot_id)
}
