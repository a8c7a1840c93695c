//! Every call of the contract, and how long it may take.

use futures_util::Stream;
use tonic::Streaming;

use super::{ACTION_TIMEOUT, CallError, CoreClient, QUICK_TIMEOUT, TERMINAL_OPENING_TIMEOUT, named, within};
use crate::v1::{
    self, api_access_client::ApiAccessClient, apps_client::AppsClient,
    connectivity_client::ConnectivityClient, device_identity_client::DeviceIdentityClient,
    diagnostics_client::DiagnosticsClient, events_client::EventsClient, inspection_client::InspectionClient,
    journal_client::JournalClient, planner_client::PlannerClient, policy_client::PolicyClient,
    power_client::PowerClient, registry_client::RegistryClient, terminal_client::TerminalClient,
};

macro_rules! calls {
    ($($(#[$doc:meta])* $method:ident($client:ident, $request:ident, $deadline:ident) -> $reply:ty;)+) => {
        impl CoreClient {
            $(
                $(#[$doc])*
                pub async fn $method(&self, message: v1::$request, request_id: &str) -> Result<$reply, CallError> {
                    let channel = self.channel().await?;
                    let mut request = named(message, request_id);
                    request.set_timeout($deadline);
                    self.kept(within($deadline, $client::new(channel).$method(request)).await).await
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
                    let mut client = $client::new(channel);
                    let opening = client.$method(named(message, request_id));
                    self.kept(within(QUICK_TIMEOUT, opening).await).await
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
        let channel = self.channel_apart().await?;
        within(TERMINAL_OPENING_TIMEOUT, TerminalClient::new(channel).attach(named(inputs, request_id))).await
    }

    /// `Journal.Follow`. The deadline covers the opening; the stream itself lasts until either side ends it.
    ///
    /// It has a connection of its own: apps that say much take no room from other calls.
    pub async fn follow_journal(
        &self,
        message: v1::FollowJournalRequest,
        request_id: &str,
    ) -> Result<Streaming<v1::JournalLine>, CallError> {
        let channel = self.channel_apart().await?;
        within(QUICK_TIMEOUT, JournalClient::new(channel).follow(named(message, request_id))).await
    }
}
