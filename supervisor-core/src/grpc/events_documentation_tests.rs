//! `docs/admin.md` lists the words for what happens to a container.

use supervisor_docs::event_words;

use super::*;

/// One of each kind, in the row's order; a new one does not compile before [`place`] has it, nor pass before this
/// has it.
fn happenings() -> [Happening; 7] {
    [
        Happening::Created,
        Happening::Started,
        Happening::Died { exit_code: None },
        Happening::Destroyed,
        Happening::Paused,
        Happening::Unpaused,
        Happening::Health(String::new()),
    ]
}

const fn place(happening: &Happening) -> usize {
    match happening {
        Happening::Created => 0,
        Happening::Started => 1,
        Happening::Died { .. } => 2,
        Happening::Destroyed => 3,
        Happening::Paused => 4,
        Happening::Unpaused => 5,
        Happening::Health(_) => 6,
    }
}

#[test]
fn documented_happenings_are_exactly_those_that_are_told() {
    assert!(happenings().iter().map(place).eq(0..happenings().len()));
    let told = happenings().map(|happening| happening_to_wire(happening).0);
    assert_eq!(event_words("container-changed", "happening"), told);
}
