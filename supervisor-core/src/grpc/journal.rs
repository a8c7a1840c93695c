//! `supervisor.core.v1.Journal`.

use std::sync::Arc;

use futures_util::{StreamExt, stream::BoxStream};
use supervisor_proto::v1::{FollowJournalRequest, JournalLine, journal_server::Journal};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::{gate::Caller, roles::Role, server::until_closing, status::to_status};
use crate::{
    actions::journal::{self, seats::Seats},
    domain::journal::{Line, Voice},
    error::CoreError,
    reconcile::Reconciler,
};

/// The service.
pub struct JournalService {
    /// Whose apps are followed.
    pub reconciler: Arc<Reconciler>,
    /// How many may follow.
    pub seats: Seats,
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
        let by_owner = match request.extensions().get::<Caller>().map(|caller| caller.role) {
            Some(Role::Admin) => true,
            Some(Role::Frontend) | None => false,
        };
        let seat = self.seats.take(by_owner).map_err(|full| to_status(&CoreError::LimitReached(full)))?;
        let lines = journal::follow(&self.reconciler, request.into_inner().since_ns);
        let lines = lines.map(move |line| {
            // Held for as long as the stream is.
            let _seat = &seat;
            Ok(to_wire(line))
        });
        Ok(Response::new(until_closing(lines, self.closing.clone())))
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
