//! Why a terminal is over.

use serde::Serialize;
use supervisor_proto::v1::terminal_ended::Reason;

/// Why, as a tab is told; the page has the sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The shell ended by itself.
    Exited,
    /// The container stopped.
    ContainerStopped,
    /// The app was restarted.
    AppRestarted,
    /// The app was purged.
    AppPurged,
    /// The app was updated.
    AppUpdated,
    /// The app was stopped.
    AppStopped,
    /// The app was removed.
    AppRemoved,
    /// Core was asked to stop.
    CoreStopping,
    /// The container engine went away.
    EngineLost,
    /// Core went away, or said nothing that is known.
    CoreLost,
    /// `POST /v1/despawn-tty`.
    Despawned,
    /// A terminal in another service of the app was asked for.
    Replaced,
    /// Nobody used it for too long.
    Expired,
    /// Its tunnel ended.
    TunnelEnded,
    /// This process was asked to stop.
    FrontendStopping,
}

impl From<Reason> for Ending {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Exited => Self::Exited,
            Reason::ContainerStopped => Self::ContainerStopped,
            Reason::AppRestarted => Self::AppRestarted,
            Reason::AppPurged => Self::AppPurged,
            Reason::AppUpdated => Self::AppUpdated,
            Reason::AppStopped => Self::AppStopped,
            Reason::AppRemoved => Self::AppRemoved,
            Reason::ShuttingDown => Self::CoreStopping,
            Reason::EngineLost => Self::EngineLost,
            Reason::Unspecified => Self::CoreLost,
        }
    }
}
