//! `POST /v1/spawn-tty`: the URL of a terminal in an app's container.

use actix_web::{HttpRequest, HttpResponse, web};
use supervisor_proto::{
    client::CallError,
    ids::{AppId, ServiceName},
    v1::{AppState, ListRequest},
};

use crate::{
    answer::{self, Action},
    http::request_id::RequestId,
    services::Services,
    terminal::registry::{SpawnError, Wish},
    wire::{
        body::{self, BodyError},
        request::{AppIdError, ServiceNameError},
    },
};

const ACTION: Action = Action::Terminal;

/// Answers with the URL of the app's terminal: the one that lives, or a new one. The shell is opened by the
/// first browser, so the container need not run yet.
pub async fn post(
    request: HttpRequest,
    payload: web::Payload,
    services: web::Data<Services>,
    id: web::ReqData<RequestId>,
) -> HttpResponse {
    match spawn(&request, payload, &services, *id).await {
        Ok(url) => answer::text_ok(url),
        Err(refusal) => refusal.answer(*id),
    }
}

async fn spawn(
    request: &HttpRequest,
    payload: web::Payload,
    services: &Services,
    id: RequestId,
) -> Result<String, Refusal> {
    let body = body::read(request, payload, services.body_deadline).await?;
    let (app, service) = (body.app_id()?, body.service_name()?);
    let state = known_app(services, app, id).await?;
    if let Some(service) = &service
        && !has_service(&state, service)
    {
        return Err(Refusal::NoService);
    }
    let addresses = services.device.addresses().await;
    let wish = Wish { app, app_name: state.name, service };
    Ok(services.terminals.spawn(wish, &addresses).await?)
}

/// What core says of the app now.
pub(super) async fn known_app(services: &Services, app: AppId, id: RequestId) -> Result<AppState, Refusal> {
    let state = services.core.list(ListRequest {}, &id.to_string()).await?;
    state.apps.into_iter().find(|known| known.app_id == app.get()).ok_or(Refusal::NoApp)
}

fn has_service(state: &AppState, wanted: &ServiceName) -> bool {
    state.services.iter().any(|service| service.name == wanted.as_str())
}

/// Why there is no terminal, or why it cannot be ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// The body cannot be used.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// It names no app.
    #[error(transparent)]
    Id(#[from] AppIdError),
    /// It names a service that cannot be.
    #[error(transparent)]
    Name(#[from] ServiceNameError),
    /// Core does not know the app.
    #[error("no such app")]
    NoApp,
    /// The app has no such service.
    #[error("no such service")]
    NoService,
    /// Core was not there to ask.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The terminal itself.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
}

impl Refusal {
    /// The answer, in plain text.
    pub(super) fn answer(&self, id: RequestId) -> HttpResponse {
        match self {
            Self::Body(error) => answer::body_error(ACTION.format(), error),
            Self::Id(error) => answer::app_id_error(ACTION.format(), *error),
            Self::Name(ServiceNameError) => answer::invalid_service_name(ACTION.format()),
            Self::NoApp => answer::app_not_found(ACTION.format()),
            Self::NoService => answer::service_not_found(ACTION.format()),
            Self::Call(error) => answer::call_error(ACTION, error, id),
            Self::Spawn(error) => answer::spawn_error(ACTION.format(), error, id),
        }
    }
}
