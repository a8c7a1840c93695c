//! `docs/engines.md` names, for a difference that core evens out, the test that holds it: all of them are here.

use supervisor_docs::{ENGINES, rows, words};

const TESTS: [&str; 4] = [
    include_str!("events.rs"),
    include_str!("podman_settings_tests.rs"),
    include_str!("recorded_tests.rs"),
    include_str!("refusal.rs"),
];

#[test]
fn every_test_that_the_table_of_differences_names_is_there() {
    let table = rows(ENGINES, ["what", "Docker", "Podman", "core", "its test"]);
    let named: Vec<&str> = table.iter().flat_map(|[.., test]| words(test)).collect();
    assert!(!named.is_empty());
    for name in named {
        assert!(TESTS.iter().any(|file| file.contains(&format!("fn {name}()"))), "{name}");
    }
}
