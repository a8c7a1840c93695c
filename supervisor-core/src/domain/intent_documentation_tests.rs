//! `docs/admin.md` lists the names of actions.

use supervisor_docs::event_words;

use super::*;
use crate::domain::test_samples::{service, target};

/// One of each kind, in the row's order; a new one does not compile before [`place`] has it, nor pass before this
/// has it.
fn actions() -> [Action; 7] {
    [
        Action::Apply(Box::new(target([("main", service())])), AppliedBy::Admin),
        Action::Restart(Vec::new()),
        Action::Purge,
        Action::Start(Vec::new()),
        Action::Stop(Vec::new()),
        Action::Remove,
        Action::Withdraw,
    ]
}

const fn place(action: &Action) -> usize {
    match action {
        Action::Apply(..) => 0,
        Action::Restart(_) => 1,
        Action::Purge => 2,
        Action::Start(_) => 3,
        Action::Stop(_) => 4,
        Action::Remove => 5,
        Action::Withdraw => 6,
    }
}

#[test]
fn documented_actions_are_exactly_those_that_are_told() {
    assert!(actions().iter().map(place).eq(0..actions().len()));
    let told = actions().each_ref().map(Action::name);
    assert_eq!(event_words("action-accepted", "action"), told);
}
