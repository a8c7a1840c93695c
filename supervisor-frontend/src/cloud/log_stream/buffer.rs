//! Lines that wait to be sent. Bounded: what finds no room is counted, and the count is told.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

use super::line::left_out;

/// Bytes of lines, as they are sent but not packed.
pub const CAPACITY: usize = 256 << 10;

#[derive(Debug, Default)]
struct Held {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    left_out: u64,
}

/// What goes out next.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Whole lines.
    pub text: Vec<u8>,
    /// How many lines are lost if this is: those in it, and those of whose absence it tells.
    pub lines: u64,
}

/// Filled by one task, emptied by another.
#[derive(Debug, Default)]
pub struct Buffer {
    held: Mutex<Held>,
    filled: Notify,
}

impl Buffer {
    /// Adds a line with its end, if there is room for it.
    pub fn push(&self, line: Vec<u8>) {
        self.with(|held| {
            if held.bytes + line.len() > CAPACITY {
                held.left_out = held.left_out.saturating_add(1);
            } else {
                held.bytes += line.len();
                held.lines.push_back(line);
            }
        });
        self.filled.notify_one();
    }

    /// Lines were lost on their way here.
    pub fn lost(&self, count: u64) {
        self.with(|held| held.left_out = held.left_out.saturating_add(count));
    }

    /// Whole lines of about so many bytes, at least one if there is any; after the last of them, how many were left out.
    pub fn take(&self, about_bytes: usize, now_ms: u64) -> Taken {
        self.with(|held| {
            let mut taken = Taken::default();
            while taken.text.len() < about_bytes {
                let Some(line) = held.lines.pop_front() else { break };
                held.bytes -= line.len();
                taken.text.extend(line);
                taken.lines = taken.lines.saturating_add(1);
            }
            if held.lines.is_empty() && held.left_out > 0 {
                let count = std::mem::take(&mut held.left_out);
                taken.text.extend(left_out(count, now_ms));
                taken.lines = taken.lines.saturating_add(count);
            }
            taken
        })
    }

    /// Waits until there is something to take.
    pub async fn filled(&self) {
        while self.with(|held| held.lines.is_empty()) {
            self.filled.notified().await;
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Held) -> T) -> T {
        change(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_whole_and_in_order() {
        let buffer = Buffer::default();
        for line in ["one\n", "two\n", "three\n"] {
            buffer.push(line.as_bytes().to_vec());
        }
        let taken = |text: &[u8], lines| Taken { text: text.to_vec(), lines };
        assert_eq!(buffer.take(5, 0), taken(b"one\ntwo\n", 2));
        assert_eq!(buffer.take(1, 0), taken(b"three\n", 1));
        assert_eq!(buffer.take(1, 0), Taken::default());
    }

    #[test]
    fn lines_that_find_no_room_are_counted_and_the_count_is_told_once() {
        let buffer = Buffer::default();
        let line = vec![b'x'; 1 << 10];
        for _ in 0..300 {
            buffer.push(line.clone());
        }
        buffer.lost(2);
        let Taken { text: taken, lines } = buffer.take(usize::MAX, 7);
        assert_eq!(lines, 302, "all that would be lost with it");
        assert!(taken.starts_with(&vec![b'x'; CAPACITY]));
        let told = String::from_utf8(taken[CAPACITY..].to_vec()).unwrap();
        assert!(told.contains("46 lines were left out") && told.contains("\"timestamp\":7"), "{told}");
        assert_eq!(buffer.take(usize::MAX, 7), Taken::default());
        buffer.push(line.clone());
        assert_eq!(buffer.take(usize::MAX, 7).text, line, "there is room again");
    }
}
