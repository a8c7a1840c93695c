//! Names for requests, the same in the frontend's log and in core's.

use std::{
    fmt,
    sync::atomic::{AtomicU32, Ordering},
};

/// A request's name: 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Gives every request of this process a name: a random half for the process, a counted half for
/// the request. They are no secrets, so the kernel is asked once and not per request.
#[derive(Debug)]
pub struct RequestIds {
    process: u32,
    next: AtomicU32,
}

impl RequestIds {
    /// Starts counting under a new process half.
    pub fn new() -> Self {
        // Without randomness the ids of two runs may meet, which only makes a log harder to read.
        Self { process: getrandom::u32().unwrap_or_default(), next: AtomicU32::new(0) }
    }

    /// The next name.
    pub fn next(&self) -> RequestId {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        RequestId(u64::from(self.process) << 32 | u64::from(count))
    }
}

impl Default for RequestIds {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_process_differ_and_have_16_digits() {
        let ids = RequestIds::new();
        let (one, other) = (ids.next(), ids.next());
        assert_ne!(one, other);
        assert_eq!(one.to_string().len(), 16);
    }
}
