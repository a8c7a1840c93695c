//! How far the downloads of one update are: bytes over all layers of all images. What was told is never taken
//! back while the update goes on, also where a pull breaks off and begins again.

use std::collections::{BTreeMap, BTreeSet};

use super::layers::{Pulled, percent};

/// How far all images of an update are together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reached {
    /// 0 to 100; 100 once every image is here.
    pub percent: u32,
    /// Bytes that have come.
    pub done_bytes: u64,
    /// Bytes in all, as far as is known; 0: nothing is known.
    pub total_bytes: u64,
}

#[derive(Debug, Clone, Default)]
struct Share {
    /// Bytes that earlier attempts have fetched, whether the engine has kept them or not.
    before_bytes: u64,
    /// Bytes in all, as the attempt before knew it.
    known_bytes: u64,
    now: Pulled,
    percent: u32,
    is_here: bool,
    /// What an attempt needed that was given up for want of space.
    needed_bytes: u64,
    /// There was no room for it when that was last looked for.
    lacks_room: bool,
}

impl Share {
    fn done(&self) -> u64 {
        self.before_bytes.saturating_add(self.now.done_bytes)
    }

    fn total(&self) -> u64 {
        let total = match self.now.total_bytes {
            0 => self.known_bytes,
            rest => self.before_bytes.saturating_add(rest),
        };
        total.max(self.done())
    }
}

/// The downloads of one update.
#[derive(Debug, Clone, Default)]
pub struct Download {
    images: BTreeMap<String, Share>,
    told: Reached,
}

impl Download {
    /// The present plan pulls these images, and no others any more: what it pulled before is here.
    pub fn expect(&mut self, missing: &BTreeSet<&str>) {
        for (image, share) in &mut self.images {
            share.is_here |= !missing.contains(image.as_str());
        }
        for image in missing {
            self.images.entry((*image).to_owned()).or_default().is_here = false;
        }
    }

    /// A pull begins, perhaps not for the first time.
    pub fn begin(&mut self, image: &str) {
        let share = self.images.entry(image.to_owned()).or_default();
        (share.before_bytes, share.known_bytes) = (share.done(), share.total());
        (share.now, share.lacks_room) = (Pulled::default(), false);
    }

    /// There is no room for an image.
    pub fn lacks_room(&mut self, image: &str) {
        self.images.entry(image.to_owned()).or_default().lacks_room = true;
    }

    /// Whether there was no room for an image when that was last looked for.
    pub fn lacked_room(&self, image: &str) -> bool {
        self.images.get(image).is_some_and(|share| share.lacks_room)
    }

    /// A pull goes on.
    pub fn go_on(&mut self, image: &str, pulled: Pulled) {
        let share = self.images.entry(image.to_owned()).or_default();
        share.now = pulled;
        share.percent = share.percent.max(percent(share.done(), share.total()));
    }

    /// A pull has ended well.
    pub fn is_here(&mut self, image: &str) {
        let share = self.images.entry(image.to_owned()).or_default();
        (share.is_here, share.percent, share.needed_bytes) = (true, 100, 0);
    }

    /// A pull was given up: it needs so many bytes of the disk.
    pub fn needs(&mut self, image: &str, bytes: u64) {
        let share = self.images.entry(image.to_owned()).or_default();
        share.needed_bytes = share.needed_bytes.max(bytes);
    }

    /// What is known to be needed for an image; 0: nothing is known.
    pub fn needed_bytes(&self, image: &str) -> u64 {
        self.images.get(image).map_or(0, |share| share.needed_bytes)
    }

    /// How far one image is, 0 to 100; none: the update has not to fetch it.
    pub fn percent_of(&self, image: &str) -> Option<u32> {
        self.images.get(image).map(|share| if share.is_here { 100 } else { share.percent })
    }

    /// What was last told.
    pub const fn told(&self) -> Reached {
        self.told
    }

    /// How far all of them are together. An image of which nothing is known counts as the mean of the others.
    pub fn reached(&mut self) -> Reached {
        let known: Vec<u64> = self.images.values().map(Share::total).filter(|total| *total > 0).collect();
        let sum = known.iter().fold(0, |sum: u64, total| sum.saturating_add(*total));
        let mean = u64::try_from(known.len()).ok().and_then(|count| sum.checked_div(count));
        let (mut done, mut total) = (0_u64, 0_u64);
        for share in self.images.values() {
            let weight = match (share.total(), mean) {
                // It was here, but for its name: nothing had to come.
                (0, Some(_)) if share.is_here => 0,
                (0, mean) => mean.unwrap_or(1),
                (known, _) => known,
            };
            total = total.saturating_add(weight);
            done = done.saturating_add(if share.is_here { weight } else { share.done().min(weight) });
        }
        let all_here = self.images.values().all(|share| share.is_here);
        let percent = if all_here { 100 } else { percent(done, total) };
        let bytes = if mean.is_some() { (done, total) } else { (0, 0) };
        let done_bytes = self.told.done_bytes.max(bytes.0);
        self.told = Reached {
            percent: self.told.percent.max(percent),
            done_bytes,
            total_bytes: bytes.1.max(done_bytes),
        };
        self.told
    }
}

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
