//! Asks the engine for everything that one app's plan needs, and no more.

use std::collections::{BTreeMap, BTreeSet};

use supervisor_proto::ids::ServiceName;
use tokio::try_join;

use super::Context;
use crate::{
    domain::{
        dependency::Condition,
        labels,
        observed::{ContainerState, Observed},
        plan::images_in_question,
        record::AppRecord,
        wanted::{RenderContext, SUPERVISOR_NETWORK, Wanted, render},
    },
    ports::engine::{EngineError, SeenNetwork},
};

/// What one app should be, rendered, and what the engine has of it. The questions go out together: a caller
/// waits for the answers.
pub async fn observe(context: &Context, record: &AppRecord) -> Result<(Wanted, Observed), EngineError> {
    let engine = context.engine.as_ref();
    let id = record.app_id().to_string();
    let ours = [(labels::INSTANCE, context.instance.as_str()), (labels::APP_ID, id.as_str())];
    let has_volumes = !record.target.app.volumes.is_empty();
    let (containers, networks, volumes) = try_join!(engine.containers(&ours), engine.networks(), async {
        if has_volumes { engine.volumes(&ours).await } else { Ok(BTreeMap::new()) }
    },)?;
    let mut observed = Observed { containers, volumes, ..Observed::default() };
    for network in networks {
        see(&mut observed, network, &ours);
    }
    correct_jobs(context, record, &mut observed).await?;
    let wanted = render_for(context, record, &observed);
    for image in images_in_question(record, &wanted, &observed) {
        if engine.has_image(&image).await? {
            observed.images.insert(image);
        }
    }
    Ok((wanted, observed))
}

/// What one app should be, rendered with what is known of the engine.
pub fn render_for(context: &Context, record: &AppRecord, observed: &Observed) -> Wanted {
    let (api, device) = (context.api.borrow(), context.device.borrow());
    render(
        record,
        &RenderContext {
            instance: &context.instance,
            data_path: &context.data_path,
            device: &device,
            api: api.as_ref(),
            gateway: observed.supervisor_gateway,
            networks: &observed.known_networks,
        },
    )
}

/// The list lags a moment behind the event of a job's end, and nothing is told after that: while a service waits
/// for the end, the engine is asked for the job itself.
async fn correct_jobs(
    context: &Context,
    record: &AppRecord,
    observed: &mut Observed,
) -> Result<(), EngineError> {
    let is_active = |name: &ServiceName| {
        observed.containers.iter().any(|c| c.service.as_ref() == Some(name) && c.state.is_active())
    };
    let waiting = record.target.services.iter().filter(|(name, _)| !is_active(name));
    let asked = waiting.flat_map(|(_, service)| &service.conditions);
    let jobs: BTreeSet<ServiceName> =
        asked.filter(|(_, d)| d.condition == Condition::Completed).map(|(job, _)| job.clone()).collect();
    for container in &mut observed.containers {
        let is_job = container.service.as_ref().is_some_and(|name| jobs.contains(name));
        if is_job && container.state == ContainerState::Running {
            container.exit_code = context.engine.exit_code(&container.id).await?;
            if container.exit_code.is_some() {
                container.state = ContainerState::Exited;
            }
        }
    }
    Ok(())
}

/// Takes note of one network of the engine.
fn see(observed: &mut Observed, network: SeenNetwork, ours: &[(&str, &str)]) {
    let SeenNetwork { name, gateway, labels } = network;
    if name == SUPERVISOR_NETWORK {
        observed.supervisor_gateway = gateway;
    }
    if ours.iter().all(|(label, value)| labels.get(*label).is_some_and(|found| found == value)) {
        let made_from = labels.get(labels::NETWORK_HASH).cloned().unwrap_or_default();
        observed.known_networks.own.insert(name.clone(), made_from);
    } else {
        observed.known_networks.foreign.insert(name.clone());
    }
    observed.networks.insert(name);
}
