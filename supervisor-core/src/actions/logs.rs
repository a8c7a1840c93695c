//! The output of one service's container.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use supervisor_proto::ids::{AppId, ServiceName};

use crate::{
    domain::{labels, observed::Container},
    error::CoreError,
    ports::engine::{EngineError, Output},
    reconcile::Reconciler,
};

/// Which output is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogsQuery {
    /// The app.
    pub app: AppId,
    /// The service; `None`: the only one.
    pub service: Option<ServiceName>,
    /// Go on with what comes.
    pub follow: bool,
    /// So many lines from the end; `None`: all.
    pub tail: Option<u32>,
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
    let container = choose(query, &containers)?;
    Ok(context.engine.logs(&container.id, query.follow, query.tail).await?)
}

fn choose<'a>(query: &LogsQuery, containers: &'a [Container]) -> Result<&'a Container, CoreError> {
    let mut names: Vec<&ServiceName> = containers.iter().filter_map(|c| c.service.as_ref()).collect();
    names.sort_unstable();
    names.dedup();
    let service = match (&query.service, names.as_slice()) {
        (Some(service), _) => service,
        (None, [only]) => only,
        (None, []) => return Err(CoreError::AppNotFound(query.app)),
        (None, several) => {
            let names = several.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", ");
            let problem = format!("the app has several, name one of {names}");
            return Err(CoreError::InvalidField { field: "service".to_owned(), problem });
        }
    };
    let newest =
        containers.iter().filter(|c| c.service.as_ref() == Some(service)).max_by_key(|c| c.created_s);
    newest.ok_or_else(|| CoreError::ServiceNotFound { app: query.app, service: service.clone() })
}
