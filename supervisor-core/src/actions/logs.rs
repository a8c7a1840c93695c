//! The output of one service's container.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use supervisor_proto::ids::{AppId, ServiceName};

use super::choose::{Fallback, choose};
use crate::{
    domain::labels,
    error::CoreError,
    ports::engine::{EngineError, Output, Reading},
    reconcile::Reconciler,
};

/// Which output is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogsQuery {
    /// The app.
    pub app: AppId,
    /// The service; `None`: the only one.
    pub service: Option<ServiceName>,
    /// What is read of it.
    pub reading: Reading,
}

/// Opens the output of the newest container of the service.
pub async fn open(
    reconciler: &Arc<Reconciler>,
    query: &LogsQuery,
) -> Result<BoxStream<'static, Result<Output, EngineError>>, CoreError> {
    if !reconciler.knows(query.app) {
        return Err(CoreError::AppNotFound(query.app));
    }
    let context = reconciler.context();
    let id = query.app.to_string();
    let ours = [(labels::INSTANCE, context.instance.as_str()), (labels::APP_ID, id.as_str())];
    let containers = context.engine.containers(&ours).await?;
    let (_, container) = choose(query.app, query.service.as_ref(), Fallback::Ask, &containers)?;
    Ok(context.engine.logs(&container.id, query.reading).await?)
}
