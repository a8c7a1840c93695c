//! Sizes for people.

use std::fmt;

/// A number of bytes, shown in megabytes (of 1 000 000 bytes), rounded up, so that little is not nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MB", self.0.div_ceil(1_000_000))
    }
}
