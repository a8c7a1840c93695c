//! `tcp-ping on|off|status`.

use supervisor_proto::v1::{GetConnectivityRequest, SetHeartbeatRequest};

use super::Session;
use crate::{
    args::Switch,
    failure::Failure,
    render,
    views::{HeartbeatView, SwitchView},
};

pub(super) async fn run(session: &mut Session<'_>, switch: Switch) -> Result<(), Failure> {
    let enabled = match switch {
        Switch::On => true,
        Switch::Off => false,
        Switch::Status => return status(session).await,
    };
    session.client.set_heartbeat(SetHeartbeatRequest { enabled }, &session.request_id).await?;
    session.output.answer(&SwitchView { enabled }, |_| {
        format!("heartbeat {} until core restarts\n", if enabled { "on" } else { "off" })
    })
}

async fn status(session: &mut Session<'_>) -> Result<(), Failure> {
    let state = session.client.get_connectivity(GetConnectivityRequest {}, &session.request_id).await?;
    let view = HeartbeatView::from(state);
    session.output.answer(&view, |coloured| format!("heartbeat {}\n", render::heartbeat(&view, coloured)))
}
