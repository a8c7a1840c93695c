//! The tables of `README.md` and `docs/`, for the tests that hold them against the code. Such a test stands
//! beside what it documents; no program uses this crate.

#![allow(
    clippy::panic,
    reason = "only tests call this; a page without the table that they ask for is a failed test"
)]

use std::collections::BTreeMap;

/// The project's front page.
pub const README: &str = include_str!("../../../README.md");
/// The local tool.
pub const ADMIN: &str = include_str!("../../admin.md");
/// The engines.
pub const ENGINES: &str = include_str!("../../engines.md");
/// Labels of services.
pub const LABELS: &str = include_str!("../../labels.md");
/// The owner's policy.
pub const POLICY: &str = include_str!("../../policy.md");

/// The rows of the one table of `page` whose heading has these cells.
///
/// # Panics
///
/// When the page has no such table, two of them, or a row of another number of cells.
pub fn rows<'a, const N: usize>(page: &'a str, heading: [&str; N]) -> Vec<[&'a str; N]> {
    let mut lines = page.lines();
    let is_heading = |line: &&str| cells(line).is_some_and(|cells| cells == heading);
    assert!(lines.by_ref().any(|line| is_heading(&line)), "no table has the heading {heading:?}");
    let of_table = lines.by_ref().skip(1).map_while(|line| Some((line, cells(line)?)));
    let rows = of_table.map(|(line, cells)| cells.try_into().unwrap_or_else(|_| panic!("cells of {line}")));
    let rows = rows.collect();
    assert!(!lines.any(|line| is_heading(&line)), "two tables have the heading {heading:?}");
    rows
}

/// The cells of a line of a table; `None` for any other line.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

/// The words of a cell that are set as code, in their order.
pub fn words(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// A cell without what stands in round brackets.
pub fn without_brackets(cell: &str) -> String {
    let mut depth = 0_usize;
    let outside = |c: &char| {
        let was_inside = depth > 0;
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        !was_inside && depth == 0
    };
    cell.chars().filter(outside).collect()
}

/// What stands in round brackets right behind `word`, which is set as code.
pub fn in_brackets<'a>(cell: &'a str, word: &str) -> Option<&'a str> {
    let (_, behind) = cell.split_once(&format!("`{word}` ("))?;
    behind.split_once(')').map(|(inside, _)| inside)
}

/// The words that the table of events lists for a field of `event`, in their order.
///
/// # Panics
///
/// When the table has no such event, or its row lists no words for the field.
pub fn event_words(event: &str, field: &str) -> Vec<&'static str> {
    let events = rows(ADMIN, ["`event`", "fields"]);
    let row = events.into_iter().find(|[named, _]| words(named) == [event]);
    let listed = row.and_then(|[_, cell]| in_brackets(cell, field));
    words(listed.unwrap_or_else(|| panic!("no words for {field} of {event}")))
}

/// The README's settings of a program (`core`, `frontend` or `tool`): variables and their defaults.
///
/// # Panics
///
/// When a row names more defaults than one, but not one for each variable, or a variable stands there twice.
pub fn settings(program: &str) -> BTreeMap<&'static str, Option<&'static str>> {
    let mut settings = BTreeMap::new();
    for [variables, programs, default, _] in rows(README, ["variable", "process", "default", "meaning"]) {
        let programs = if programs == "all" { "core, frontend, tool" } else { programs };
        let is_known = |name: &str| ["core", "frontend", "tool"].contains(&name);
        assert!(programs.split(", ").all(is_known), "{variables}: no process is called {programs}");
        if programs.split(", ").all(|name| name != program) {
            continue;
        }
        let default = if default.starts_with("unset") { "" } else { default };
        let (variables, defaults) = (words(variables), words(default));
        for (index, variable) in variables.iter().enumerate() {
            let default = match defaults.as_slice() {
                [] => None,
                [one] => Some(*one),
                each => {
                    assert_eq!(each.len(), variables.len(), "defaults of {variables:?}");
                    each.get(index).copied()
                }
            };
            assert!(settings.insert(*variable, default).is_none(), "{variable} stands in two rows");
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "text\n\n| a | b |\n|---|---|\n| `x`, `y` (as `z`) | 1 |\n| `w` | |\n\n| a | c |\n|---|---|\n";

    #[test]
    fn rows_are_those_of_the_table_with_the_heading() {
        assert_eq!(rows(PAGE, ["a", "b"]), [["`x`, `y` (as `z`)", "1"], ["`w`", ""]]);
        assert!(rows(PAGE, ["a", "c"]).is_empty());
    }

    #[test]
    #[should_panic = "no table has the heading"]
    fn absent_table_is_a_failure() {
        rows(PAGE, ["a", "d"]);
    }

    #[test]
    #[should_panic = "two tables have the heading"]
    fn second_table_of_the_same_heading_is_a_failure() {
        rows(&format!("{PAGE}\n{PAGE}"), ["a", "b"]);
    }

    #[test]
    fn words_are_what_is_set_as_code() {
        assert_eq!(words("`x`, y, `z`"), ["x", "z"]);
        assert_eq!(words(&without_brackets("`x`, `y` (as `z`)")), ["x", "y"]);
        assert_eq!(in_brackets("`x`, `y` (as `z`)", "y"), Some("as `z`"));
        assert_eq!(in_brackets("`x`, `y` (as `z`)", "x"), None);
    }
}
