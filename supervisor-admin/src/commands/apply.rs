//! `app apply`.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use supervisor_proto::{
    client::CallError,
    ids::AppId,
    v1::{ApplyReply, ApplyRequest, ErrorReason, Target},
};

use super::{Session, plan};
use crate::{
    args::{ApplyArgs, ComposeArgs},
    compose_file,
    failure::Failure,
    output::one_line,
    progress,
    surroundings::Surroundings,
    views::AppliedView,
};

pub(super) async fn run(session: &mut Session<'_>, args: &ApplyArgs) -> Result<u8, Failure> {
    let (target, name) = target(&args.file, args.app_id, args.name.as_deref(), &args.compose)?;
    if args.dry_run {
        return plan::show(session, args.app_id, Some(target), args.exit_code).await;
    }
    let request = ApplyRequest { target: Some(target), force: args.force.force, no_wait: false };
    session.client.hello().await?;
    // A target is large.
    let call = Box::pin(session.client.apply(request, &session.request_id));
    let reply =
        progress::shown(&session.client, session.output, args.app_id, &session.request_id, call).await;
    let ApplyReply { commit, warnings } = reply.map_err(not_accepted)?;
    session.output.warn(&warnings)?;
    let view = AppliedView { action: "apply", app_id: args.app_id.get(), name, commit, warnings };
    session.output.answer(&view, |_| {
        format!("app {} ({}) applied, commit {}\n", view.app_id, one_line(&view.name), one_line(&view.commit))
    })?;
    Ok(0)
}

/// What the file says, as a target, and the app's name.
pub(super) fn target(
    file: &Path,
    app_id: AppId,
    name: Option<&str>,
    compose: &ComposeArgs,
) -> Result<(Target, String), Failure> {
    let surroundings = Surroundings::of(file, compose.env_file.as_deref(), &compose.profiles)?;
    let document = compose_file::parse(&read(file)?, &surroundings)?;
    let name = name.map(str::to_owned).or_else(|| document.name.clone()).or_else(|| folder_name(file));
    let name = name.ok_or(Failure::NoName)?;
    Ok((document.into_target(app_id, name.clone()), name))
}

/// What core calls an invalid argument of `Apply` or `Plan` is something that the file says.
pub(super) fn not_accepted(error: CallError) -> Failure {
    match error {
        CallError::Refused { reason: ErrorReason::InvalidArgument, subject, message } => {
            Failure::TargetRefused { subject, message }
        }
        other => other.into(),
    }
}

/// One byte more than the limit is enough to see that a file is too large.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let limit = compose_file::MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|source| Failure::File { path: path.to_owned(), source })?;
    Ok(bytes)
}

/// The name of the folder that the file is in, as compose names a project.
fn folder_name(path: &Path) -> Option<String> {
    if path.as_os_str() == "-" {
        return None;
    }
    let path = path.canonicalize().ok()?;
    Some(path.parent()?.file_name()?.to_string_lossy().into_owned())
}
