//! `update`.

use serde_json::json;

use crate::{fake_core::FakeCore, tool::run};

#[test]
fn update_reaches_its_call_with_what_was_asked_for() {
    let core = FakeCore::start();
    for flags in [&["update"][..], &["update", "--force", "--apply"], &["update", "--cancel"]] {
        let run = run(&core.socket(), flags);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{flags:?}");
        assert!(!run.stdout.is_empty());
    }
    let calls = [
        "update force=false cancel=false apply=false",
        "update force=true cancel=false apply=true",
        "update force=false cancel=true apply=false",
    ];
    assert_eq!(core.script().calls, calls);
}

#[test]
fn update_as_json_has_the_documented_fields() {
    let core = FakeCore::start();
    let answer = run(&core.socket(), &["--json", "update", "--apply"]).json();
    assert_eq!(answer, json!({"action": "update", "force": false, "cancel": false, "apply": true}));
}

#[test]
fn update_that_is_to_abort_does_nothing_else() {
    let core = FakeCore::start();
    for other in ["--apply", "--force"] {
        assert_eq!(run(&core.socket(), &["update", "--cancel", other]).code, 64);
    }
    assert!(core.script().calls.is_empty());
}

#[test]
fn update_that_waits_for_its_time_is_shown() {
    let core = FakeCore::start_with(|script| {
        for app in &mut script.state.apps {
            app.update_downloaded = true;
            app.apply_waits_for = "a reboot of the device".to_owned();
            app.waiting_commit = "decaf00000000000".to_owned();
        }
    });
    let id = core.script().state.apps[0].app_id.to_string();
    let shown = run(&core.socket(), &["app", "show", &id]).stdout;
    let update = "update   to decaf00000000000 is downloaded and waits for a reboot of the device\n";
    assert!(shown.contains(update), "{shown}");
    let answer = run(&core.socket(), &["--json", "app", "show", &id]).json();
    assert_eq!(answer["apply_waits_for"], "a reboot of the device");
    assert_eq!(answer["waiting_commit"], "decaf00000000000");
}
