//! Asks the engine for everything that one app's plan needs, and no more.

use std::collections::BTreeMap;

use tokio::try_join;

use super::Context;
use crate::{
    domain::{
        labels,
        observed::Observed,
        plan::images_in_question,
        record::AppRecord,
        target::NetworkMode,
        wanted::{RenderContext, SUPERVISOR_NETWORK, Wanted, network_name, render},
    },
    ports::engine::EngineError,
};

/// What one app should be, rendered, and what the engine has of it. The questions go out together: a caller
/// waits for the answers.
pub async fn observe(context: &Context, record: &AppRecord) -> Result<(Wanted, Observed), EngineError> {
    let engine = context.engine.as_ref();
    let (id, network) = (record.app_id().to_string(), network_name(record.app_id()));
    let ours = [(labels::INSTANCE, context.instance.as_str()), (labels::APP_ID, id.as_str())];
    let has_volumes = !record.target.app.volumes.is_empty();
    let (containers, app_network, supervisor_network, volumes) = try_join!(
        engine.containers(&ours),
        engine.network(&network),
        async { if needs_gateway(record) { engine.network(SUPERVISOR_NETWORK).await } else { Ok(None) } },
        async { if has_volumes { engine.volumes(&ours).await } else { Ok(BTreeMap::new()) } },
    )?;
    let mut observed = Observed { containers, volumes, ..Observed::default() };
    observed.networks.extend(app_network.map(|_| network));
    if let Some(gateway) = supervisor_network {
        observed.networks.insert(SUPERVISOR_NETWORK.to_owned());
        observed.supervisor_gateway = gateway;
    }
    let wanted = render_for(context, record, &observed);
    for image in images_in_question(record, &wanted, &observed.containers) {
        if engine.has_image(&image).await? {
            observed.images.insert(image);
        }
    }
    Ok((wanted, observed))
}

/// What one app should be, rendered with what is known of the engine.
pub fn render_for(context: &Context, record: &AppRecord, observed: &Observed) -> Wanted {
    let api = context.api.borrow();
    render(
        record,
        &RenderContext {
            instance: &context.instance,
            data_path: &context.data_path,
            device: &context.device,
            api: api.as_ref(),
            gateway: observed.supervisor_gateway,
        },
    )
}

fn needs_gateway(record: &AppRecord) -> bool {
    record.target.services.values().any(|s| s.wants_api() && s.network != NetworkMode::Host)
}
