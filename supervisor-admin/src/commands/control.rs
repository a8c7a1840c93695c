//! `app start|stop|restart|purge|remove`.

use supervisor_proto::{
    client::{CallError, CoreClient},
    ids::{AppId, ServiceName},
    v1::{AppReply, AppRequest},
};

use super::Session;
use crate::{args::Force, confirm, failure::Failure, progress, views::DoneView};

/// What to do with an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Start,
    Stop,
    Restart,
    Purge,
    Remove,
}

impl Action {
    const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Purge => "purge",
            Self::Remove => "remove",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Stop => "stopped",
            Self::Restart => "restarted",
            Self::Purge => "purged",
            Self::Remove => "removed",
        }
    }

    /// The question before it, for the dangerous ones.
    fn question(self, app_id: AppId) -> Option<String> {
        match self {
            Self::Start | Self::Stop | Self::Restart => None,
            Self::Purge => Some(format!("purge of app {app_id}, which deletes its data")),
            Self::Remove => Some(format!("removal of app {app_id}")),
        }
    }
}

pub(super) async fn run(
    session: &mut Session<'_>,
    action: Action,
    app_id: AppId,
    force: Force,
    services: &[ServiceName],
) -> Result<(), Failure> {
    if let Some(question) = action.question(app_id) {
        confirm::confirm(session.args, session.output, &question)?;
    }
    let services: Vec<String> = services.iter().map(ToString::to_string).collect();
    let request = AppRequest { app_id: app_id.get(), force: force.force, services: services.clone() };
    session.client.hello().await?;
    let call = call(&session.client, &session.request_id, action, request);
    progress::shown(&session.client, session.output, app_id, &session.request_id, call).await?;
    let view = DoneView { action: action.word(), app_id: app_id.get(), services };
    session.output.answer(&view, |_| {
        let of = if view.services.is_empty() {
            String::new()
        } else {
            format!("{} of ", view.services.join(", "))
        };
        format!("{of}app {app_id} {}\n", action.done())
    })
}

async fn call(
    client: &CoreClient,
    id: &str,
    action: Action,
    request: AppRequest,
) -> Result<AppReply, CallError> {
    match action {
        Action::Start => client.start(request, id).await,
        Action::Stop => client.stop(request, id).await,
        Action::Restart => client.restart(request, id).await,
        Action::Purge => client.purge(request, id).await,
        Action::Remove => client.remove(request, id).await,
    }
}
