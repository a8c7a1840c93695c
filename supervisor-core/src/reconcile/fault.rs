//! Whose fault it is that a step of a plan failed: a release's own, or that of something around it.

use std::time::Duration;

use crate::{domain::step::Step, error::CoreError, ports::engine::EngineError};

/// A failure for which the release that a plan leads to has to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be made or started as it is.
    ForGood,
    /// It may be, later: a port may become free.
    ForNow,
    /// Its image does not come, and the release before has made way for it.
    NotFetched,
}

/// How long the engine may refuse a step that may help to try again.
const REFUSED: Duration = Duration::from_mins(1);
/// How long an image may not come: a registry or the network is away longer than a port is taken.
const NOT_FETCHED: Duration = Duration::from_mins(10);

impl Fault {
    /// Of a step that failed; none where the release is not to blame, or nothing has been done for it yet.
    pub fn of(step: &Step, error: &CoreError) -> Option<Self> {
        makes(step).then(|| blame(error)).flatten()
    }

    /// Of a pull that failed while nothing runs in place of what was taken away for it.
    pub fn of_pull(error: &CoreError) -> Option<Self> {
        let is_refused = matches!(
            error,
            CoreError::NoSpace { .. }
                | CoreError::Engine(EngineError::NotPulled { .. } | EngineError::Refused { .. })
        );
        is_refused.then_some(Self::NotFetched)
    }

    /// How long it may last before the release is given up.
    pub const fn time(self) -> Duration {
        match self {
            Self::ForGood => Duration::ZERO,
            Self::ForNow => REFUSED,
            Self::NotFetched => NOT_FETCHED,
        }
    }
}

/// Whether the step makes or starts a part of the release.
const fn makes(step: &Step) -> bool {
    match step {
        Step::RemoveNetwork { .. }
        | Step::CreateNetwork { .. }
        | Step::CreateVolume { .. }
        | Step::CreateContainer { .. }
        | Step::ConnectNetwork { .. }
        | Step::StartContainer { .. } => true,
        Step::PullImage { .. }
        | Step::StopContainer { .. }
        | Step::RemoveContainer { .. }
        | Step::RemoveImage { .. }
        | Step::RenameContainer { .. }
        | Step::AwaitHandover { .. }
        | Step::EmptyData
        | Step::RemoveVolume { .. }
        | Step::RecordEmptied
        | Step::CreateSupervisorNetwork
        | Step::CloseIntents
        | Step::ForgetApp => false,
    }
}

fn blame(error: &CoreError) -> Option<Fault> {
    match error {
        CoreError::Engine(EngineError::Refused { status, .. }) => {
            // Only a request that can never be right; an absent or a taken thing may come or go.
            Some(if *status == 400 { Fault::ForGood } else { Fault::ForNow })
        }
        // Asked right before the engine is told: the plan as a whole was allowed.
        CoreError::NotGranted(_) | CoreError::NoSuchVolume { .. } | CoreError::NoSuchNetwork { .. } => {
            Some(Fault::ForGood)
        }
        CoreError::NetworkInUse { .. } => Some(Fault::ForNow),
        _ => None,
    }
}
