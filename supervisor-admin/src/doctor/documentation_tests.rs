//! `docs/admin.md` and what `doctor` looks at say the same.

use std::collections::BTreeSet;

use supervisor_docs::{ADMIN, in_brackets, rows, words};

use super::{Check, Level};

/// Every check; a new one does not compile before [`place`] has it, nor pass before this list has it.
const CHECKS: [Check; 19] = [
    Check::Socket,
    Check::Role,
    Check::Contract,
    Check::Core,
    Check::Process,
    Check::Unit,
    Check::Examination,
    Check::Engine,
    Check::Power,
    Check::Frontend,
    Check::Roles,
    Check::Disk,
    Check::Clock,
    Check::Policy,
    Check::Connectivity,
    Check::Cloud,
    Check::Apps,
    Check::Locks,
    Check::Led,
];

const fn place(check: Check) -> usize {
    match check {
        Check::Socket => 0,
        Check::Role => 1,
        Check::Contract => 2,
        Check::Core => 3,
        Check::Process => 4,
        Check::Unit => 5,
        Check::Examination => 6,
        Check::Engine => 7,
        Check::Power => 8,
        Check::Frontend => 9,
        Check::Roles => 10,
        Check::Disk => 11,
        Check::Clock => 12,
        Check::Policy => 13,
        Check::Connectivity => 14,
        Check::Cloud => 15,
        Check::Apps => 16,
        Check::Locks => 17,
        Check::Led => 18,
    }
}

#[test]
fn table_has_exactly_the_checks() {
    assert_eq!(CHECKS.map(place).to_vec(), (0..CHECKS.len()).collect::<Vec<usize>>());
    let checks: BTreeSet<&str> = CHECKS.map(Check::as_str).into();
    let listed: Vec<&str> =
        rows(ADMIN, ["check", "looks at"]).into_iter().flat_map(|[checks, _]| words(checks)).collect();
    let documented: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(documented, checks);
    assert_eq!(documented.len(), listed.len(), "a check stands there twice");
}

#[test]
fn levels_in_the_table_of_the_json_are_those_that_there_are() {
    let word = |level: Level| match level {
        Level::Ok => "ok",
        Level::Skipped => "skipped",
        Level::Warn => "warn",
        Level::Fail => "fail",
    };
    let levels = [Level::Ok, Level::Skipped, Level::Warn, Level::Fail];
    let written = levels.map(|level| serde_json::to_value(level).unwrap());
    assert_eq!(written, levels.map(|level| serde_json::Value::from(word(level))));
    let json = rows(ADMIN, ["verb", "fields"]);
    let [_, fields] = json.into_iter().find(|[verb, _]| *verb == "`doctor`").unwrap();
    assert_eq!(words(in_brackets(fields, "level").unwrap()), levels.map(word));
}
