//! The JSON of `events`, documented in `docs/admin.md`.

use serde::Serialize;
use supervisor_proto::v1::{self, event::What, locks_changed};

use super::{StepView, filled};
use crate::timestamp;

/// One event.
#[derive(Debug, Serialize)]
pub struct EventView {
    pub time: Option<String>,
    pub app_id: Option<u64>,
    #[serde(flatten)]
    pub what: WhatView,
}

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum WhatView {
    ActionAccepted {
        action: String,
        force: bool,
    },
    StepBegun {
        #[serde(flatten)]
        step: StepView,
        number: u32,
        of: u32,
        reason: Option<String>,
    },
    StepEnded {
        #[serde(flatten)]
        step: StepView,
        duration_ms: u64,
        error: Option<String>,
    },
    PullProgress {
        image: String,
        percent: u32,
        done_bytes: u64,
        total_bytes: Option<u64>,
    },
    ContainerChanged {
        service: Option<String>,
        container_id: String,
        happening: String,
        exit_code: Option<i32>,
        health: Option<String>,
    },
    LocksChanged {
        change: &'static str,
    },
    CycleEnded {
        error: Option<String>,
    },
    EngineChanged {
        available: bool,
    },
    CallEnded {
        uid: u32,
        role: String,
        method: String,
        outcome: String,
        duration_ms: u64,
        request_id: String,
    },
    ReleasePassed {
        commit: String,
    },
    ReleaseFailed {
        commit: String,
        restored_commit: Option<String>,
        reason: String,
    },
    EventsMissed {
        count: u64,
    },
    /// A newer core tells what this tool does not know.
    Unknown,
}

impl From<v1::Event> for EventView {
    fn from(event: v1::Event) -> Self {
        Self {
            time: (event.time_ms != 0).then(|| timestamp::of_ms(event.time_ms)),
            app_id: (event.app_id != 0).then_some(event.app_id),
            what: event.what.map_or(WhatView::Unknown, WhatView::from),
        }
    }
}

impl From<What> for WhatView {
    fn from(what: What) -> Self {
        match what {
            What::ActionAccepted(it) => Self::ActionAccepted { action: it.action, force: it.force },
            What::StepBegun(it) => Self::StepBegun {
                step: it.step.unwrap_or_default().into(),
                number: it.number,
                of: it.of,
                reason: filled(it.reason),
            },
            What::StepEnded(it) => Self::StepEnded {
                step: it.step.unwrap_or_default().into(),
                duration_ms: it.duration_ms,
                error: filled(it.error),
            },
            What::PullProgress(it) => Self::PullProgress {
                image: it.image,
                percent: it.percent,
                done_bytes: it.done_bytes,
                total_bytes: Some(it.total_bytes).filter(|bytes| *bytes > 0),
            },
            What::ContainerChanged(it) => Self::ContainerChanged {
                service: filled(it.service),
                container_id: it.container_id,
                happening: it.happening,
                exit_code: it.exit_code,
                health: filled(it.health),
            },
            What::LocksChanged(it) => Self::LocksChanged { change: lock_word(it.change()) },
            What::CycleEnded(it) => Self::CycleEnded { error: filled(it.error) },
            What::EngineChanged(it) => Self::EngineChanged { available: it.available },
            What::CallEnded(it) => Self::CallEnded {
                uid: it.uid,
                role: it.role,
                method: it.method,
                outcome: it.outcome,
                duration_ms: it.duration_ms,
                request_id: it.request_id,
            },
            What::ReleasePassed(it) => Self::ReleasePassed { commit: it.commit },
            What::ReleaseFailed(it) => Self::ReleaseFailed {
                commit: it.commit,
                restored_commit: filled(it.restored_commit),
                reason: it.reason,
            },
            What::EventsMissed(it) => Self::EventsMissed { count: it.count },
        }
    }
}

pub(super) const fn lock_word(change: locks_changed::Change) -> &'static str {
    match change {
        locks_changed::Change::Unspecified => "unknown",
        locks_changed::Change::Taken => "taken",
        locks_changed::Change::Released => "released",
        locks_changed::Change::Overridden => "overridden",
    }
}
