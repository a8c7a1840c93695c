//! Dangerous verbs without a yes, where nobody can be asked.

use crate::{
    fake_core::FakeCore,
    tool::{run, run_with_input},
};

const DANGEROUS: [&[&str]; 5] =
    [&["reboot"], &["shutdown"], &["app", "purge", "2167"], &["app", "remove", "2167"], &["key", "rotate"]];

#[test]
fn dangerous_verb_without_yes_and_terminal_is_refused() {
    let core = FakeCore::start();
    for words in DANGEROUS {
        let run = run(&core.socket(), words);
        assert_eq!((run.code, run.stdout.as_str()), (64, ""), "{words:?}");
        assert!(run.stderr.contains("was not confirmed, nothing was done"), "{run:?}");
        assert!(run.stderr.contains("--yes"), "{run:?}");
    }
    assert!(core.script().calls.is_empty());
}

#[test]
fn dangerous_verb_with_a_piped_yes_is_refused() {
    let core = FakeCore::start();
    assert_eq!(run_with_input(&core.socket(), &["reboot"], b"y\n").code, 64);
    assert!(core.script().calls.is_empty());
}

#[test]
fn dangerous_verb_without_yes_in_json_is_an_error_object() {
    let core = FakeCore::start();
    let run = run(&core.socket(), &["--json", "shutdown"]);
    assert_eq!(run.code, 64);
    assert_eq!(run.error()["reason"], "not-confirmed");
}
