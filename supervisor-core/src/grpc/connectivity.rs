//! `supervisor.core.v1.Connectivity`.

use futures_util::{StreamExt, stream::BoxStream};
use supervisor_proto::v1::{
    ConnectivityState as WireState, GetConnectivityRequest, SetHeartbeatReply, SetHeartbeatRequest,
    SetVpnReply, SetVpnRequest, WatchConnectivityRequest, connectivity_server::Connectivity,
};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tonic::{Request, Response, Status};

use super::{server::until_closing, status::to_status};
use crate::{actions::vpn::VpnSwitch, heartbeat::ConnectivityState};

/// The service.
pub struct ConnectivityService {
    /// The heartbeat's switch.
    pub switch: watch::Sender<bool>,
    /// The VPN's.
    pub vpn: VpnSwitch,
    /// What the heartbeat finds.
    pub state: watch::Receiver<ConnectivityState>,
    /// True once core is ending.
    pub closing: watch::Receiver<bool>,
}

fn to_wire(state: &ConnectivityState) -> WireState {
    WireState {
        heartbeat_enabled: state.heartbeat_enabled,
        vpn_active: state.vpn_active,
        endpoint: state.endpoint.as_ref().map(ToString::to_string).unwrap_or_default(),
        online: state.online,
    }
}

#[tonic::async_trait]
impl Connectivity for ConnectivityService {
    async fn set_heartbeat(
        &self,
        request: Request<SetHeartbeatRequest>,
    ) -> Result<Response<SetHeartbeatReply>, Status> {
        self.switch.send_replace(request.get_ref().enabled);
        Ok(Response::new(SetHeartbeatReply {}))
    }

    async fn set_vpn(&self, request: Request<SetVpnRequest>) -> Result<Response<SetVpnReply>, Status> {
        self.vpn.set(request.get_ref().enabled).await.map_err(|error| to_status(&error))?;
        Ok(Response::new(SetVpnReply {}))
    }

    async fn get_connectivity(
        &self,
        _request: Request<GetConnectivityRequest>,
    ) -> Result<Response<WireState>, Status> {
        // The switch is read itself: the heartbeat may not have looked at it yet.
        let mut state = to_wire(&self.state.borrow());
        state.heartbeat_enabled = *self.switch.borrow();
        Ok(Response::new(state))
    }

    type WatchConnectivityStream = BoxStream<'static, Result<WireState, Status>>;

    async fn watch_connectivity(
        &self,
        _request: Request<WatchConnectivityRequest>,
    ) -> Result<Response<Self::WatchConnectivityStream>, Status> {
        let states = WatchStream::new(self.state.clone()).map(|state| Ok(to_wire(&state)));
        Ok(Response::new(until_closing(states, self.closing.clone())))
    }
}
