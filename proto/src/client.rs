//! The typed client that the frontend and the local tool share: dials core's socket, checks the
//! contract's version, gives every call a deadline and turns every failure into a [`CallError`].

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::Stream;
use tokio::sync::Mutex;
/// What core says one after the other.
pub use tonic::Streaming;
use tonic::{
    Request, Response, Status,
    metadata::MetadataValue,
    transport::{Channel, Endpoint},
};

use crate::{
    CONTRACT_VERSION, REQUEST_ID_METADATA, reason,
    v1::{
        self, ErrorReason, api_access_client::ApiAccessClient, apps_client::AppsClient,
        connectivity_client::ConnectivityClient, contract_client::ContractClient,
        device_identity_client::DeviceIdentityClient, diagnostics_client::DiagnosticsClient,
        events_client::EventsClient, inspection_client::InspectionClient, journal_client::JournalClient,
        planner_client::PlannerClient, policy_client::PolicyClient, power_client::PowerClient,
        registry_client::RegistryClient, terminal_client::TerminalClient,
    },
};

/// How long dialling and the contract check may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a call may take that does no work on containers.
pub const QUICK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long opening a terminal may take: core waits for the engine, and for a shell in the container.
pub const TERMINAL_OPENING_TIMEOUT: Duration = Duration::from_secs(40);
/// What core may send ahead of a client that does not read its terminal.
const TERMINAL_WINDOW_BYTES: u32 = 128 << 10;
/// How long a call may take that waits for containers; core answers before it.
pub const ACTION_TIMEOUT: Duration = Duration::from_mins(15);

/// A call that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nothing answers on the socket: the request was not sent.
    #[error("core does not answer on {}", socket.display())]
    Unreachable {
        /// The socket that was dialled.
        socket: PathBuf,
        /// What the transport said.
        #[source]
        source: tonic::transport::Error,
    },
    /// Core speaks another version of the contract.
    #[error(
        "core speaks contract {theirs}, this program {CONTRACT_VERSION}: install the same release of both"
    )]
    ContractMismatch {
        /// Core's version of the contract.
        theirs: u32,
    },
    /// Core answered with a reason.
    #[error("{message}")]
    Refused {
        /// Why, for programs.
        reason: ErrorReason,
        /// What it is about; may be empty.
        subject: String,
        /// Why, for people.
        message: String,
    },
    /// The connection ended or the deadline passed after the request was sent: whether it was
    /// carried out is unknown.
    #[error("core did not finish its answer")]
    Interrupted(#[source] Box<Status>),
}

impl CallError {
    /// The reason that core gave, if it gave one.
    pub fn reason(&self) -> Option<ErrorReason> {
        match self {
            Self::Refused { reason, .. } => Some(*reason),
            Self::Unreachable { .. } | Self::ContractMismatch { .. } | Self::Interrupted(_) => None,
        }
    }
}

impl From<Status> for CallError {
    fn from(status: Status) -> Self {
        match reason::detail(&status) {
            Some(detail) => Self::Refused {
                reason: detail.reason(),
                subject: detail.subject,
                message: status.message().to_owned(),
            },
            None => Self::Interrupted(Box::new(status)),
        }
    }
}

/// A client of core's socket. It dials when first used, keeps the connection, and dials anew after
/// the connection was lost; cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct CoreClient {
    socket: PathBuf,
    name: String,
    channel: Mutex<Option<Channel>>,
}

/// Which core a connection reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// Core's own version.
    pub core_version: String,
    /// The role that core gives this process.
    pub role: v1::Role,
}

impl CoreClient {
    /// A client for the socket at `socket`; `name` is what core logs of this program.
    pub fn new(socket: &Path, name: impl Into<String>) -> Self {
        Self { socket: socket.to_owned(), name: name.into(), channel: Mutex::new(None) }
    }

    /// Dials unless connected, and tells who answered.
    pub async fn hello(&self) -> Result<Hello, CallError> {
        let (channel, hello) = self.dial().await?;
        *self.channel.lock().await = Some(channel);
        Ok(hello)
    }

    /// Drops the connection, so that the next call dials anew.
    pub async fn disconnect(&self) {
        *self.channel.lock().await = None;
    }

    async fn dial(&self) -> Result<(Channel, Hello), CallError> {
        self.dial_with(|endpoint| endpoint).await
    }

    async fn dial_with(
        &self,
        settings: impl FnOnce(Endpoint) -> Endpoint,
    ) -> Result<(Channel, Hello), CallError> {
        let unreachable = |source| CallError::Unreachable { socket: self.socket.clone(), source };
        let endpoint = Endpoint::try_from(format!("unix://{}", self.socket.display()))
            .map_err(unreachable)?
            .connect_timeout(CONNECT_TIMEOUT);
        let endpoint = settings(endpoint);
        let channel = endpoint.connect().await.map_err(unreachable)?;
        let mut request =
            Request::new(v1::HelloRequest { contract_version: CONTRACT_VERSION, client: self.name.clone() });
        request.set_timeout(CONNECT_TIMEOUT);
        let reply = within(CONNECT_TIMEOUT, ContractClient::new(channel.clone()).hello(request)).await?;
        if reply.contract_version != CONTRACT_VERSION {
            return Err(CallError::ContractMismatch { theirs: reply.contract_version });
        }
        let role = reply.role();
        Ok((channel, Hello { core_version: reply.core_version, role }))
    }

    async fn channel(&self) -> Result<Channel, CallError> {
        let held = self.channel.lock().await.clone();
        if let Some(channel) = held {
            return Ok(channel);
        }
        self.hello().await?;
        // `hello` has just stored it; a concurrent `disconnect` only costs another dial.
        let held = self.channel.lock().await.clone();
        match held {
            Some(channel) => Ok(channel),
            None => self.dial().await.map(|(channel, _)| channel),
        }
    }
}

fn request<T>(message: T, request_id: &str, deadline: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(deadline);
    if let Ok(value) = MetadataValue::try_from(request_id) {
        request.metadata_mut().insert(REQUEST_ID_METADATA, value);
    }
    request
}

async fn within<T>(
    deadline: Duration,
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, CallError> {
    match tokio::time::timeout(deadline, call).await {
        Ok(answer) => answer.map(Response::into_inner).map_err(CallError::from),
        Err(_) => Err(CallError::Interrupted(Box::new(Status::deadline_exceeded("no answer in time")))),
    }
}

macro_rules! calls {
    ($($(#[$doc:meta])* $method:ident($client:ident, $request:ident, $deadline:ident) -> $reply:ty;)+) => {
        impl CoreClient {
            $(
                $(#[$doc])*
                pub async fn $method(&self, message: v1::$request, request_id: &str) -> Result<$reply, CallError> {
                    let channel = self.channel().await?;
                    let answer = within(
                        $deadline,
                        $client::new(channel).$method(request(message, request_id, $deadline)),
                    ).await;
                    if matches!(answer, Err(CallError::Interrupted(_))) {
                        self.disconnect().await;
                    }
                    answer
                }
            )+
        }
    };
}

calls! {
    /// `Power.Reboot`.
    reboot(PowerClient, PowerRequest, QUICK_TIMEOUT) -> v1::PowerReply;
    /// `Power.PowerOff`.
    power_off(PowerClient, PowerRequest, QUICK_TIMEOUT) -> v1::PowerReply;
    /// `Apps.Apply`.
    apply(AppsClient, ApplyRequest, ACTION_TIMEOUT) -> v1::ApplyReply;
    /// `Apps.List`.
    list(AppsClient, ListRequest, QUICK_TIMEOUT) -> v1::AppsState;
    /// `Apps.Restart`.
    restart(AppsClient, AppRequest, ACTION_TIMEOUT) -> v1::AppReply;
    /// `Apps.Purge`.
    purge(AppsClient, AppRequest, ACTION_TIMEOUT) -> v1::AppReply;
    /// `Apps.Start`.
    start(AppsClient, AppRequest, ACTION_TIMEOUT) -> v1::AppReply;
    /// `Apps.Stop`.
    stop(AppsClient, AppRequest, ACTION_TIMEOUT) -> v1::AppReply;
    /// `Apps.Remove`.
    remove(AppsClient, AppRequest, ACTION_TIMEOUT) -> v1::AppReply;
    /// `Apps.Update`.
    update(AppsClient, UpdateRequest, QUICK_TIMEOUT) -> v1::UpdateReply;
    /// `Diagnostics.Examine`.
    examine(DiagnosticsClient, ExamineRequest, QUICK_TIMEOUT) -> v1::ExamineReply;
    /// `Planner.Plan`.
    plan(PlannerClient, PlanRequest, QUICK_TIMEOUT) -> v1::PlanReply;
    /// `Policy.Explain`.
    explain(PolicyClient, ExplainPolicyRequest, QUICK_TIMEOUT) -> v1::ExplainPolicyReply;
    /// `Inspection.DescribeApp`.
    describe_app(InspectionClient, DescribeAppRequest, QUICK_TIMEOUT) -> v1::AppDescription;
    /// `Connectivity.SetHeartbeat`.
    set_heartbeat(ConnectivityClient, SetHeartbeatRequest, QUICK_TIMEOUT) -> v1::SetHeartbeatReply;
    /// `Connectivity.SetVpn`.
    set_vpn(ConnectivityClient, SetVpnRequest, QUICK_TIMEOUT) -> v1::SetVpnReply;
    /// `Connectivity.GetConnectivity`.
    get_connectivity(ConnectivityClient, GetConnectivityRequest, QUICK_TIMEOUT) -> v1::ConnectivityState;
    /// `ApiAccess.SetApiAccess`.
    set_api_access(ApiAccessClient, SetApiAccessRequest, QUICK_TIMEOUT) -> v1::SetApiAccessReply;
    /// `ApiAccess.GetApiAccess`.
    get_api_access(ApiAccessClient, GetApiAccessRequest, QUICK_TIMEOUT) -> v1::GetApiAccessReply;
    /// `ApiAccess.RotateApiKey`.
    rotate_api_key(ApiAccessClient, RotateApiKeyRequest, QUICK_TIMEOUT) -> v1::RotateApiKeyReply;
    /// `DeviceIdentity.Record`.
    record(DeviceIdentityClient, RecordIdentityRequest, QUICK_TIMEOUT) -> v1::RecordIdentityReply;
    /// `Registry.SetAccess`.
    set_access(RegistryClient, SetRegistryAccessRequest, QUICK_TIMEOUT) -> v1::SetRegistryAccessReply;
}

macro_rules! streams {
    ($($(#[$doc:meta])* $method:ident($client:ident, $request:ident) -> $item:ty;)+) => {
        impl CoreClient {
            $(
                $(#[$doc])*
                /// The deadline covers the opening; the stream itself lasts until either side ends it.
                pub async fn $method(&self, message: v1::$request, request_id: &str) -> Result<Streaming<$item>, CallError> {
                    let channel = self.channel().await?;
                    let mut message = Request::new(message);
                    if let Ok(value) = MetadataValue::try_from(request_id) {
                        message.metadata_mut().insert(REQUEST_ID_METADATA, value);
                    }
                    let answer = within(QUICK_TIMEOUT, $client::new(channel).$method(message)).await;
                    if matches!(answer, Err(CallError::Interrupted(_))) {
                        self.disconnect().await;
                    }
                    answer
                }
            )+
        }
    };
}

streams! {
    /// `Apps.Watch`.
    watch(AppsClient, WatchRequest) -> v1::AppsState;
    /// `Apps.Logs`.
    logs(AppsClient, LogsRequest) -> v1::LogChunk;
    /// `Events.Follow`.
    follow(EventsClient, FollowRequest) -> v1::Event;
    /// `Connectivity.WatchConnectivity`.
    watch_connectivity(ConnectivityClient, WatchConnectivityRequest) -> v1::ConnectivityState;
    /// `ApiAccess.WatchRotations`.
    watch_rotations(ApiAccessClient, WatchRotationsRequest) -> v1::RotationRequested;
}

impl CoreClient {
    /// `Terminal.Attach`; the stream of inputs begins with what is to be opened, and its end ends the process.
    /// The deadline covers the opening; the stream itself lasts until either side ends it.
    ///
    /// It has a connection of its own: a terminal whose output is not read takes no room from other calls.
    pub async fn attach_terminal(
        &self,
        inputs: impl Stream<Item = v1::TerminalInput> + Send + 'static,
        request_id: &str,
    ) -> Result<Streaming<v1::TerminalOutput>, CallError> {
        let bounded = |endpoint: Endpoint| endpoint.initial_stream_window_size(TERMINAL_WINDOW_BYTES);
        let (channel, _) = self.dial_with(bounded).await?;
        let mut message = Request::new(inputs);
        if let Ok(value) = MetadataValue::try_from(request_id) {
            message.metadata_mut().insert(REQUEST_ID_METADATA, value);
        }
        within(TERMINAL_OPENING_TIMEOUT, TerminalClient::new(channel).attach(message)).await
    }

    /// `Journal.Follow`. The deadline covers the opening; the stream itself lasts until either side ends it.
    ///
    /// It has a connection of its own: apps that say much take no room from other calls.
    pub async fn follow_journal(
        &self,
        message: v1::FollowJournalRequest,
        request_id: &str,
    ) -> Result<Streaming<v1::JournalLine>, CallError> {
        let bounded = |endpoint: Endpoint| endpoint.initial_stream_window_size(TERMINAL_WINDOW_BYTES);
        let (channel, _) = self.dial_with(bounded).await?;
        let mut message = Request::new(message);
        if let Ok(value) = MetadataValue::try_from(request_id) {
            message.metadata_mut().insert(REQUEST_ID_METADATA, value);
        }
        within(QUICK_TIMEOUT, JournalClient::new(channel).follow(message)).await
    }
}
