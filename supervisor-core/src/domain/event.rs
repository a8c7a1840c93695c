//! What happens in core, for whoever follows it.

use supervisor_proto::ids::{AppId, ServiceName};

use super::{observed::ContainerId, step::Step};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, milliseconds since 1970.
    pub time_ms: u64,
    /// The app that it is about, if it is about one.
    pub app: Option<AppId>,
    /// What it was.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An action is on disk.
    ActionAccepted {
        /// The action's name.
        action: &'static str,
        /// It overrides the update locks.
        force: bool,
    },
    /// A step of a plan begins.
    StepBegun {
        /// The step.
        step: Step,
        /// Its number, from 1.
        number: usize,
        /// How many the plan has.
        of: usize,
        /// Why, to complete "because"; may be empty.
        reason: String,
    },
    /// A step has ended.
    StepEnded {
        /// The step.
        step: Step,
        /// How long it took.
        duration_ms: u64,
        /// Why it failed; empty for success.
        error: String,
    },
    /// A pull goes on.
    PullProgress {
        /// The image.
        image: String,
        /// 0 to 100, of the bytes of all images of the update.
        percent: u32,
        /// Bytes of them that have come.
        done_bytes: u64,
        /// Bytes of them in all, as far as is known; 0: nothing is known.
        total_bytes: u64,
    },
    /// Something happened to a container.
    ContainerChanged {
        /// The container's service, when its label tells.
        service: Option<ServiceName>,
        /// The container.
        container: ContainerId,
        /// What happened.
        happening: Happening,
    },
    /// Core took the app's update locks, gave them back, or acts without them.
    LocksChanged(LockChange),
    /// The app is as it should be (an empty error), or could not be brought there.
    CycleEnded {
        /// Why not.
        error: String,
    },
    /// A release on trial runs as it should.
    ReleasePassed {
        /// The release.
        commit: String,
    },
    /// A release on trial was given up.
    ReleaseFailed {
        /// The release.
        commit: String,
        /// The release that takes its place; empty for none.
        restored_commit: String,
        /// Why.
        reason: String,
    },
    /// The engine came or went.
    EngineChanged {
        /// It answers.
        available: bool,
    },
    /// An audited call has been answered.
    CallEnded {
        /// The caller's user.
        uid: u32,
        /// The caller's role.
        role: &'static str,
        /// The method, without the package.
        method: String,
        /// The gRPC code's name, or `CallerGone`.
        outcome: String,
        /// How long it took.
        duration_ms: u64,
        /// The caller's id of the call.
        request_id: String,
    },
}

/// What core did with an app's update locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockChange {
    /// Took them.
    Taken,
    /// Gave them back.
    Released,
    /// Acts although it does not hold them.
    Overridden,
}

/// What the engine says happened to a container, whoever did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// It was made.
    Created,
    /// Its main process was started.
    Started,
    /// Its main process ended.
    Died {
        /// With this exit code, if the engine tells.
        exit_code: Option<i32>,
    },
    /// It was removed.
    Destroyed,
    /// It was frozen.
    Paused,
    /// It goes on.
    Unpaused,
    /// Its health check says something else: `starting`, `healthy` or `unhealthy`.
    Health(String),
}
