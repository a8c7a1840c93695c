//! `supervisor.core.v1.Contract`.

use supervisor_proto::{
    CONTRACT_VERSION,
    v1::{HelloReply, HelloRequest, Role, contract_server::Contract},
};
use tonic::{Request, Response, Status};

use super::{gate::Caller, status::to_status};
use crate::error::CoreError;

/// Longest client name that is logged.
const MAX_CLIENT_BYTES: usize = 64;

/// The service.
#[derive(Debug, Default)]
pub struct ContractService;

#[tonic::async_trait]
impl Contract for ContractService {
    async fn hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let role = request.extensions().get::<Caller>().map_or(Role::Unspecified, |c| c.role.to_wire());
        let hello = request.into_inner();
        let client: String =
            hello.client.chars().filter(char::is_ascii_graphic).take(MAX_CLIENT_BYTES).collect();
        log::debug!("client connected client={client} contract={}", hello.contract_version);
        if hello.contract_version != CONTRACT_VERSION {
            return Err(to_status(&CoreError::ContractMismatch { theirs: hello.contract_version }));
        }
        Ok(Response::new(HelloReply {
            contract_version: CONTRACT_VERSION,
            core_version: env!("CARGO_PKG_VERSION").to_owned(),
            role: role.into(),
        }))
    }
}
