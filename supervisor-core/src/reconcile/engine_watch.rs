//! Follows the engine: notices when it comes and goes, adopts containers of ours that no record names, and
//! wakes the worker of an app whose containers change. Nothing is polled while the engine answers.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::StreamExt;
use supervisor_proto::ids::AppId;

use super::{Reconciler, worker::fresh_token};
use crate::{
    domain::{
        event::What,
        labels,
        observed::{Container, ContainerId, ContainerState},
    },
    error::chain,
    ports::engine::{EngineError, EngineEvent},
};

/// First and longest wait between attempts to reach the engine.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LONGEST: Duration = Duration::from_secs(5);
/// Events from so long before the first look are told again, so that none falls between look and listening.
const OVERLAP_S: u64 = 5;

/// Follows the engine for ever.
pub async fn follow(reconciler: Arc<Reconciler>) {
    let mut wait = RETRY_FIRST;
    let mut told = false;
    loop {
        match listen(&reconciler).await {
            Ok(()) => {
                log::warn!("engine gone");
                reconciler.context().events.tell_all(|| What::EngineChanged { available: false });
                (wait, told) = (RETRY_FIRST, true);
            }
            Err(error) if !told => {
                log::warn!("engine not available error='{}'", chain(&error));
                told = true;
            }
            Err(_) => {}
        }
        reconciler.context().status.set_engine_available(false);
        tokio::time::sleep(wait).await;
        wait = wait.saturating_mul(2).min(RETRY_LONGEST);
    }
}

/// Looks once at everything, then listens until the engine goes away.
async fn listen(reconciler: &Arc<Reconciler>) -> Result<(), EngineError> {
    let context = reconciler.context();
    let since_s = now_s().saturating_sub(OVERLAP_S);
    let ours = (labels::INSTANCE, context.instance.as_str());
    let containers = context.engine.containers(&[ours]).await?;
    let mut events = context.engine.events(ours, since_s).await?;
    context.status.set_engine_available(true);
    context.events.tell_all(|| What::EngineChanged { available: true });
    let unread = adopt_all(reconciler, &containers).await?;
    reconciler.adoption_done(unread);
    report_strangers(reconciler).await?;
    reconciler.look_again();
    // Images may have been left because it was not there.
    context.settled.notify_one();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                let EngineEvent { app, service, container, happening, time_ms } = event;
                let what = || What::ContainerChanged { service, container, happening };
                context.events.tell_of(app, time_ms, what);
                reconciler.nudge(app);
            }
            Err(error) => {
                log::debug!("events ended error='{}'", chain(&error));
                break;
            }
        }
    }
    Ok(())
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// Containers of ours that no record names become records again, and a last good copy of a damaged record is
/// put right by them; nothing is ever removed here. Gives back the apps whose labels are not understood.
async fn adopt_all(
    reconciler: &Arc<Reconciler>,
    containers: &[Container],
) -> Result<BTreeSet<AppId>, EngineError> {
    let mut unread = BTreeSet::new();
    let apps: BTreeSet<AppId> = containers.iter().filter_map(|c| c.app).collect();
    for app in apps.into_iter().filter(|app| !reconciler.knows(*app)) {
        let kept_stopped = kept_stopped(reconciler, app, containers).await?;
        let token = fresh_token().unwrap_or_default();
        let Some(adopted) = labels::adopt(app, containers, &kept_stopped, token) else {
            log::warn!("containers not adopted, their labels are not understood app_id={app}");
            unread.insert(app);
            continue;
        };
        log::warn!("app adopted from its containers app_id={app} services={}", adopted.services.len());
        let record = match reconciler.take_provisional(app) {
            Some(old) => labels::merge(old, adopted),
            None => adopted,
        };
        reconciler.adopt(record);
    }
    // What has no container has nothing to be compared with.
    while let Some(record) = reconciler.take_any_provisional() {
        reconciler.adopt(record);
    }
    Ok(unread)
}

/// Which of the app's containers were stopped on purpose.
async fn kept_stopped(
    reconciler: &Arc<Reconciler>,
    app: AppId,
    containers: &[Container],
) -> Result<BTreeSet<ContainerId>, EngineError> {
    let exited = containers.iter().filter(|c| c.app == Some(app) && c.state == ContainerState::Exited);
    let mut stopped = BTreeSet::new();
    for container in exited {
        if reconciler.context().engine.is_kept_stopped(&container.id).await? {
            stopped.insert(container.id.clone());
        }
    }
    Ok(stopped)
}

/// Says which containers other supervisors have made; they are left alone.
async fn report_strangers(reconciler: &Arc<Reconciler>) -> Result<(), EngineError> {
    let context = reconciler.context();
    for container in context.engine.containers(&[(labels::SUPERVISED, "true")]).await? {
        if container.labels.get(labels::INSTANCE) != Some(&context.instance) {
            log::warn!("container of another supervisor left alone container={}", container.name);
        }
    }
    Ok(())
}
