//! Why a container is taken away from whoever is inside it.

use super::{observed::Container, record::AppRecord};

/// What is being done to the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// Its services are recreated as they are.
    Restarted,
    /// Its data goes.
    Purged,
    /// Its containers are replaced by others.
    Updated,
    /// It should no longer run.
    Stopped,
    /// It is forgotten.
    Removed,
}

/// Why `container` has to go, by the app's record.
pub fn why(record: &AppRecord, container: &Container) -> Departure {
    let intent = container.service.as_ref().and_then(|service| record.services.get(service));
    match intent {
        _ if record.removed => Departure::Removed,
        _ if record.purge.is_some() => Departure::Purged,
        Some(intent) if !intent.run => Departure::Stopped,
        Some(intent) if intent.generation != container.generation => Departure::Restarted,
        Some(_) | None => Departure::Updated,
    }
}

#[cfg(test)]
#[path = "departure_tests.rs"]
mod tests;
