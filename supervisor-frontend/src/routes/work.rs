//! Work on an app that the path names: what is asked for, and core carrying it out.

use actix_web::{HttpRequest, web};
use supervisor_proto::{client::CallError, v1::AppRequest};

use crate::{answer::Action, http::request_id::RequestId, services::Services};

/// A request as the routes of one app take it, with the app of the path.
pub type Call = (HttpRequest, web::Path<String>, web::Payload, web::Data<Services>, web::ReqData<RequestId>);

/// The request's name.
pub(super) fn id_of((.., id): &Call) -> RequestId {
    **id
}

/// What core is to do with an app, or with some of its services.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    /// Recreates containers.
    Restart,
    /// Empties the data, and recreates containers.
    Purge,
    /// Starts what is stopped.
    Start,
    /// Stops; what is stopped stays so until it is started again.
    Stop,
}

impl Work {
    /// What answers call it.
    pub(super) const fn action(self) -> Action {
        match self {
            Self::Restart => Action::Restart,
            Self::Purge => Action::PurgeV2,
            Self::Start => Action::Start,
            Self::Stop => Action::Stop,
        }
    }
}

/// Returns when core has finished.
pub(super) async fn carry_out(
    work: Work,
    message: AppRequest,
    services: &Services,
    id: RequestId,
) -> Result<(), CallError> {
    let (core, id) = (&services.core, id.to_string());
    match work {
        Work::Restart => core.restart(message, &id).await.map(drop),
        Work::Purge => core.purge(message, &id).await.map(drop),
        Work::Start => core.start(message, &id).await.map(drop),
        Work::Stop => core.stop(message, &id).await.map(drop),
    }
}
