//! `supervisor.core.v1.Power`.

use std::sync::Arc;

use supervisor_proto::v1::{PowerReply, PowerRequest, power_server::Power};
use tonic::{Request, Response, Status};

use super::status::to_status;
use crate::{actions::power::PowerActions, ports::power::PowerAction};

/// The service.
pub struct PowerService {
    /// What it serves.
    pub actions: Arc<PowerActions>,
}

impl PowerService {
    async fn request(&self, action: PowerAction, force: bool) -> Result<Response<PowerReply>, Status> {
        let delay = self.actions.request(action, force).await.map_err(|error| to_status(&error))?;
        Ok(Response::new(PowerReply { delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX) }))
    }
}

#[tonic::async_trait]
impl Power for PowerService {
    async fn reboot(&self, request: Request<PowerRequest>) -> Result<Response<PowerReply>, Status> {
        self.request(PowerAction::Reboot, request.get_ref().force).await
    }

    async fn power_off(&self, request: Request<PowerRequest>) -> Result<Response<PowerReply>, Status> {
        self.request(PowerAction::PowerOff, request.get_ref().force).await
    }
}
