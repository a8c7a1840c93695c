//! `GET /v1/apps/<appId>`: the one container of an app, and what it was made from.

use actix_web::{HttpResponse, web};
use supervisor_proto::{
    client::CallError,
    ids::AppId,
    v1::{AppDescription, DescribeAppRequest, ServiceDescription},
};

use crate::{
    answer::{self, Action},
    http::request_id::RequestId,
    services::Services,
    wire::{body::BodyError, request::AppIdError, response::App, service_choice::ServiceChoiceError},
};

/// Answers what core knows of the app at the moment.
pub async fn get(
    path: web::Path<String>,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    show(&path, &services, *id).await.unwrap_or_else(|refusal| refusal.answer(Action::Describe, *id))
}

async fn show(path: &str, services: &Services, id: RequestId) -> Result<HttpResponse, Refusal> {
    let described = describe(services, app_in_path(path)?, id).await?;
    let service = only_service(&described)?;
    Ok(HttpResponse::Ok().json(App::new(&described, service)))
}

/// Why a route of one app has no success to answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// The path names no app.
    #[error(transparent)]
    Id(#[from] AppIdError),
    /// The body cannot be used.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The app has not exactly one service; these routes are older than apps of several.
    #[error("not an app with a single container")]
    NotSingle,
    /// The body names no service.
    #[error(transparent)]
    Service(#[from] ServiceChoiceError),
    /// The app has no such service.
    #[error("no such service")]
    NoService,
    /// Core did not do it.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Refusal {
    /// The answer in the format of `action`.
    pub(super) fn answer(&self, action: Action, id: RequestId) -> HttpResponse {
        match self {
            Self::Id(error) => answer::app_id_error(action.format(), *error),
            Self::Body(error) => answer::body_error(action.format(), error),
            Self::NotSingle => answer::not_single(action.format()),
            Self::Service(error) => answer::service_choice_error(action.format(), *error),
            Self::NoService => answer::service_not_found(action.format()),
            Self::Call(error) => answer::call_error(action, error, id),
        }
    }
}

/// The success of a route that has nothing to tell, or why there is none.
pub(super) fn ok_or_refusal(action: Action, done: Result<(), Refusal>, id: RequestId) -> HttpResponse {
    match done {
        Ok(()) => answer::ok(action.format()),
        Err(refusal) => refusal.answer(action, id),
    }
}

/// The app that the path names.
pub(super) fn app_in_path(text: &str) -> Result<AppId, AppIdError> {
    AppId::parse(text).map_err(|_| AppIdError::Invalid)
}

/// Asks core.
pub(super) async fn describe(
    services: &Services,
    app: AppId,
    id: RequestId,
) -> Result<AppDescription, CallError> {
    services.core.describe_app(DescribeAppRequest { app_id: app.get() }, &id.to_string()).await
}

/// The service of an app that has exactly one.
pub(super) fn only_service(app: &AppDescription) -> Result<&ServiceDescription, Refusal> {
    match app.services.as_slice() {
        [only] => Ok(only),
        _ => Err(Refusal::NotSingle),
    }
}
