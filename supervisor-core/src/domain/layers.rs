//! How far the pull of one image is, by what is known of its layers.

use std::collections::BTreeMap;

/// What a layer, while it is packed, becomes when it is unpacked: gzip shrinks most file systems to a half or
/// less. An estimate; what it misses has to come from the reserve.
const UNPACKED_FACTOR: u64 = 2;

/// What is done with a layer that was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Its turn has not come.
    Waiting,
    /// Its bytes are coming.
    Fetching {
        /// Bytes so far.
        done_bytes: u64,
        /// Bytes in all; 0: not known.
        total_bytes: u64,
    },
    /// All of it is there, packed.
    Fetched,
    /// It is being unpacked.
    Unpacking {
        /// Packed bytes that have been read.
        done_bytes: u64,
        /// Packed bytes in all; 0: not known.
        total_bytes: u64,
    },
    /// It is unpacked, and the packed one is gone.
    Complete,
}

/// How far a pull is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pulled {
    /// Bytes that have come.
    pub done_bytes: u64,
    /// Bytes in all; a layer of unknown size counts as the mean of the others. 0: nothing is known.
    pub total_bytes: u64,
    /// What is still to be written for the layers whose size is known: an estimate, as nobody tells how large
    /// they are when they are unpacked.
    pub needed_bytes: u64,
    /// What all layers whose size is known take while they come, those that have come too: the same estimate.
    pub whole_bytes: u64,
}

impl Pulled {
    /// 0 to 99 by bytes; 100 is the caller's to say, at the end.
    pub fn percent(&self) -> u32 {
        percent(self.done_bytes, self.total_bytes)
    }
}

/// 0 to 99.
pub fn percent(done_bytes: u64, total_bytes: u64) -> u32 {
    let percent = u128::from(done_bytes) * 100 / u128::from(total_bytes.max(1));
    u32::try_from(percent).unwrap_or(u32::MAX).min(99)
}

#[derive(Debug, Default, Clone, Copy)]
struct Layer {
    size: u64,
    fetched: u64,
    unpacked: u64,
    done: bool,
}

/// What is known of an image's layers.
#[derive(Debug, Default)]
pub struct Layers(BTreeMap<String, Layer>);

impl Layers {
    /// Takes note of what is done with a layer. What has come does not go again.
    pub fn update(&mut self, id: &str, work: Work) {
        let layer = self.0.entry(id.to_owned()).or_default();
        match work {
            Work::Waiting => {}
            Work::Fetching { done_bytes, total_bytes } => {
                layer.size = layer.size.max(total_bytes);
                layer.fetched = layer.fetched.max(done_bytes);
            }
            Work::Fetched => layer.done = true,
            Work::Unpacking { done_bytes, total_bytes } => {
                layer.done = true;
                layer.size = layer.size.max(total_bytes);
                layer.unpacked = layer.unpacked.max(done_bytes);
            }
            Work::Complete => {
                layer.done = true;
                layer.unpacked = u64::MAX;
            }
        }
        if layer.done {
            layer.size = layer.size.max(1);
            layer.fetched = layer.size;
        }
    }

    /// The sum over all layers. The sizes are the registry's word, which may be anything.
    pub fn pulled(&self) -> Pulled {
        let known: Vec<&Layer> = self.0.values().filter(|layer| layer.size > 0).collect();
        let sum = |bytes: &dyn Fn(&Layer) -> u64| {
            known.iter().fold(0, |sum: u64, layer| sum.saturating_add(bytes(layer)))
        };
        let (Ok(count), Ok(all)) = (u64::try_from(known.len()), u64::try_from(self.0.len())) else {
            return Pulled::default();
        };
        let sizes = sum(&|layer| layer.size);
        Pulled {
            done_bytes: sum(&|layer| layer.fetched.min(layer.size)),
            whole_bytes: sizes.saturating_mul(UNPACKED_FACTOR.saturating_add(1)),
            total_bytes: sizes.saturating_mul(all).checked_div(count).unwrap_or_default(),
            needed_bytes: sum(&|layer| {
                let unfetched = layer.size.saturating_sub(layer.fetched);
                let packed = layer.size.saturating_sub(layer.unpacked);
                unfetched.saturating_add(packed.saturating_mul(UNPACKED_FACTOR))
            }),
        }
    }
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
