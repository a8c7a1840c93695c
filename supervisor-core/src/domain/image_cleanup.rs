//! Which images may go: those that core itself has pulled and that nothing wants or uses any more.

use std::collections::{BTreeMap, BTreeSet};

use super::record::AppRecord;

/// What is known of images when it is decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images {
    /// References that core has pulled because they were not there.
    pub pulled: BTreeSet<String>,
    /// References that a record names.
    pub wanted: BTreeSet<String>,
    /// The engine's id of each of them that is there.
    pub ids: BTreeMap<String, String>,
    /// Ids of the images of all containers.
    pub in_use: BTreeSet<String>,
}

/// The references to images that a record names.
pub fn wanted_images(record: &AppRecord) -> BTreeSet<String> {
    let waiting = record.waiting.iter().map(|update| &update.target);
    // Until a release has passed, the one before may have to come back, perhaps without a network.
    let previous = record.rollout.previous().map(|release| &release.target);
    let targets = std::iter::once(&record.target).chain(waiting).chain(previous);
    targets.flat_map(|target| target.services.values()).map(|service| service.image.clone()).collect()
}

impl Images {
    /// Whether the reference may be removed. Two references may stand for one image: the engine gives up the
    /// second with the first where they differ only in tag and digest.
    pub fn may_go(&self, image: &str) -> bool {
        if !self.pulled.contains(image) || self.wanted.contains(image) {
            return false;
        }
        let Some(id) = self.ids.get(image) else { return true };
        let is_wanted =
            self.wanted.iter().filter_map(|wanted| self.ids.get(wanted)).any(|wanted| wanted == id);
        !is_wanted && !self.in_use.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn images() -> Images {
        let ids = [("r/a:1", "1"), ("r/a:2", "2"), ("r/a@sha256:02", "2"), ("r/b:1", "3"), ("r/c:1", "4")];
        Images {
            pulled: set(&["r/a:1", "r/a:2", "r/b:1", "r/gone:1"]),
            wanted: set(&["r/a@sha256:02"]),
            ids: ids.map(|(image, id)| (image.to_owned(), id.to_owned())).into(),
            in_use: set(&["3"]),
        }
    }

    #[test]
    fn image_that_core_pulled_and_nothing_wants_may_go() {
        assert!(images().may_go("r/a:1"));
        assert!(images().may_go("r/gone:1"), "it is gone: only the note of it is left");
    }

    #[test]
    fn image_that_is_wanted_or_used_or_somebody_elses_may_not() {
        assert!(!images().may_go("r/a@sha256:02"), "wanted");
        assert!(!images().may_go("r/a:2"), "wanted by its digest");
        assert!(!images().may_go("r/b:1"), "a container is made from it");
        assert!(!images().may_go("r/c:1"), "core did not pull it");
        let named = Images { wanted: set(&["r/a:1"]), ..images() };
        assert!(!named.may_go("r/a:1"));
    }
}
