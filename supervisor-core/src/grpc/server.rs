//! The server: every service behind the one gate, until core ends.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, stream::BoxStream};
use supervisor_proto::v1::{
    api_access_server::ApiAccessServer, apps_server::AppsServer, connectivity_server::ConnectivityServer,
    contract_server::ContractServer, device_identity_server::DeviceIdentityServer,
    diagnostics_server::DiagnosticsServer, events_server::EventsServer, inspection_server::InspectionServer,
    journal_server::JournalServer, planner_server::PlannerServer, policy_server::PolicyServer,
    power_server::PowerServer, registry_server::RegistryServer, terminal_server::TerminalServer,
};
use tokio::{net::UnixListener, sync::watch};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Status, service::Routes, transport::Server};

use super::{
    api_access::ApiAccessService, apps::AppsService, connectivity::ConnectivityService,
    contract::ContractService, device_identity::DeviceIdentityService, diagnostics::DiagnosticsService,
    events::EventsService, gate::GateLayer, inspection::InspectionService, journal::JournalService,
    planner::PlannerService, policy::PolicyService, power::PowerService, reflection::Reflection,
    registry::RegistryService, roles::RolePolicy, terminal::TerminalService,
};
use crate::{
    actions::{
        api_access::ApiAccessKeeper, device_identity::DeviceIdentityKeeper, diagnose::Diagnosis,
        journal::seats::Seats, power::PowerActions, registry_access::RegistryAccessKeeper,
        terminal::Terminals, vpn::VpnSwitch,
    },
    closing::closed,
    heartbeat::ConnectivityState,
    policy_file::PolicyFile,
    ports::vpn::Vpn,
    reconcile::Reconciler,
};

/// Calls of one connection that run at the same time.
const MAX_CALLS: usize = 512;
/// No request of the contract comes near this.
const MAX_REQUEST_BYTES: usize = 1 << 20;

/// What a client may send ahead of a service that does not read, such as a terminal whose process does not.
const STREAM_WINDOW_BYTES: u32 = 128 << 10;

/// How long open connections may take to end; less than any init system waits.
const DRAIN_DEADLINE: Duration = Duration::from_secs(3);

/// Everything that is served.
pub struct Services {
    /// Apps.
    pub reconciler: Arc<Reconciler>,
    /// The device's power.
    pub power: Arc<PowerActions>,
    /// Terminals and commands in containers.
    pub terminals: Arc<Terminals>,
    /// The API's key and port.
    pub api_access: Arc<ApiAccessKeeper>,
    /// What images are fetched with.
    pub registry_access: Arc<RegistryAccessKeeper>,
    /// Who the device is in its fleet.
    pub identity: Arc<DeviceIdentityKeeper>,
    /// The heartbeat's switch.
    pub heartbeat_switch: watch::Sender<bool>,
    /// The host's VPN.
    pub vpn: Arc<dyn Vpn>,
    /// What the heartbeat finds.
    pub connectivity: watch::Receiver<ConnectivityState>,
    /// Looks for faults.
    pub diagnosis: Arc<Diagnosis>,
    /// Group of the socket.
    pub socket_gid: u32,
    /// The owner's policy file.
    pub policy_file: PolicyFile,
    /// True once core is ending.
    pub closing: watch::Receiver<bool>,
}

/// The server broke off.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The transport broke off.
    #[error("the server broke off")]
    Transport(#[source] tonic::transport::Error),
}

/// What looks at apps, and works on them.
fn of_apps(apps: &Arc<Reconciler>, closing: &watch::Receiver<bool>) -> Routes {
    let reconciler = || Arc::clone(apps);
    let planner = PlannerService { reconciler: reconciler() };
    let policy = PolicyService { reconciler: reconciler() };
    let inspection = InspectionService { reconciler: reconciler() };
    let journal =
        JournalService { reconciler: reconciler(), seats: Seats::default(), closing: closing.clone() };
    let apps = AppsService { reconciler: reconciler(), closing: closing.clone() };
    Routes::default()
        .add_service(AppsServer::new(apps).max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_service(PlannerServer::new(planner).max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_service(PolicyServer::new(policy).max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_service(InspectionServer::new(inspection).max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_service(JournalServer::new(journal).max_decoding_message_size(MAX_REQUEST_BYTES))
}

/// Serves until `closing`.
pub async fn serve(listener: UnixListener, roles: RolePolicy, services: Services) -> Result<(), ServeError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<AppsServer<AppsService>>().await;
    let closing = services.closing.clone();
    let feed = services.reconciler.context().events.clone();
    let events = EventsService { feed: feed.clone(), closing: closing.clone() };
    let (diagnosis, socket_gid, policy_file) =
        (services.diagnosis, services.socket_gid, services.policy_file);
    let reconciler = Arc::clone(&services.reconciler);
    let diagnostics = DiagnosticsService { diagnosis, policy: roles, socket_gid, policy_file, reconciler };
    let power = PowerService { actions: services.power };
    let terminals = TerminalService { terminals: services.terminals };
    let api_access = ApiAccessService { keeper: services.api_access, closing: closing.clone() };
    let identity = DeviceIdentityService { keeper: services.identity };
    let registry = RegistryService { keeper: services.registry_access };
    let (switch, state) = (services.heartbeat_switch, services.connectivity);
    let vpn = VpnSwitch::new(services.vpn);
    let connectivity = ConnectivityService { switch, vpn, state, closing: closing.clone() };
    let serving = Server::builder()
        .concurrency_limit_per_connection(MAX_CALLS)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .layer(GateLayer { policy: roles, feed })
        .add_routes(of_apps(&services.reconciler, &closing))
        .add_service(health_service)
        .add_service(Reflection::default())
        .add_service(ContractServer::new(ContractService).max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_service(DiagnosticsServer::new(diagnostics).max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_service(EventsServer::new(events).max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_service(PowerServer::new(power).max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_service(DeviceIdentityServer::new(identity).max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_service(RegistryServer::new(registry).max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_service(TerminalServer::new(terminals).max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_service(ApiAccessServer::new(api_access).max_decoding_message_size(MAX_REQUEST_BYTES))
        .add_service(ConnectivityServer::new(connectivity).max_decoding_message_size(MAX_REQUEST_BYTES))
        .serve_with_incoming_shutdown(UnixListenerStream::new(listener), closed(closing.clone()));
    tokio::select! {
        served = serving => served.map_err(ServeError::Transport),
        () = overdue(closing) => {
            log::warn!("connections broken off after_ms={}", DRAIN_DEADLINE.as_millis());
            Ok(())
        }
    }
}

/// Resolves when peers have had their time to end: one that is silent, or follows the health, never would.
async fn overdue(closing: watch::Receiver<bool>) {
    closed(closing).await;
    tokio::time::sleep(DRAIN_DEADLINE).await;
}

/// A stream that would last for ever ends with core, so that the server can.
pub fn until_closing<T: Send + 'static>(
    stream: impl Stream<Item = Result<T, Status>> + Send + 'static,
    closing: watch::Receiver<bool>,
) -> BoxStream<'static, Result<T, Status>> {
    stream.take_until(closed(closing)).boxed()
}
