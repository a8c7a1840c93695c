//! The body of `GET /v2/applications/<appId>/state`: services by the numeric id of their image.

use std::collections::BTreeMap;

use serde::Serialize;
use supervisor_proto::v1::AppDescription;

use super::state_status::shown_state;

/// One app.
#[derive(Debug, Serialize)]
pub struct AppStateBody<'a> {
    commit: &'a str,
    local: BTreeMap<u64, LocalApp>,
}

#[derive(Debug, Serialize)]
struct LocalApp {
    services: BTreeMap<u64, LocalService>,
}

#[derive(Debug, Serialize)]
struct LocalService {
    status: &'static str,
    #[serde(rename = "releaseId")]
    release_id: u64,
    /// A container that is there has nothing left to fetch.
    download_progress: Option<u32>,
}

impl<'a> AppStateBody<'a> {
    /// Of the services whose container is there.
    pub fn of(app: &'a AppDescription) -> Self {
        let there = app.services.iter().filter(|service| !service.container_id.is_empty());
        let services = there.map(|service| {
            let status = shown_state(&service.container_state);
            (service.image_id, LocalService { status, release_id: app.release_id, download_progress: None })
        });
        let local = LocalApp { services: services.collect() };
        Self { commit: &app.commit, local: [(app.app_id, local)].into() }
    }
}
