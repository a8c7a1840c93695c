//! `supervisor.core.v1.ApiAccess`.

use std::sync::Arc;

use futures_util::{StreamExt, stream::BoxStream};
use supervisor_proto::v1::{
    GetApiAccessReply, GetApiAccessRequest, RotateApiKeyReply, RotateApiKeyRequest, RotationRequested,
    SetApiAccessReply, SetApiAccessRequest, WatchRotationsRequest, api_access_server,
};
use tokio_stream::wrappers::WatchStream;
use tonic::{Request, Response, Status};

use super::{server::until_closing, status::to_status};
use crate::{actions::api_access::ApiAccessKeeper, domain::environment::ApiAccess, error::CoreError};

/// The service.
pub struct ApiAccessService {
    /// What it serves.
    pub keeper: Arc<ApiAccessKeeper>,
    /// True once core is ending.
    pub closing: tokio::sync::watch::Receiver<bool>,
}

#[tonic::async_trait]
impl api_access_server::ApiAccess for ApiAccessService {
    async fn set_api_access(
        &self,
        request: Request<SetApiAccessRequest>,
    ) -> Result<Response<SetApiAccessReply>, Status> {
        let SetApiAccessRequest { api_key, port } = request.into_inner();
        let access = u16::try_from(port).ok().and_then(|port| ApiAccess::new(api_key, port));
        let access = access.ok_or_else(|| CoreError::InvalidField {
            field: "api_key, port".to_owned(),
            problem: "a key is 1 to 64 word characters, a port 1 to 65535".to_owned(),
        });
        let set = async { self.keeper.set(access?).await };
        set.await.map_err(|error| to_status(&error))?;
        Ok(Response::new(SetApiAccessReply {}))
    }

    async fn get_api_access(
        &self,
        _request: Request<GetApiAccessRequest>,
    ) -> Result<Response<GetApiAccessReply>, Status> {
        let access = self.keeper.current();
        Ok(Response::new(GetApiAccessReply {
            api_key: access.as_ref().map(|a| a.expose_key().to_owned()).unwrap_or_default(),
            port: access.map_or(0, |a| u32::from(a.port)),
        }))
    }

    async fn rotate_api_key(
        &self,
        _request: Request<RotateApiKeyRequest>,
    ) -> Result<Response<RotateApiKeyReply>, Status> {
        let access = self.keeper.rotate().await.map_err(|error| to_status(&error))?;
        Ok(Response::new(RotateApiKeyReply { api_key: access.expose_key().to_owned() }))
    }

    type WatchRotationsStream = BoxStream<'static, Result<RotationRequested, Status>>;

    async fn watch_rotations(
        &self,
        _request: Request<WatchRotationsRequest>,
    ) -> Result<Response<Self::WatchRotationsStream>, Status> {
        let requests = WatchStream::from_changes(self.keeper.rotations());
        let stream = requests.map(|_| Ok(RotationRequested {}));
        Ok(Response::new(until_closing(stream, self.closing.clone())))
    }
}
