//! `supervisor.core.v1.Registry`.

use std::sync::Arc;

use supervisor_proto::v1::{SetRegistryAccessReply, SetRegistryAccessRequest, registry_server::Registry};
use tonic::{Request, Response, Status};

use super::status::to_status;
use crate::{
    actions::registry_access::RegistryAccessKeeper,
    domain::registry_access::{InvalidAccess, RegistryAccess},
    error::CoreError,
};

/// The service.
pub struct RegistryService {
    /// What it serves.
    pub keeper: Arc<RegistryAccessKeeper>,
}

#[tonic::async_trait]
impl Registry for RegistryService {
    async fn set_access(
        &self,
        request: Request<SetRegistryAccessRequest>,
    ) -> Result<Response<SetRegistryAccessReply>, Status> {
        let SetRegistryAccessRequest { api_host, username, password } = request.into_inner();
        let access = if api_host.is_empty() && username.is_empty() && password.is_empty() {
            None
        } else {
            let access = RegistryAccess::new(&api_host, username, password);
            Some(access.map_err(|problem| to_status(&refused(problem)))?)
        };
        self.keeper.set(access);
        Ok(Response::new(SetRegistryAccessReply {}))
    }
}

/// Names the field; what was in it stays out of the answer.
fn refused(problem: InvalidAccess) -> CoreError {
    let field = match problem {
        InvalidAccess::Host => "api_host",
        InvalidAccess::Username => "username",
        InvalidAccess::Password => "password",
    };
    CoreError::InvalidField { field: field.to_owned(), problem: problem.to_string() }
}
