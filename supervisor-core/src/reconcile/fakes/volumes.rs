//! What the fake engine does with volumes.

use std::collections::BTreeMap;

use super::{
    device::{FakeVolume, State},
    engine::{bears, refused},
};
use crate::{
    domain::{
        labels,
        volume::{MadeVolume, OwnVolume},
    },
    ports::engine::EngineError,
};

impl State {
    /// What the volumes with these labels were made from, by name.
    pub fn fingerprints(&self, wanted: &[(&str, &str)]) -> BTreeMap<String, String> {
        let all = self.volumes.iter().filter(|(_, volume)| bears(&volume.labels, wanted));
        let fingerprint = |v: &FakeVolume| v.labels.get(labels::VOLUME).cloned().unwrap_or_default();
        all.map(|(name, volume)| (name.clone(), fingerprint(volume))).collect()
    }

    /// Makes it; one of the same labels may be there.
    pub fn create_volume(&mut self, name: &str, wanted: &OwnVolume) -> Result<(), EngineError> {
        let made_with = MadeVolume {
            driver: wanted.options.driver.clone(),
            driver_options: wanted.options.driver_options.clone(),
        };
        let fresh = || FakeVolume { labels: wanted.labels.clone(), made_with, ..FakeVolume::default() };
        let volume = self.volumes.entry(name.to_owned()).or_insert_with(fresh);
        if volume.labels == wanted.labels { Ok(()) } else { Err(refused(409)) }
    }

    /// Removes it, unless a container has it.
    pub fn remove_volume(&mut self, name: &str) -> Result<(), EngineError> {
        if self.containers.iter().any(|c| c.volumes.iter().any(|v| v == name)) {
            return Err(refused(409));
        }
        self.volumes.remove(name);
        Ok(())
    }
}
