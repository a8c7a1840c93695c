//! The server that the fleet asks, and what goes wrong with it.

use std::time::Duration;

use supervisor_frontend::cloud::target::schedule::Outcome;

/// How long is looked on, in seconds.
pub const END: usize = 4 * 3600;

/// What goes wrong from one second to another.
#[derive(Debug, Clone, Copy)]
pub struct Trouble {
    /// The first second.
    pub from: usize,
    /// The first second after it.
    pub until: usize,
    /// What a device sees of it.
    pub outcome: Outcome,
    /// In words.
    pub name: &'static str,
}

impl Trouble {
    /// Nothing, at the end.
    pub const END: Self = Self { from: END, until: END, outcome: Outcome::Answered, name: "the end" };
}

/// A server that is overloaded for ten minutes and says so, and an hour later one that is gone for half an hour.
pub const TROUBLE: [Trouble; 2] = [
    Trouble {
        from: 3600,
        until: 4200,
        outcome: Outcome::Failed { retry_after: Some(Duration::from_mins(1)) },
        name: "503, Retry-After: 60",
    },
    Trouble { from: 7800, until: 9600, outcome: Outcome::Failed { retry_after: None }, name: "no answer" },
];

/// What a question in this second comes to.
pub fn answer(trouble: &[Trouble], second: usize) -> Outcome {
    let now = trouble.iter().find(|trouble| (trouble.from..trouble.until).contains(&second));
    now.map_or(Outcome::Answered, |trouble| trouble.outcome)
}
