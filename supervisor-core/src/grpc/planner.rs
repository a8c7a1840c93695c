//! `supervisor.core.v1.Planner`.

use std::sync::Arc;

use supervisor_proto::{
    ids::AppId,
    v1::{PlanReply, PlanRequest, planner_server::Planner},
};
use tonic::{Request, Response, Status};

use super::{
    plan::{change_to_wire, step_to_wire},
    status::to_status,
    target,
};
use crate::{
    error::CoreError,
    reconcile::{Outlook, Reconciler},
};

/// The service.
pub struct PlannerService {
    /// What it asks.
    pub reconciler: Arc<Reconciler>,
}

#[tonic::async_trait]
impl Planner for PlannerService {
    async fn plan(&self, request: Request<PlanRequest>) -> Result<Response<PlanReply>, Status> {
        let PlanRequest { app_id, target } = request.into_inner();
        let work = async {
            let app = AppId::new(app_id)?;
            let target = target.map(target::from_wire).transpose()?;
            if target.as_ref().is_some_and(|target| target.app.app_id != app) {
                let problem = "it is not the target's".to_owned();
                return Err(CoreError::InvalidField { field: "app_id".to_owned(), problem });
            }
            self.reconciler.preview(app, target).await
        };
        let outlook = work.await.map_err(|error| to_status(&error))?;
        Ok(Response::new(to_wire(outlook)))
    }
}

fn to_wire(outlook: Outlook) -> PlanReply {
    let Outlook { stored_commit, commit, preview, held_off_by, apply_waits_for, ignored } = outlook;
    PlanReply {
        commit,
        stored_commit,
        steps: preview.steps.iter().map(step_to_wire).collect(),
        services: preview.services.iter().map(|(name, what)| change_to_wire(name.as_str(), what)).collect(),
        held_off_by,
        apply_waits_for,
        warnings: ignored.warnings().collect(),
    }
}
