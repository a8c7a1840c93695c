//! `status`.

use supervisor_proto::{
    CONTRACT_VERSION,
    v1::{GetConnectivityRequest, ListRequest},
};

use super::Session;
use crate::{
    cloud_standing,
    failure::Failure,
    render,
    views::{AppsView, StatusView, role_word},
};

pub(super) async fn run(session: &mut Session<'_>) -> Result<(), Failure> {
    let id = session.request_id.as_str();
    let hello = session.client.hello().await?;
    let mut list = AppsView::from(session.client.list(ListRequest {}, id).await?);
    let connectivity = session.client.get_connectivity(GetConnectivityRequest {}, id).await?;
    let cloud = cloud_standing::ask(&session.client, id).await;
    let mut view = StatusView {
        core_version: hello.core_version,
        contract_version: CONTRACT_VERSION,
        role: role_word(hello.role),
        engine_available: list.engine_available,
        heartbeat: connectivity.into(),
        // Not everybody may ask, and there may be no frontend to ask.
        cloud: cloud.inspect_err(|error| log::debug!("cloud not known error='{error}'")).ok(),
        apps: Vec::new(),
    };
    if session.output.is_json() {
        view.apps = std::mem::take(&mut list.apps);
    }
    session.output.answer(&view, |coloured| render::status(&view, &list, coloured))
}
