//! `supervisor.core.v1.Policy`.

use std::sync::Arc;

use supervisor_proto::v1::{ExplainPolicyReply, ExplainPolicyRequest, PolicyRefusal, policy_server::Policy};
use tonic::{Request, Response, Status};

use super::{status::to_status, target};
use crate::{
    domain::policy::{Refusal, Wish, grant_tables},
    reconcile::Reconciler,
};

/// The service.
pub struct PolicyService {
    /// What it asks.
    pub reconciler: Arc<Reconciler>,
}

#[tonic::async_trait]
impl Policy for PolicyService {
    async fn explain(
        &self,
        request: Request<ExplainPolicyRequest>,
    ) -> Result<Response<ExplainPolicyReply>, Status> {
        let target = target::from_wire(request.into_inner().target.unwrap_or_default());
        let refusals = self.reconciler.examine(&target.map_err(|error| to_status(&error))?).await;
        let grants = grant_tables(&refusals);
        Ok(Response::new(ExplainPolicyReply {
            refusals: refusals.into_iter().map(to_wire).collect(),
            grants,
        }))
    }
}

fn to_wire(refusal: Refusal) -> PolicyRefusal {
    PolicyRefusal {
        service: refusal.service.map(|service| service.to_string()).unwrap_or_default(),
        field: refusal.field,
        why: refusal.why,
        grant: refusal.wish.as_ref().map(Wish::line).unwrap_or_default(),
        image: refusal.image,
    }
}
