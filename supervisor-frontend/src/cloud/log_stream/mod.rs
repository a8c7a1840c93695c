//! What the cloud's apps say goes to the cloud as it is said: `POST /device/v2/<uuid>/log-stream`.
//!
//! ```text
//! core's journal ─▶ source ─▶ buffer (256 KiB) ─▶ upload: NDJSON, gzip, chunked
//! ```
//!
//! Only apps that the cloud itself wanted are in core's journal. Nothing is kept on disk: what finds no room is left out,
//! counted, and said so in the stream. Where the cloud wants no logs, core is not asked for any.

pub mod backoff;
pub mod buffer;
pub mod line;
mod sender;
mod source;
mod upload;

use std::{sync::Arc, time::Duration};

use supervisor_proto::client::CoreClient;
use tokio::sync::watch;

use super::{IdentityWatch, api::ApiClient, settings::CloudSettings};
use crate::core_link::presence::Sessions;
use buffer::Buffer;

/// The times that the stream keeps to.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// From one piece of the stream to the next, at least.
    pub spacing: Duration,
    /// From the end of one stream to the next, at least.
    pub between: Duration,
    /// A stream on which nothing was said for so long is closed; the next line opens another.
    pub idle: Duration,
    /// A stream is closed after so long, so that a connection that died unnoticed is found out.
    pub longest: Duration,
    /// The first wait after a failure; it doubles.
    pub backoff: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            spacing: Duration::from_millis(200),
            between: Duration::from_secs(1),
            idle: Duration::from_mins(1),
            longest: Duration::from_mins(10),
            backoff: Duration::from_secs(5),
        }
    }
}

/// Where lines come from, and where they go.
#[derive(Debug)]
pub struct LogStream {
    /// The cloud, or whom it names for logs.
    pub client: ApiClient,
    /// Who says it.
    pub identity: IdentityWatch,
    /// Whether the cloud wants it.
    pub settings: watch::Receiver<CloudSettings>,
    /// Core.
    pub core: Arc<CoreClient>,
    /// Core's comings.
    pub sessions: Sessions,
    /// When.
    pub timing: Timing,
}

impl LogStream {
    /// Streams while the device is known to its cloud and the cloud wants logs. Never returns.
    pub async fn run(mut self) {
        if self.identity.wait_for(Option::is_some).await.is_err() {
            return std::future::pending().await;
        }
        loop {
            wait_until(&mut self.settings, true).await;
            let buffer = Arc::new(Buffer::default());
            let mut settings = self.settings.clone();
            tokio::select! {
                () = wait_until(&mut settings, false) => log::info!("the cloud wants no logs, none are read"),
                () = source::run(&self.core, self.sessions.clone(), &buffer) => {}
                () = sender::run(&self, &buffer) => {}
            }
        }
    }
}

/// Until logs are wanted, or not.
async fn wait_until(settings: &mut watch::Receiver<CloudSettings>, wanted: bool) {
    if settings.wait_for(|settings| settings.logs == wanted).await.is_err() {
        std::future::pending::<()>().await;
    }
}
