//! Pieces of a container's output put together to lines, each with the time that the engine wrote before it.

use std::time::UNIX_EPOCH;

/// Longer messages are cut.
pub const MAX_MESSAGE_CHARS: usize = 10_000;
/// What is kept of a line that has no end yet: the message in four bytes for each character, and its time.
const MAX_LINE_BYTES: usize = 4 * MAX_MESSAGE_CHARS + 64;

/// A line of one of the two outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// From the standard error.
    pub is_stderr: bool,
    /// Nanoseconds since 1970; none where the engine wrote no time that is understood.
    pub time_ns: Option<u64>,
    /// Without its line end, and cut.
    pub message: String,
}

/// Both outputs of one container. What is kept is bounded however long a line is.
#[derive(Debug, Default)]
pub struct Assembly {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Assembly {
    /// The lines that this piece completes.
    pub fn push(&mut self, is_stderr: bool, piece: &[u8]) -> Vec<Said> {
        let rest = if is_stderr { &mut self.stderr } else { &mut self.stdout };
        let mut lines = Vec::new();
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            let room = MAX_LINE_BYTES.saturating_sub(rest.len());
            rest.extend_from_slice(text.get(..room).unwrap_or(text));
            if ends {
                lines.push(said(is_stderr, rest));
                rest.clear();
            }
        }
        lines
    }

    /// What was said last without a line end.
    pub fn end(&mut self) -> Vec<Said> {
        let rests = [(false, std::mem::take(&mut self.stdout)), (true, std::mem::take(&mut self.stderr))];
        let begun = rests.into_iter().filter(|(_, rest)| !rest.is_empty());
        begun.map(|(is_stderr, rest)| said(is_stderr, &rest)).collect()
    }
}

fn said(is_stderr: bool, line: &[u8]) -> Said {
    let text = String::from_utf8_lossy(line);
    let timed = text.split_once(' ').and_then(|(time, rest)| Some((time_ns(time)?, rest)));
    let (time_ns, text) = timed.map_or((None, &*text), |(time, rest)| (Some(time), rest));
    let text = text.strip_suffix('\r').unwrap_or(text);
    Said { is_stderr, time_ns, message: cut(text) }
}

/// The first characters of a message.
pub fn cut(text: &str) -> String {
    text.chars().take(MAX_MESSAGE_CHARS).collect()
}

fn time_ns(text: &str) -> Option<u64> {
    let since = humantime::parse_rfc3339(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "2026-11-24T20:00:00.123456789Z";
    const TIME_NS: u64 = 1_795_550_400_123_456_789;

    fn line(message: &str) -> Said {
        Said { is_stderr: false, time_ns: Some(TIME_NS), message: message.to_owned() }
    }

    #[test]
    fn lines_come_together_however_they_were_cut() {
        let text = format!("{TIME} hello there\r\n{TIME} second\n");
        for cut in 0..text.len() {
            let mut assembly = Assembly::default();
            let mut lines = assembly.push(false, &text.as_bytes()[..cut]);
            lines.extend(assembly.push(false, &text.as_bytes()[cut..]));
            assert_eq!(lines, [line("hello there"), line("second")], "cut at {cut}");
            assert!(assembly.end().is_empty());
        }
    }

    #[test]
    fn outputs_that_come_mixed_are_kept_apart() {
        let mut assembly = Assembly::default();
        assert!(assembly.push(false, format!("{TIME} ou").as_bytes()).is_empty());
        let error = assembly.push(true, format!("{TIME} err\n").as_bytes());
        assert_eq!(error, [Said { is_stderr: true, ..line("err") }]);
        assert_eq!(assembly.push(false, b"t\n"), [line("out")]);
    }

    #[test]
    fn line_without_an_end_is_told_at_the_end_and_line_without_a_time_as_it_is() {
        let mut assembly = Assembly::default();
        assert!(assembly.push(false, b"no time").is_empty());
        assert_eq!(assembly.end(), [Said { time_ns: None, ..line("no time") }]);
    }

    #[test]
    fn endless_line_is_cut_and_takes_no_room() {
        let mut assembly = Assembly::default();
        assembly.push(false, format!("{TIME} ").as_bytes());
        for _ in 0..100 {
            assert!(assembly.push(false, &[b'x'; 10_000]).is_empty());
        }
        assert!(assembly.stdout.len() <= MAX_LINE_BYTES);
        assert_eq!(assembly.push(false, b"\n"), [line(&"x".repeat(MAX_MESSAGE_CHARS))]);
    }
}
