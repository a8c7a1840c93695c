//! `policy check` and `policy explain`.

use std::path::Path;

use supervisor_proto::{policy, v1::ExplainPolicyRequest};

use super::{Session, apply};
use crate::{
    args::{ExplainArgs, PolicyVerb},
    failure::Failure,
    render,
    views::{ExplainView, PolicyView},
};

pub(super) async fn run(session: &mut Session<'_>, verb: &PolicyVerb) -> Result<(), Failure> {
    match verb {
        PolicyVerb::Check { file } => check(session, file),
        PolicyVerb::Explain(args) => explain(session, args).await,
    }
}

/// By the rules of core, and without it.
fn check(session: &mut Session<'_>, file: &Path) -> Result<(), Failure> {
    let found = policy::read(file).map_err(Failure::Policy)?;
    let view = PolicyView::new(file, &found);
    session.output.answer(&view, |_| render::policy(&view))
}

async fn explain(session: &mut Session<'_>, args: &ExplainArgs) -> Result<(), Failure> {
    let (target, _) = apply::target(&args.file, args.app_id, args.name.as_deref(), &args.compose)?;
    let request = ExplainPolicyRequest { target: Some(target) };
    let reply = session.client.explain(request, &session.request_id).await;
    let view = ExplainView::new(args.app_id, reply.map_err(apply::not_accepted)?);
    session.output.answer(&view, |_| render::explanation(&view))
}
