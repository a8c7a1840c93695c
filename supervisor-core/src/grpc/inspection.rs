//! `supervisor.core.v1.Inspection`.

use std::sync::Arc;

use supervisor_proto::{
    ids::AppId,
    v1::{AppDescription, DescribeAppRequest, ServiceDescription, inspection_server::Inspection},
};
use tonic::{Request, Response, Status};

use super::status::to_status;
use crate::{
    error::CoreError,
    reconcile::{
        Reconciler,
        status::{AppStatus, ServiceStatus},
    },
};

/// The service.
pub struct InspectionService {
    /// What it looks at.
    pub reconciler: Arc<Reconciler>,
}

impl InspectionService {
    /// Reads the board only, so that an answer never waits for an app's work.
    fn describe(&self, app_id: u64) -> Result<AppDescription, CoreError> {
        let app = AppId::new(app_id)?;
        let board = self.reconciler.context().status.watch();
        // An entry without a release has a failure to tell, but has not been filled in yet.
        let is_filled = |status: &&AppStatus| !status.commit.is_empty();
        let found = board.borrow().apps.get(&app).filter(is_filled).map(|status| description(app, status));
        match found {
            Some(description) => Ok(description),
            // Its worker has not been able to look yet.
            None if self.reconciler.knows(app) => {
                Err(CoreError::StillInProgress { waiting_for: "the container engine".to_owned() })
            }
            None => Err(CoreError::AppNotFound(app)),
        }
    }
}

fn description(app: AppId, status: &AppStatus) -> AppDescription {
    AppDescription {
        app_id: app.get(),
        name: status.name.clone(),
        commit: status.commit.clone(),
        release_id: status.release_id,
        services: status.services.iter().map(|(name, service)| of_service(name.as_str(), service)).collect(),
    }
}

fn of_service(name: &str, service: &ServiceStatus) -> ServiceDescription {
    let variables = service.environment.variables();
    ServiceDescription {
        name: name.to_owned(),
        image: service.image.clone(),
        image_id: service.image_id,
        service_id: service.service_id,
        should_run: service.should_run,
        container_id: service.container_id.clone(),
        container_state: service.container_state.clone(),
        environment: variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
    }
}

#[tonic::async_trait]
impl Inspection for InspectionService {
    async fn describe_app(
        &self,
        request: Request<DescribeAppRequest>,
    ) -> Result<Response<AppDescription>, Status> {
        let described = self.describe(request.get_ref().app_id).map_err(|error| to_status(&error))?;
        Ok(Response::new(described))
    }
}
