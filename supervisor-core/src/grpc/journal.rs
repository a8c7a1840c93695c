//! `supervisor.core.v1.Journal`.

use std::sync::Arc;

use futures_util::{StreamExt, stream::BoxStream};
use supervisor_proto::v1::{FollowJournalRequest, JournalLine, journal_server::Journal};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::server::until_closing;
use crate::{
    actions::journal,
    domain::journal::{Line, Voice},
    reconcile::Reconciler,
};

/// The service.
pub struct JournalService {
    /// Whose apps are followed.
    pub reconciler: Arc<Reconciler>,
    /// True once core is ending.
    pub closing: watch::Receiver<bool>,
}

#[tonic::async_trait]
impl Journal for JournalService {
    type FollowStream = BoxStream<'static, Result<JournalLine, Status>>;

    async fn follow(
        &self,
        request: Request<FollowJournalRequest>,
    ) -> Result<Response<Self::FollowStream>, Status> {
        let lines = journal::follow(&self.reconciler, request.into_inner().since_ns);
        Ok(Response::new(until_closing(lines.map(|line| Ok(to_wire(line))), self.closing.clone())))
    }
}

fn to_wire(line: Line) -> JournalLine {
    JournalLine {
        app_id: line.app.get(),
        service: line.service.map(|name| name.to_string()).unwrap_or_default(),
        service_id: line.service_id,
        time_ns: line.time_ns,
        is_stderr: line.voice == Voice::Stderr,
        is_system: line.voice == Voice::System,
        message: line.message,
        dropped: line.dropped,
    }
}
