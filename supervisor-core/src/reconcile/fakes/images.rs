//! What the fake engine does with images.

use std::collections::BTreeSet;

use super::device::State;
use crate::ports::engine::ImageRemoval;

impl State {
    /// References of one image stand for the same id.
    pub fn id_of_image(&self, image: &str) -> String {
        let same = self.same_images.iter().find(|references| references.contains(image));
        let first = same.and_then(|references| references.first());
        format!("sha256:{}", first.map_or(image, String::as_str))
    }

    /// The ids of all images that a container was made from.
    pub fn images_in_use(&self) -> BTreeSet<String> {
        self.containers.iter().map(|c| self.id_of_image(&c.image)).collect()
    }

    /// Removes a reference, unless a container was made from it.
    pub fn remove_image(&mut self, image: &str) -> ImageRemoval {
        if self.containers.iter().any(|c| c.image == image) {
            return ImageRemoval::InUse;
        }
        self.images.remove(image);
        ImageRemoval::Gone
    }
}
