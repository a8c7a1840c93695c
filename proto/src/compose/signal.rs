//! `stop_signal`: a signal of Linux by name or number.

use super::reader::{Node, Reader};

const NAMES: &[&str] = &[
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "IOT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "POLL", "PWR", "SYS", "RTMIN", "RTMAX",
];

/// The signal, as it was written.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> Option<String> {
    let text = node.scalar(reader)?;
    if is_signal(&text) {
        Some(text)
    } else {
        reader.refuse(&node.path, "must be a signal such as SIGINT, or its number from 1 to 64")
    }
}

fn is_signal(text: &str) -> bool {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return matches!(text.parse::<u8>(), Ok(1..=64));
    }
    let name = text.strip_prefix("SIG").unwrap_or(text);
    let realtime = |from: &str| {
        let Some(offset) = name.strip_prefix(from) else { return false };
        !offset.is_empty()
            && offset.bytes().all(|b| b.is_ascii_digit())
            && matches!(offset.parse::<u8>(), Ok(1..=30))
    };
    NAMES.contains(&name) || realtime("RTMIN+") || realtime("RTMAX-")
}
