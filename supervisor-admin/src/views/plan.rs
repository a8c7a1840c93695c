//! The JSON of `app plan`, documented in `docs/admin.md`.

use serde::Serialize;
use supervisor_proto::{
    ids::AppId,
    v1::{self, service_change::Change, step::Kind},
};

use super::filled;

/// `app plan` and `app apply --dry-run`.
#[derive(Debug, Serialize)]
pub struct PlanView {
    pub app_id: u64,
    pub commit: String,
    pub stored_commit: Option<String>,
    pub changes: bool,
    pub services: Vec<ChangeView>,
    pub steps: Vec<StepView>,
    pub held_off_by: Vec<String>,
    pub apply_waits_for: Option<String>,
    pub warnings: Vec<String>,
}

/// What the plan means for one service.
#[derive(Debug, Serialize)]
pub struct ChangeView {
    pub name: String,
    pub change: &'static str,
    pub changed_fields: Vec<String>,
    pub reason: Option<String>,
}

/// One step.
#[derive(Debug, Serialize)]
pub struct StepView {
    pub step: &'static str,
    pub service: Option<String>,
    pub object: Option<String>,
}

impl PlanView {
    /// The plan for `app_id` that core gave.
    pub fn new(app_id: AppId, reply: v1::PlanReply) -> Self {
        Self {
            app_id: app_id.get(),
            commit: reply.commit,
            stored_commit: filled(reply.stored_commit),
            changes: !reply.steps.is_empty(),
            services: reply.services.into_iter().map(ChangeView::from).collect(),
            steps: reply.steps.into_iter().map(StepView::from).collect(),
            held_off_by: reply.held_off_by,
            apply_waits_for: filled(reply.apply_waits_for),
            warnings: reply.warnings,
        }
    }
}

impl From<v1::ServiceChange> for ChangeView {
    fn from(service: v1::ServiceChange) -> Self {
        Self {
            change: change_word(service.change()),
            name: service.name,
            changed_fields: service.changed_fields,
            reason: filled(service.reason),
        }
    }
}

impl From<v1::Step> for StepView {
    fn from(step: v1::Step) -> Self {
        Self { step: step_word(step.kind()), service: filled(step.service), object: filled(step.object) }
    }
}

pub(super) const fn change_word(change: Change) -> &'static str {
    match change {
        Change::Unspecified => "unknown",
        Change::None => "none",
        Change::Create => "create",
        Change::Recreate => "recreate",
        Change::Remove => "remove",
        Change::Start => "start",
        Change::Stop => "stop",
        Change::Connect => "connect",
        Change::Wait => "wait",
    }
}

pub(super) const fn step_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Unspecified => "unknown",
        Kind::PullImage => "pull-image",
        Kind::StopContainer => "stop-container",
        Kind::RemoveContainer => "remove-container",
        Kind::EmptyData => "empty-data",
        Kind::RemoveVolume => "remove-volume",
        Kind::Record => "record",
        Kind::CreateNetwork => "create-network",
        Kind::CreateVolume => "create-volume",
        Kind::CreateContainer => "create-container",
        Kind::ConnectNetwork => "connect-network",
        Kind::StartContainer => "start-container",
        Kind::RemoveNetwork => "remove-network",
        Kind::ForgetApp => "forget-app",
        Kind::RemoveImage => "remove-image",
        Kind::RenameContainer => "rename-container",
        Kind::AwaitHandover => "await-handover",
    }
}
