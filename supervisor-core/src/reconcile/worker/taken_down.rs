//! Whether an update that somebody cancelled has already taken away what it replaces.

use supervisor_proto::ids::ServiceName;

use super::Worker;
use crate::{
    domain::{record::AppRecord, update_strategy::UpdateStrategy},
    reconcile::observe::observe,
};

impl Worker {
    /// Whether a service that should run has no container, because that goes before its next image comes. While the
    /// engine cannot be asked, that may be so.
    pub(super) async fn is_taken_down(&self) -> bool {
        let Some(record) = &self.record else { return false };
        let mut early = goes_before_its_image(record).peekable();
        if early.peek().is_none() {
            return false;
        }
        observe(&self.context, record).await.map_or(true, |(_, observed)| {
            early.any(|name| !observed.containers.iter().any(|c| c.service.as_ref() == Some(name)))
        })
    }
}

fn goes_before_its_image(record: &AppRecord) -> impl Iterator<Item = &ServiceName> {
    let running =
        record.target.services.iter().filter(|(name, _)| record.services.get(*name).is_some_and(|s| s.run));
    running.filter(|(_, service)| !UpdateStrategy::of(service).downloads_first()).map(|(name, _)| name)
}
