//! `supervisor.core.v1.DeviceIdentity`.

use std::sync::Arc;

use supervisor_proto::v1::{
    ConfigJsonOutcome, RecordIdentityReply, RecordIdentityRequest, device_identity_server::DeviceIdentity,
};
use tonic::{Request, Response, Status};

use super::status::to_status;
use crate::{
    actions::device_identity::{ConfigJson, DeviceIdentityKeeper},
    domain::config_edit::{InvalidDevice, RegisteredDevice},
    error::CoreError,
};

/// The service.
pub struct DeviceIdentityService {
    /// What it serves.
    pub keeper: Arc<DeviceIdentityKeeper>,
}

#[tonic::async_trait]
impl DeviceIdentity for DeviceIdentityService {
    async fn record(
        &self,
        request: Request<RecordIdentityRequest>,
    ) -> Result<Response<RecordIdentityReply>, Status> {
        let RecordIdentityRequest { uuid, device_api_key, device_id, registered_at_s } = request.into_inner();
        let device = RegisteredDevice::new(uuid, device_api_key, device_id, registered_at_s).map_err(refused);
        let recorded = async { self.keeper.record(device?).await };
        let outcome = match recorded.await.map_err(|error| to_status(&error))? {
            ConfigJson::NotAllowed => ConfigJsonOutcome::NotAllowed,
            ConfigJson::Unchanged => ConfigJsonOutcome::Unchanged,
            ConfigJson::Written => ConfigJsonOutcome::Written,
            ConfigJson::Failed => ConfigJsonOutcome::Failed,
        };
        Ok(Response::new(RecordIdentityReply { config_json: outcome.into() }))
    }
}

/// Names the field; what was in it stays out of the answer.
fn refused(problem: InvalidDevice) -> CoreError {
    let field = match problem {
        InvalidDevice::Uuid => "uuid",
        InvalidDevice::Key => "device_api_key",
    };
    CoreError::InvalidField { field: field.to_owned(), problem: problem.to_string() }
}
