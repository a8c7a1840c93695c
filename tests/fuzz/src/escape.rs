//! What a container writes to a terminal.

use supervisor_frontend::terminal::{escape::Position, recent::Recent};

const CAPACITY: usize = 64;

/// What is kept is bounded, the end of all that was written, and begins between characters and sequences; text
/// without any sequence is clean at its end.
pub fn check(data: &[u8]) {
    let mut recent = Recent::new(CAPACITY);
    let mut all = Vec::new();
    let mut rest = data;
    // Chunks of several lengths, as they come from a stream: each begins with its own.
    while let Some((length, more)) = rest.split_first() {
        let (chunk, left) = more.split_at(more.len().min(usize::from(*length)));
        recent.append(chunk);
        all.extend_from_slice(chunk);
        rest = left;
    }
    let start = recent.clean_start();
    let kept = recent.from(start, usize::MAX).unwrap_or_default();
    assert!(kept.len() <= CAPACITY && all.ends_with(&kept));
    assert_eq!((recent.end(), start + kept.len() as u64), (all.len() as u64, all.len() as u64));
    let before = all.iter().take(all.len() - kept.len()).copied();
    assert!(kept.is_empty() || Position::default().after_all(before) == Position::Clean);
    if std::str::from_utf8(&all).is_ok_and(|text| !text.contains('\u{1b}')) {
        assert_eq!(Position::default().after_all(all), Position::Clean);
    }
}
