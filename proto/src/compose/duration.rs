//! Durations of a compose file.

use super::reader::{Node, Reader};
use crate::duration::parse;

/// A duration in milliseconds.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> Option<u64> {
    let text = node.text(reader)?;
    let parsed = parse(&text);
    if parsed.is_none() {
        reader.note(
            &node.path,
            "must be a duration such as 90s, 1m30s or 500ms, in whole milliseconds of at most 292 years",
        );
    }
    parsed
}
