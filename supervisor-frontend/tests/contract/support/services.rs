//! The fake core's gRPC services.

use std::pin::Pin;

use supervisor_proto::{
    REQUEST_ID_METADATA,
    v1::{
        AppDescription, AppReply, AppRequest, ApplyReply, ApplyRequest, AppsState, ConnectivityState,
        DescribeAppRequest, ErrorReason, FollowJournalRequest, GetApiAccessReply, GetApiAccessRequest,
        GetConnectivityRequest, HelloReply, HelloRequest, JournalLine, ListRequest, LogChunk, LogsRequest,
        PowerReply, PowerRequest, RecordIdentityReply, RecordIdentityRequest, Role, RotateApiKeyReply,
        RotateApiKeyRequest, RotationRequested, SetApiAccessReply, SetApiAccessRequest, SetHeartbeatReply,
        SetHeartbeatRequest, SetRegistryAccessReply, SetRegistryAccessRequest, SetVpnReply, SetVpnRequest,
        UpdateReply, UpdateRequest, WatchConnectivityRequest, WatchRequest, WatchRotationsRequest,
        api_access_server::ApiAccess, apps_server::Apps, connectivity_server::Connectivity,
        contract_server::Contract, device_identity_server::DeviceIdentity, inspection_server::Inspection,
        journal_server::Journal, power_server::Power, registry_server::Registry,
    },
};
use tokio_stream::{
    Stream, StreamExt as _,
    wrappers::{BroadcastStream, WatchStream},
};
use tonic::{Code, Request, Response, Status, async_trait};

use super::core::{Call, Shared};

type Answer<T> = Result<Response<T>, Status>;
type Pushed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn id<T>(request: &Request<T>) -> Option<String> {
    request.metadata().get(REQUEST_ID_METADATA).map(|value| value.to_str().unwrap().to_owned())
}

/// What an action on a whole app, or on some services of it, is recorded as.
fn action(verb: &'static str, request: &AppRequest, whole: impl FnOnce(u64, bool) -> Call) -> Call {
    let AppRequest { app_id, force, services } = request.clone();
    if services.is_empty() { whole(app_id, force) } else { Call::Service { verb, app_id, services, force } }
}

fn unused<T>() -> Answer<T> {
    Err(Status::unimplemented("the frontend does not call this"))
}

#[async_trait]
impl Contract for Shared {
    async fn hello(&self, _: Request<HelloRequest>) -> Answer<HelloReply> {
        self.calls.send((Call::Hello, None)).unwrap();
        let contract_version = self.script.lock().unwrap().contract_version;
        Ok(Response::new(HelloReply {
            contract_version,
            core_version: "9.9.9".into(),
            role: Role::Frontend.into(),
        }))
    }
}

#[async_trait]
impl Power for Shared {
    async fn reboot(&self, request: Request<PowerRequest>) -> Answer<PowerReply> {
        self.act(Call::Power { off: false, force: request.get_ref().force }, id(&request)).await?;
        Ok(Response::new(PowerReply { delay_ms: 1000 }))
    }

    async fn power_off(&self, request: Request<PowerRequest>) -> Answer<PowerReply> {
        self.act(Call::Power { off: true, force: request.get_ref().force }, id(&request)).await?;
        Ok(Response::new(PowerReply { delay_ms: 1000 }))
    }
}

#[async_trait]
impl Apps for Shared {
    type WatchStream = Pushed<AppsState>;
    type LogsStream = Pushed<LogChunk>;

    async fn restart(&self, request: Request<AppRequest>) -> Answer<AppReply> {
        let call = action("restart", request.get_ref(), |app_id, force| Call::Restart { app_id, force });
        self.act(call, id(&request)).await?;
        Ok(Response::new(AppReply {}))
    }

    async fn purge(&self, request: Request<AppRequest>) -> Answer<AppReply> {
        let AppRequest { app_id, force, .. } = *request.get_ref();
        self.act(Call::Purge { app_id, force }, id(&request)).await?;
        Ok(Response::new(AppReply {}))
    }

    async fn update(&self, request: Request<UpdateRequest>) -> Answer<UpdateReply> {
        let UpdateRequest { force, cancel, apply } = *request.get_ref();
        self.act(Call::Update { force, cancel, apply }, id(&request)).await?;
        Ok(Response::new(UpdateReply {}))
    }

    async fn watch(&self, _: Request<WatchRequest>) -> Answer<Self::WatchStream> {
        Ok(Response::new(Box::pin(WatchStream::new(self.apps.subscribe()).map(Ok))))
    }

    async fn apply(&self, request: Request<ApplyRequest>) -> Answer<ApplyReply> {
        let id = id(&request);
        let ApplyRequest { target, force, no_wait } = request.into_inner();
        let target = target.unwrap_or_default();
        self.applied.lock().unwrap().push(target.clone());
        let (app_id, commit) = (target.app_id, target.commit);
        self.act(Call::Apply { app_id, commit: commit.clone(), force, no_wait }, id).await?;
        Ok(Response::new(ApplyReply { commit, warnings: vec![] }))
    }

    async fn list(&self, _: Request<ListRequest>) -> Answer<AppsState> {
        self.fail()?;
        Ok(Response::new(self.apps.borrow().clone()))
    }

    async fn start(&self, request: Request<AppRequest>) -> Answer<AppReply> {
        let call = action("start", request.get_ref(), |app_id, force| Call::Start { app_id, force });
        self.act(call, id(&request)).await?;
        Ok(Response::new(AppReply {}))
    }

    async fn stop(&self, request: Request<AppRequest>) -> Answer<AppReply> {
        let call = action("stop", request.get_ref(), |app_id, force| Call::Stop { app_id, force });
        self.act(call, id(&request)).await?;
        Ok(Response::new(AppReply {}))
    }

    async fn remove(&self, request: Request<AppRequest>) -> Answer<AppReply> {
        let AppRequest { app_id, force, .. } = *request.get_ref();
        self.act(Call::Remove { app_id, force }, id(&request)).await?;
        Ok(Response::new(AppReply {}))
    }

    async fn logs(&self, _: Request<LogsRequest>) -> Answer<Self::LogsStream> {
        unused()
    }
}

#[async_trait]
impl Inspection for Shared {
    async fn describe_app(&self, request: Request<DescribeAppRequest>) -> Answer<AppDescription> {
        let described = self.described.lock().unwrap().get(&request.get_ref().app_id).cloned();
        let absent = || {
            let subject = request.get_ref().app_id.to_string();
            supervisor_proto::reason::status(
                Code::NotFound,
                ErrorReason::AppNotFound,
                &subject,
                "no such app",
            )
        };
        described.map(Response::new).ok_or_else(absent)
    }
}

#[async_trait]
impl Connectivity for Shared {
    type WatchConnectivityStream = Pushed<ConnectivityState>;

    async fn set_heartbeat(&self, request: Request<SetHeartbeatRequest>) -> Answer<SetHeartbeatReply> {
        self.act(Call::Heartbeat { enabled: request.get_ref().enabled }, id(&request)).await?;
        Ok(Response::new(SetHeartbeatReply {}))
    }

    async fn set_vpn(&self, request: Request<SetVpnRequest>) -> Answer<SetVpnReply> {
        self.act(Call::Vpn { enabled: request.get_ref().enabled }, id(&request)).await?;
        Ok(Response::new(SetVpnReply {}))
    }

    async fn watch_connectivity(
        &self,
        _: Request<WatchConnectivityRequest>,
    ) -> Answer<Self::WatchConnectivityStream> {
        Ok(Response::new(Box::pin(WatchStream::new(self.connectivity.subscribe()).map(Ok))))
    }

    async fn get_connectivity(&self, _: Request<GetConnectivityRequest>) -> Answer<ConnectivityState> {
        unused()
    }
}

#[async_trait]
impl ApiAccess for Shared {
    type WatchRotationsStream = Pushed<RotationRequested>;

    async fn set_api_access(&self, request: Request<SetApiAccessRequest>) -> Answer<SetApiAccessReply> {
        let SetApiAccessRequest { api_key, port } = request.into_inner();
        self.calls.send((Call::SetApiAccess { api_key, port }, None)).unwrap();
        Ok(Response::new(SetApiAccessReply {}))
    }

    async fn watch_rotations(&self, _: Request<WatchRotationsRequest>) -> Answer<Self::WatchRotationsStream> {
        let stream = BroadcastStream::new(self.rotations.subscribe());
        Ok(Response::new(Box::pin(stream.map(|item| item.map_err(|_| Status::internal("lagged"))))))
    }

    async fn get_api_access(&self, _: Request<GetApiAccessRequest>) -> Answer<GetApiAccessReply> {
        unused()
    }

    async fn rotate_api_key(&self, _: Request<RotateApiKeyRequest>) -> Answer<RotateApiKeyReply> {
        unused()
    }
}

#[async_trait]
impl DeviceIdentity for Shared {
    async fn record(&self, request: Request<RecordIdentityRequest>) -> Answer<RecordIdentityReply> {
        let RecordIdentityRequest { uuid, device_api_key, device_id, .. } = request.get_ref().clone();
        self.act(Call::Record { uuid, key: device_api_key, device_id }, id(&request)).await?;
        Ok(Response::new(RecordIdentityReply::default()))
    }
}

#[async_trait]
impl Registry for Shared {
    async fn set_access(&self, request: Request<SetRegistryAccessRequest>) -> Answer<SetRegistryAccessReply> {
        let SetRegistryAccessRequest { api_host, username, password } = request.get_ref().clone();
        self.act(Call::RegistryAccess { api_host, username, password }, id(&request)).await?;
        Ok(Response::new(SetRegistryAccessReply {}))
    }
}

#[async_trait]
impl Journal for Shared {
    type FollowStream = Pushed<JournalLine>;

    async fn follow(&self, request: Request<FollowJournalRequest>) -> Answer<Self::FollowStream> {
        let since_ns = request.into_inner().since_ns;
        self.journal_asked.send_modify(|asked| asked.push(since_ns));
        let mut told = 0;
        let news = WatchStream::new(self.journal.subscribe()).map(move |all| {
            let new: Vec<JournalLine> = all.get(told..).unwrap_or_default().to_vec();
            told = all.len();
            futures_util::stream::iter(new.into_iter().filter(move |line| line.time_ns >= since_ns).map(Ok))
        });
        let handed = self.journal_handed.clone();
        let lines = futures_util::StreamExt::flatten(news);
        Ok(Response::new(Box::pin(lines.map(move |line| {
            handed.send_modify(|count| *count += 1);
            line
        }))))
    }
}
