//! Apps that are not as they should be, and locks that hold them up.

use supervisor_proto::v1::{AppState, Applier, AppsState, FailedRelease, IgnoredFieldReport, LockReport};

use super::{Check, Finding, facts::CoreFacts};
use crate::timestamp;

pub(super) fn evaluate(core: &CoreFacts) -> Vec<Finding> {
    let mut findings = match &core.apps {
        Ok(state) => apps(state),
        Err(why) => vec![Finding::warn(Check::Apps, why.clone(), "core's log says more")],
    };
    if let Ok(reply) = &core.examined {
        findings.extend(reply.ignored_fields.iter().map(ignored_field));
        findings.extend(reply.locks.iter().map(lock));
        findings.extend(reply.lock_problems.iter().map(|problem| {
            Finding::warn(
                Check::Locks,
                problem.clone(),
                "what stands in the locks' folders has to be a folder of root's",
            )
        }));
        if reply.locks.is_empty() && reply.lock_problems.is_empty() {
            findings.push(Finding::ok(Check::Locks, "no update lock is held"));
        }
    }
    findings
}

fn apps(state: &AppsState) -> Vec<Finding> {
    let ill: Vec<Finding> = state.apps.iter().flat_map(app).collect();
    if ill.is_empty() {
        vec![Finding::ok(Check::Apps, format!("{} known, none failing", state.apps.len()))]
    } else {
        ill
    }
}

fn app(app: &AppState) -> Vec<Finding> {
    let (id, mut findings) = (app.app_id, Vec::new());
    if !app.last_error.is_empty() {
        findings.push(Finding::fail(
            Check::Apps,
            format!("app {id}: {}", app.last_error),
            format!("core tries again by itself; `supervisor-admin app plan {id}` shows what is left to do"),
        ));
    }
    if let Some(failed) = &app.failed_release {
        findings.push(failed_release(app, failed));
    }
    for service in &app.services {
        let name = &service.name;
        if service.health == "unhealthy" {
            let advice = format!("`supervisor-admin app logs {id} --service {name} --tail 50`");
            findings.push(Finding::warn(Check::Apps, format!("app {id}: {name} is unhealthy"), advice));
        } else if service.container_state == "restarting" {
            let text = format!("app {id}: {name} ends again and again, the engine restarts it");
            let advice = format!("`supervisor-admin app logs {id} --service {name} --tail 50`");
            findings.push(Finding::fail(Check::Apps, text, advice));
        }
    }
    findings
}

fn failed_release(app: &AppState, failed: &FailedRelease) -> Finding {
    let (id, FailedRelease { commit, restored_commit, reason, .. }) = (app.app_id, failed);
    let since = timestamp::of_s(failed.at_s);
    if restored_commit.is_empty() {
        return Finding::fail(
            Check::Apps,
            format!("app {id}: release {commit} failed at {since} and could not be taken back: {reason}"),
            "correct the release and apply it, or grant again what the one before needs and apply that",
        );
    }
    let again = match app.applied_by() {
        Applier::Frontend => "release a corrected one in the fleet",
        Applier::Admin | Applier::Unspecified => "correct the compose file and apply it",
    };
    Finding::warn(
        Check::Apps,
        format!("app {id}: release {commit} failed at {since}, {restored_commit} runs instead: {reason}"),
        format!("{again}: this one is not tried again; core's log says more"),
    )
}

fn ignored_field(report: &IgnoredFieldReport) -> Finding {
    let IgnoredFieldReport { app_id, field } = report;
    Finding::warn(
        Check::Apps,
        format!("app {app_id}: {field} has no effect: this engine ignores it"),
        "leave it out, or run the app on an engine that knows it: docs/engines.md has the list",
    )
}

fn lock(lock: &LockReport) -> Finding {
    let LockReport { app_id, path, host_path, uid, .. } = lock;
    let since = timestamp::of_s(lock.since_s);
    if lock.ours {
        return Finding::ok(
            Check::Locks,
            format!("app {app_id}: {path} is core's own, since {since}: an action runs"),
        );
    }
    Finding::warn(
        Check::Locks,
        format!("app {app_id}: {path} is held by the app (uid {uid}) since {since}"),
        format!(
            "restarts, purges, updates and reboots wait for it; --force overrides it, and an app that forgot it needs `rm {host_path}`"
        ),
    )
}
