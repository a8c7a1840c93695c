//! Whose fault it is that a step of a plan failed: a release's own, or that of something around it.

use crate::{domain::step::Step, error::CoreError, ports::engine::EngineError};

/// A failure for which the release that a plan leads to has to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be made or started as it is.
    ForGood,
    /// It may be, later: a port may become free.
    ForNow,
}

impl Fault {
    /// Of a step that failed; none where the release is not to blame, or nothing has been done for it yet.
    pub fn of(step: &Step, error: &CoreError) -> Option<Self> {
        makes(step).then(|| blame(error)).flatten()
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
            Some(if (400..500).contains(status) { Fault::ForGood } else { Fault::ForNow })
        }
        // Asked right before the engine is told: the plan as a whole was allowed.
        CoreError::NotGranted(_)
        | CoreError::NoSuchVolume { .. }
        | CoreError::NoSuchNetwork { .. }
        | CoreError::NetworkInUse { .. } => Some(Fault::ForGood),
        _ => None,
    }
}
