//! The JSON of `policy check` and `policy explain`, documented in `docs/admin.md`.

use std::path::Path;

use serde::Serialize;
use supervisor_proto::{
    ids::AppId,
    policy::Policy,
    v1::{ExplainPolicyReply, PolicyRefusal},
};

use super::filled;

/// `policy check`.
#[derive(Debug, Serialize)]
pub struct PolicyView {
    pub file: String,
    pub grants: Vec<GrantView>,
}

/// Whom a grant is for.
#[derive(Debug, Serialize)]
pub struct GrantView {
    pub app_id: u64,
    pub service: String,
    pub image: String,
}

/// `policy explain`.
#[derive(Debug, Serialize)]
pub struct ExplainView {
    pub app_id: u64,
    pub allowed: bool,
    pub refusals: Vec<RefusalView>,
    pub grants: Option<String>,
}

/// One field that role frontend may not have run.
#[derive(Debug, Serialize)]
pub struct RefusalView {
    pub service: String,
    pub field: String,
    pub why: String,
    pub grant: Option<String>,
    pub image: String,
}

impl PolicyView {
    /// What `file` grants.
    pub fn new(file: &Path, policy: &Policy) -> Self {
        let grants = policy.grants.iter().map(|grant| GrantView {
            app_id: grant.app.get(),
            service: grant.service.to_string(),
            image: grant.image.to_string(),
        });
        Self { file: file.display().to_string(), grants: grants.collect() }
    }
}

impl ExplainView {
    /// What core says of a target for `app_id`.
    pub fn new(app_id: AppId, reply: ExplainPolicyReply) -> Self {
        Self {
            app_id: app_id.get(),
            allowed: reply.refusals.is_empty(),
            refusals: reply.refusals.into_iter().map(RefusalView::from).collect(),
            grants: filled(reply.grants),
        }
    }
}

impl From<PolicyRefusal> for RefusalView {
    fn from(refusal: PolicyRefusal) -> Self {
        let PolicyRefusal { service, field, why, grant, image } = refusal;
        Self { service, field, why, grant: filled(grant), image }
    }
}
