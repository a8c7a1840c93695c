//! From core's journal into the buffer. Core may restart: what was heard is not asked for again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use supervisor_proto::{
    client::{CallError, CoreClient},
    v1::FollowJournalRequest,
};
use tokio::time::sleep;

use super::{buffer::Buffer, line};
use crate::{core_link::presence::Sessions, error_chain::chain};

/// What core's log shows for it.
const REQUEST_ID: &str = "log-stream";
/// Core is asked again when it comes back, and after so long.
const RETRY: Duration = Duration::from_secs(30);

/// Reads for ever.
pub(super) async fn run(core: &CoreClient, mut sessions: Sessions, buffer: &Buffer) {
    let mut since_ns = now_ns();
    loop {
        sessions.borrow_and_update();
        if let Err(error) = follow(core, &mut since_ns, buffer).await {
            log::debug!("core's journal not read error='{}'", chain(&error));
        }
        tokio::select! {
            came = sessions.changed() => if came.is_err() { std::future::pending::<()>().await },
            () = sleep(RETRY) => {}
        }
    }
}

async fn follow(core: &CoreClient, since_ns: &mut u64, buffer: &Buffer) -> Result<(), CallError> {
    let request = FollowJournalRequest { since_ns: *since_ns };
    let mut lines = core.follow_journal(request, REQUEST_ID).await?;
    // A stream that breaks is opened again as one that ends.
    while let Ok(Some(said)) = lines.message().await {
        *since_ns = (*since_ns).max(said.time_ns.saturating_add(1));
        if said.dropped > 0 {
            buffer.lost(said.dropped);
        }
        if let Some(line) = line::encode(&said) {
            buffer.push(line);
        }
    }
    Ok(())
}

fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
