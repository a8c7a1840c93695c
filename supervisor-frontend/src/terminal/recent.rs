//! The recent output of a shell, for tabs that come later or fall behind: bounded, and never begun in the
//! middle of a character or an escape sequence.

use std::collections::VecDeque;

use super::escape::Position;

/// The last bytes of a stream; offsets count from the stream's beginning.
#[derive(Debug)]
pub struct Recent {
    capacity: usize,
    bytes: VecDeque<u8>,
    start: u64,
    /// Where the first kept byte stands.
    position: Position,
}

impl Recent {
    /// Keeps at most `capacity` bytes.
    pub const fn new(capacity: usize) -> Self {
        Self { capacity, bytes: VecDeque::new(), start: 0, position: Position::Clean }
    }

    /// Adds output, and forgets the oldest.
    pub fn append(&mut self, output: &[u8]) {
        self.bytes.extend(output);
        let excess = self.bytes.len().saturating_sub(self.capacity);
        self.position = self.position.after_all(self.bytes.drain(..excess));
        self.start += excess as u64;
        // Without this a single large message would stay allocated.
        self.bytes.shrink_to(self.capacity);
    }

    /// The offset after the last byte.
    pub fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// The first offset at which a screen may begin.
    pub fn clean_start(&self) -> u64 {
        let mut position = self.position;
        let unclean = self.bytes.iter().take_while(|byte| {
            let inside = position != Position::Clean;
            position = position.after(**byte);
            inside
        });
        self.start + unclean.count() as u64
    }

    /// At most `limit` bytes from the offset on; `None` when some of them are forgotten.
    pub fn from(&self, offset: u64, limit: usize) -> Option<Vec<u8>> {
        let skipped = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        Some(self.bytes.iter().skip(skipped).take(limit).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn output_within_the_capacity_is_kept_whole() {
        let mut recent = Recent::new(8);
        recent.append(b"abc");
        recent.append(b"def");
        assert_eq!((recent.clean_start(), recent.end()), (0, 6));
        assert_eq!(recent.from(0, 100).unwrap(), b"abcdef");
        assert_eq!(recent.from(4, 1).unwrap(), b"e");
        assert_eq!(recent.from(6, 1).unwrap(), b"");
    }

    #[test]
    fn output_beyond_the_capacity_begins_after_the_broken_sequence() {
        let mut recent = Recent::new(6);
        recent.append(b"0123\x1b[31mred");
        assert_eq!(recent.from(3, 8), None);
        assert_eq!(recent.from(recent.clean_start(), 100).unwrap(), b"red");
        recent.append("\u{1f600}\u{1f600}.".as_bytes());
        assert_eq!(recent.from(recent.clean_start(), 100).unwrap(), "\u{1f600}.".as_bytes());
    }

    proptest! {
        #[test]
        fn recent_output_is_bounded_clean_and_a_suffix(
            chunks in proptest::collection::vec(proptest::collection::vec(
                prop_oneof![Just(0x1b_u8), Just(b'['), Just(b']'), Just(7), any::<u8>()], 0..40), 0..20),
        ) {
            let mut recent = Recent::new(64);
            let mut all = Vec::new();
            for chunk in &chunks {
                recent.append(chunk);
                all.extend_from_slice(chunk);
            }
            let start = recent.clean_start();
            let kept = recent.from(start, usize::MAX).unwrap();
            prop_assert!(kept.len() <= 64);
            prop_assert_eq!(recent.end(), all.len() as u64);
            prop_assert!(all.ends_with(&kept));
            let before = &all[..usize::try_from(start).unwrap()];
            prop_assert!(kept.is_empty() || Position::default().after_all(before.iter().copied()) == Position::Clean);
        }
    }
}
