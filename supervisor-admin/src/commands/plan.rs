//! `app plan` and `app apply --dry-run`.

use std::path::Path;

use supervisor_proto::{
    ids::AppId,
    v1::{PlanRequest, Target},
};

use super::{Session, apply};
use crate::{args::PlanArgs, exit_code, failure::Failure, render, views::PlanView};

pub(super) async fn run(session: &mut Session<'_>, args: &PlanArgs) -> Result<u8, Failure> {
    let Some(app_id) = args.app_id else {
        let app_id = AppId::parse(&args.what).map_err(|_| Failure::NeitherIdNorFile(args.what.clone()))?;
        return show(session, app_id, None, args.exit_code).await;
    };
    let (target, _) = apply::target(Path::new(&args.what), app_id, args.name.as_deref(), &args.compose)?;
    show(session, app_id, Some(target), args.exit_code).await
}

/// Shows the plan; with `tells_changes` the exit code says whether there is anything to do.
pub(super) async fn show(
    session: &mut Session<'_>,
    app_id: AppId,
    target: Option<Target>,
    tells_changes: bool,
) -> Result<u8, Failure> {
    let request = PlanRequest { app_id: app_id.get(), target };
    let reply = session.client.plan(request, &session.request_id).await.map_err(apply::not_accepted)?;
    let view = PlanView::new(app_id, reply);
    session.output.warn(&view.warnings)?;
    session.output.answer(&view, |coloured| render::plan(&view, coloured))?;
    Ok(if tells_changes && view.changes { exit_code::CHANGES } else { 0 })
}
