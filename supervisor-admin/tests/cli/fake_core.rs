//! A core that answers from a script and notes what it was asked.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use supervisor_proto::{
    reason,
    v1::{
        self, ErrorReason, api_access_server as access, apps_server as apps,
        connectivity_server as connectivity, contract_server as contract, diagnostics_server as diagnostics,
        events_server as events, planner_server as planner, power_server as power,
        terminal_server as terminal,
    },
};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
use tonic::{Code, Request, Response, Status};

use crate::script::{Script, quiet_script};

pub type Answer<T> = Result<Response<T>, Status>;

pub struct FakeCore {
    script: Arc<Mutex<Script>>,
    folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl FakeCore {
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub fn start_with(change: impl FnOnce(&mut Script)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut script = quiet_script();
        change(&mut script);
        let script = Arc::new(Mutex::new(script));
        let (stop, stopped) = oneshot::channel();
        let listener = std::os::unix::net::UnixListener::bind(folder.path().join("core.sock")).unwrap();
        listener.set_nonblocking(true).unwrap();
        let service = Service(Arc::clone(&script));
        let thread = thread::spawn(move || serve(listener, service, stopped));
        Self { script, folder, stop: Some(stop), thread: Some(thread) }
    }

    pub fn failing(code: Code, reason: ErrorReason, subject: &str, message: &str) -> Self {
        Self::start_with(|script| script.fail = Some(reason::status(code, reason, subject, message)))
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("core.sock")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }
}

impl Drop for FakeCore {
    fn drop(&mut self) {
        drop(self.stop.take());
        drop(self.thread.take().map(thread::JoinHandle::join));
    }
}

fn serve(listener: std::os::unix::net::UnixListener, service: Service, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let listener = tokio::net::UnixListener::from_std(listener).unwrap();
        let serving = tonic::transport::Server::builder()
            .add_service(contract::ContractServer::new(service.clone()))
            .add_service(apps::AppsServer::new(service.clone()))
            .add_service(diagnostics::DiagnosticsServer::new(service.clone()))
            .add_service(events::EventsServer::new(service.clone()))
            .add_service(planner::PlannerServer::new(service.clone()))
            .add_service(v1::policy_server::PolicyServer::new(service.clone()))
            .add_service(power::PowerServer::new(service.clone()))
            .add_service(connectivity::ConnectivityServer::new(service.clone()))
            .add_service(terminal::TerminalServer::new(service.clone()))
            .add_service(access::ApiAccessServer::new(service))
            .serve_with_incoming(UnixListenerStream::new(listener));
        tokio::select! {
            served = serving => served.unwrap(),
            _ = stopped => {}
        }
    });
}

#[derive(Clone)]
pub struct Service(pub Arc<Mutex<Script>>);

impl Service {
    pub fn heard<T>(&self, call: &str, request: &Request<T>) -> Result<MutexGuard<'_, Script>, Status> {
        let id = request.metadata().get(supervisor_proto::REQUEST_ID_METADATA);
        assert!(id.is_some_and(|id| id.to_str().unwrap().starts_with("admin-")), "{call} has no request id");
        let mut script = self.0.lock().unwrap();
        script.calls.push(call.to_owned());
        script.fail.clone().map_or(Ok(script), Err)
    }

    fn app(&self, call: &str, request: Request<v1::AppRequest>) -> Answer<v1::AppReply> {
        let mut script = self.heard(call, &request)?;
        script.asked = Some(request.into_inner());
        Ok(Response::new(v1::AppReply {}))
    }
}

/// A stream of `items` that stays open afterwards when `open`.
fn stream<T: Send + 'static>(items: Vec<T>, open: bool) -> ReceiverStream<Result<T, Status>> {
    let (sender, receiver) = mpsc::channel(items.len().max(1));
    for item in items {
        sender.try_send(Ok(item)).unwrap();
    }
    if open {
        tokio::spawn(async move { sender.closed().await });
    }
    ReceiverStream::new(receiver)
}

#[tonic::async_trait]
impl v1::policy_server::Policy for Service {
    async fn explain(&self, request: Request<v1::ExplainPolicyRequest>) -> Answer<v1::ExplainPolicyReply> {
        let mut script = self.heard("explain", &request)?;
        script.explain_asked = Some(request.into_inner());
        Ok(Response::new(script.explanation.clone()))
    }
}

#[tonic::async_trait]
impl contract::Contract for Service {
    async fn hello(&self, _: Request<v1::HelloRequest>) -> Answer<v1::HelloReply> {
        let script = self.0.lock().unwrap();
        if script.hello_denied {
            let message = "this user has no role";
            return Err(reason::status(Code::PermissionDenied, ErrorReason::PeerDenied, "", message));
        }
        let contract_version = script.contract_version;
        let core_version = "9.8.7".to_owned();
        Ok(Response::new(v1::HelloReply { contract_version, core_version, role: v1::Role::Admin.into() }))
    }
}

#[tonic::async_trait]
impl apps::Apps for Service {
    type WatchStream = ReceiverStream<Result<v1::AppsState, Status>>;
    type LogsStream = ReceiverStream<Result<v1::LogChunk, Status>>;

    async fn apply(&self, request: Request<v1::ApplyRequest>) -> Answer<v1::ApplyReply> {
        let (hold, warnings) = {
            let mut script = self.heard("apply", &request)?;
            script.applied = Some(request.into_inner());
            (script.hold_apply.clone(), script.warnings.clone())
        };
        if let Some(hold) = hold {
            hold.notified().await;
        }
        Ok(Response::new(v1::ApplyReply { commit: "abc123".to_owned(), warnings }))
    }

    async fn list(&self, request: Request<v1::ListRequest>) -> Answer<v1::AppsState> {
        Ok(Response::new(self.heard("list", &request)?.state.clone()))
    }

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Answer<Self::WatchStream> {
        let state = self.heard("watch", &request)?.state.clone();
        Ok(Response::new(stream(vec![state], true)))
    }

    async fn restart(&self, request: Request<v1::AppRequest>) -> Answer<v1::AppReply> {
        self.app("restart", request)
    }

    async fn purge(&self, request: Request<v1::AppRequest>) -> Answer<v1::AppReply> {
        self.app("purge", request)
    }

    async fn start(&self, request: Request<v1::AppRequest>) -> Answer<v1::AppReply> {
        self.app("start", request)
    }

    async fn stop(&self, request: Request<v1::AppRequest>) -> Answer<v1::AppReply> {
        self.app("stop", request)
    }

    async fn remove(&self, request: Request<v1::AppRequest>) -> Answer<v1::AppReply> {
        self.app("remove", request)
    }

    async fn update(&self, request: Request<v1::UpdateRequest>) -> Answer<v1::UpdateReply> {
        let v1::UpdateRequest { force, cancel, apply } = *request.get_ref();
        drop(self.heard(&format!("update force={force} cancel={cancel} apply={apply}"), &request)?);
        Ok(Response::new(v1::UpdateReply {}))
    }

    async fn logs(&self, request: Request<v1::LogsRequest>) -> Answer<Self::LogsStream> {
        let mut script = self.heard("logs", &request)?;
        let request = request.into_inner();
        let open = request.follow;
        script.logs_asked = Some(request);
        Ok(Response::new(stream(script.logs.clone(), open)))
    }
}

#[tonic::async_trait]
impl diagnostics::Diagnostics for Service {
    async fn examine(&self, request: Request<v1::ExamineRequest>) -> Answer<v1::ExamineReply> {
        Ok(Response::new(self.heard("examine", &request)?.examined.clone()))
    }
}

#[tonic::async_trait]
impl events::Events for Service {
    type FollowStream = ReceiverStream<Result<v1::Event, Status>>;

    async fn follow(&self, request: Request<v1::FollowRequest>) -> Answer<Self::FollowStream> {
        let app_id = request.get_ref().app_id;
        let script = self.heard(&format!("follow {app_id}"), &request)?;
        if script.follow_fails {
            return Err(Status::unavailable("no events"));
        }
        Ok(Response::new(stream(script.events.clone(), script.events_stay)))
    }
}

#[tonic::async_trait]
impl planner::Planner for Service {
    async fn plan(&self, request: Request<v1::PlanRequest>) -> Answer<v1::PlanReply> {
        let mut script = self.heard("plan", &request)?;
        script.plan_asked = Some(request.into_inner());
        Ok(Response::new(script.plan.clone()))
    }
}

#[tonic::async_trait]
impl power::Power for Service {
    async fn reboot(&self, request: Request<v1::PowerRequest>) -> Answer<v1::PowerReply> {
        let force = request.get_ref().force;
        drop(self.heard(&format!("reboot force={force}"), &request)?);
        Ok(Response::new(v1::PowerReply { delay_ms: 1000 }))
    }

    async fn power_off(&self, request: Request<v1::PowerRequest>) -> Answer<v1::PowerReply> {
        let force = request.get_ref().force;
        drop(self.heard(&format!("power_off force={force}"), &request)?);
        Ok(Response::new(v1::PowerReply { delay_ms: 1000 }))
    }
}

#[tonic::async_trait]
impl connectivity::Connectivity for Service {
    type WatchConnectivityStream = ReceiverStream<Result<v1::ConnectivityState, Status>>;

    async fn set_heartbeat(
        &self,
        request: Request<v1::SetHeartbeatRequest>,
    ) -> Answer<v1::SetHeartbeatReply> {
        let enabled = request.get_ref().enabled;
        drop(self.heard(&format!("set_heartbeat {enabled}"), &request)?);
        Ok(Response::new(v1::SetHeartbeatReply {}))
    }

    async fn set_vpn(&self, _request: Request<v1::SetVpnRequest>) -> Answer<v1::SetVpnReply> {
        Err(Status::unimplemented("the tool does not call this"))
    }

    async fn get_connectivity(
        &self,
        request: Request<v1::GetConnectivityRequest>,
    ) -> Answer<v1::ConnectivityState> {
        Ok(Response::new(self.heard("get_connectivity", &request)?.connectivity.clone()))
    }

    async fn watch_connectivity(
        &self,
        request: Request<v1::WatchConnectivityRequest>,
    ) -> Answer<Self::WatchConnectivityStream> {
        let state = self.heard("watch_connectivity", &request)?.connectivity.clone();
        Ok(Response::new(stream(vec![state], true)))
    }
}

#[tonic::async_trait]
impl access::ApiAccess for Service {
    type WatchRotationsStream = ReceiverStream<Result<v1::RotationRequested, Status>>;

    async fn set_api_access(&self, _: Request<v1::SetApiAccessRequest>) -> Answer<v1::SetApiAccessReply> {
        Err(Status::unimplemented("role frontend only"))
    }

    async fn get_api_access(
        &self,
        request: Request<v1::GetApiAccessRequest>,
    ) -> Answer<v1::GetApiAccessReply> {
        let script = self.heard("get_api_access", &request)?;
        Ok(Response::new(v1::GetApiAccessReply { api_key: script.api_key.clone(), port: script.api_port }))
    }

    async fn rotate_api_key(
        &self,
        request: Request<v1::RotateApiKeyRequest>,
    ) -> Answer<v1::RotateApiKeyReply> {
        drop(self.heard("rotate_api_key", &request)?);
        Ok(Response::new(v1::RotateApiKeyReply { api_key: "k2".to_owned() }))
    }

    async fn watch_rotations(
        &self,
        _: Request<v1::WatchRotationsRequest>,
    ) -> Answer<Self::WatchRotationsStream> {
        Err(Status::unimplemented("role frontend only"))
    }
}
