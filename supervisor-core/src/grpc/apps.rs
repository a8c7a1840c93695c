//! `supervisor.core.v1.Apps`.

use std::sync::Arc;

use futures_util::{StreamExt, stream::BoxStream};
use supervisor_proto::{
    ids::{AppId, ServiceName},
    v1::{
        AppReply, AppRequest, ApplyReply, ApplyRequest, AppsState, ListRequest, LogChunk, LogsRequest,
        UpdateReply, UpdateRequest, WatchRequest, apps_server::Apps, log_chunk,
    },
};
use tokio_stream::wrappers::WatchStream;
use tonic::{Request, Response, Status};

use super::{gate::Caller, roles::Role, server::until_closing, state, status::to_status, target};
use crate::{
    actions::logs::{self, LogsQuery},
    domain::{apply_time, host_access, intent::Action, record::AppliedBy, target::Target, update_strategy},
    error::CoreError,
    ports::engine::Reading,
    reconcile::Reconciler,
};

/// The service.
pub struct AppsService {
    /// What it serves.
    pub reconciler: Arc<Reconciler>,
    /// True once core is ending.
    pub closing: tokio::sync::watch::Receiver<bool>,
}

fn services(names: &[String]) -> Result<Vec<ServiceName>, CoreError> {
    Ok(names.iter().map(|name| ServiceName::parse(name)).collect::<Result<_, _>>()?)
}

/// An action that cannot be done to some services only.
fn whole_app(names: &[ServiceName], action: Action) -> Result<Action, CoreError> {
    if names.is_empty() {
        return Ok(action);
    }
    let problem = format!("{} is for the whole app", action.name());
    Err(CoreError::InvalidField { field: "services".to_owned(), problem })
}

/// Whoever is not known to be the owner is bounded by the owner's policy.
fn on_whose_word<T>(request: &Request<T>) -> AppliedBy {
    match request.extensions().get::<Caller>().map(|caller| caller.role) {
        Some(Role::Admin) => AppliedBy::Admin,
        Some(Role::Frontend) | None => AppliedBy::Frontend,
    }
}

impl AppsService {
    /// Whoever applies a target learns that it is carried out later.
    fn waits_for(&self, app: AppId) -> Option<String> {
        let board = self.reconciler.context().status.watch();
        let what = board.borrow().apps.get(&app).map(|status| status.apply_waits_for.clone());
        what.filter(|what| !what.is_empty()).map(|what| format!("the update waits for {what}"))
    }

    /// Whoever applies a target learns what this engine makes nothing of.
    async fn comes_to_nothing(&self, target: &Target) -> Vec<String> {
        let ignored = self.reconciler.ignored_fields(target).await;
        for field in &ignored.fields {
            let (app, engine) = (target.app.app_id, ignored.engine);
            log::warn!(
                "target has a field that the engine ignores app_id={app} field='{field}' engine='{engine}'"
            );
        }
        ignored.warnings().collect()
    }

    async fn act(
        &self,
        request: Request<AppRequest>,
        action: impl FnOnce(Vec<ServiceName>) -> Result<Action, CoreError> + Send,
    ) -> Result<Response<AppReply>, Status> {
        let AppRequest { app_id, force, services: names } = request.into_inner();
        let work = async {
            let app = AppId::new(app_id)?;
            self.reconciler.act(app, action(services(&names)?)?, force).await
        };
        work.await.map_err(|error| to_status(&error))?;
        Ok(Response::new(AppReply {}))
    }
}

#[tonic::async_trait]
impl Apps for AppsService {
    async fn apply(&self, request: Request<ApplyRequest>) -> Result<Response<ApplyReply>, Status> {
        let by = on_whose_word(&request);
        let ApplyRequest { target, force, no_wait } = request.into_inner();
        let work = async {
            let target = target::from_wire(target.unwrap_or_default())?;
            let (app, commit) = (target.app.app_id, target.app.commit.clone());
            let mut warnings = host_access::warnings(&target, &self.reconciler.context().own_places);
            if by == AppliedBy::Frontend {
                self.reconciler.permit_target(&target).await?;
            }
            for warning in &warnings {
                log::warn!("target gives access to the host app_id={app} what='{warning}'");
            }
            let mut not_done = update_strategy::warnings(&target);
            not_done.extend(apply_time::warnings(&target));
            for warning in &not_done {
                log::warn!("target asks for an update that cannot be done app_id={app} what='{warning}'");
            }
            warnings.extend(not_done);
            let action = Action::Apply(Box::new(target.clone()), by);
            if no_wait {
                self.reconciler.begin(app, action, force).await?;
            } else {
                self.reconciler.act(app, action, force).await?;
            }
            // The engine is asked for it, and may be slow: the target is stored by now.
            warnings.extend(self.comes_to_nothing(&target).await);
            warnings.extend(self.waits_for(app));
            Ok((commit, warnings))
        };
        let (commit, warnings) = work.await.map_err(|error: CoreError| to_status(&error))?;
        Ok(Response::new(ApplyReply { commit, warnings }))
    }

    async fn list(&self, _request: Request<ListRequest>) -> Result<Response<AppsState>, Status> {
        let snapshot = self.reconciler.context().status.watch().borrow().clone();
        Ok(Response::new(state::to_wire(&snapshot)))
    }

    type WatchStream = BoxStream<'static, Result<AppsState, Status>>;

    async fn watch(&self, _request: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let snapshots = WatchStream::new(self.reconciler.context().status.watch());
        let stream = snapshots.map(|snapshot| Ok(state::to_wire(&snapshot)));
        Ok(Response::new(until_closing(stream, self.closing.clone())))
    }

    async fn restart(&self, request: Request<AppRequest>) -> Result<Response<AppReply>, Status> {
        self.act(request, |names| Ok(Action::Restart(names))).await
    }

    async fn purge(&self, request: Request<AppRequest>) -> Result<Response<AppReply>, Status> {
        self.act(request, |names| whole_app(&names, Action::Purge)).await
    }

    async fn start(&self, request: Request<AppRequest>) -> Result<Response<AppReply>, Status> {
        self.act(request, |names| Ok(Action::Start(names))).await
    }

    async fn stop(&self, request: Request<AppRequest>) -> Result<Response<AppReply>, Status> {
        self.act(request, |names| Ok(Action::Stop(names))).await
    }

    async fn remove(&self, request: Request<AppRequest>) -> Result<Response<AppReply>, Status> {
        let removal = match on_whose_word(&request) {
            AppliedBy::Admin => Action::Remove,
            AppliedBy::Frontend => Action::Withdraw,
        };
        self.act(request, |names| whole_app(&names, removal)).await
    }

    async fn update(&self, request: Request<UpdateRequest>) -> Result<Response<UpdateReply>, Status> {
        let UpdateRequest { force, cancel, apply } = request.into_inner();
        self.reconciler.nudge_all(force, cancel);
        if apply && !cancel {
            self.reconciler.apply_waiting();
        }
        Ok(Response::new(UpdateReply {}))
    }

    type LogsStream = BoxStream<'static, Result<LogChunk, Status>>;

    async fn logs(&self, request: Request<LogsRequest>) -> Result<Response<Self::LogsStream>, Status> {
        let LogsRequest { app_id, service, follow, tail_lines: tail, timestamps, since_ms } =
            request.into_inner();
        let since_ns = since_ms.map(|ms| ms.saturating_mul(1_000_000));
        let reading = Reading { follow, tail, since_ns, timed: timestamps };
        let work = async {
            let app = AppId::new(app_id)?;
            let service = if service.is_empty() { None } else { Some(ServiceName::parse(&service)?) };
            logs::open(&self.reconciler, &LogsQuery { app, service, reading }).await
        };
        let output = work.await.map_err(|error| to_status(&error))?;
        let chunks = output.map(|item| {
            let output = item.map_err(|error| to_status(&CoreError::from(error)))?;
            let stream = if output.is_stderr { log_chunk::Stream::Stderr } else { log_chunk::Stream::Stdout };
            Ok(LogChunk { stream: stream.into(), data: output.bytes })
        });
        Ok(Response::new(until_closing(chunks, self.closing.clone())))
    }
}
