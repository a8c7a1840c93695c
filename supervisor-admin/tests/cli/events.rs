//! `events`.

use serde_json::{Value, json};
use supervisor_proto::v1::{self, event::What};

use crate::{
    fake_core::FakeCore,
    tool::{Run, run},
};

pub fn event(app_id: u64, what: What) -> v1::Event {
    v1::Event { time_ms: 1_700_000_000_123, app_id, what: Some(what) }
}

pub fn step_begun() -> What {
    let step = v1::Step {
        kind: v1::step::Kind::CreateContainer.into(),
        service: "web".to_owned(),
        object: String::new(),
    };
    What::StepBegun(v1::StepBegun { step: Some(step), number: 1, of: 3, reason: "image changed".to_owned() })
}

fn died() -> What {
    What::ContainerChanged(v1::ContainerChanged {
        service: "web".to_owned(),
        container_id: "0123456789ab".to_owned(),
        happening: "die".to_owned(),
        exit_code: Some(137),
        health: String::new(),
    })
}

/// Core tells these events and ends.
fn told(events: Vec<v1::Event>, words: &[&str]) -> Run {
    let core = FakeCore::start_with(|script| {
        script.events = events;
        script.events_stay = false;
    });
    run(&core.socket(), words)
}

#[test]
fn events_as_text_are_a_line_each_with_time_and_app() {
    let missed =
        v1::Event { what: Some(What::EventsMissed(v1::EventsMissed { count: 5 })), ..v1::Event::default() };
    let run = told(vec![event(7, step_begun()), event(7, died()), missed], &["events"]);
    let expected = "\
2023-11-14T22:13:20.123Z  app 7: [1/3] create container of web, because image changed
2023-11-14T22:13:20.123Z  app 7: container 0123456789ab of web died with exit code 137
-  5 events missed: this reader is too slow
";
    assert_eq!(run.stdout, expected);
    assert_eq!((run.code, run.stderr.starts_with("supervisor-admin: core has ended")), (69, true), "{run:?}");
}

#[test]
fn events_as_json_are_one_object_each_with_the_documented_fields() {
    let run = told(vec![event(7, step_begun()), event(0, died())], &["--json", "events"]);
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let begun = json!({
        "time": "2023-11-14T22:13:20.123Z", "app_id": 7, "event": "step-begun", "step": "create-container",
        "service": "web", "object": null, "number": 1, "of": 3, "reason": "image changed",
    });
    let died = json!({
        "time": "2023-11-14T22:13:20.123Z", "app_id": null, "event": "container-changed", "service": "web",
        "container_id": "0123456789ab", "happening": "die", "exit_code": 137, "health": null,
    });
    assert_eq!(lines, [begun, died]);
    assert_eq!(run.error()["reason"], "core-ended");
}

#[test]
fn every_kind_of_event_has_its_word_and_control_characters_do_not_reach_the_terminal() {
    let evil = || "a\u{1b}[2J\nb".to_owned();
    let all = [
        (What::ActionAccepted(v1::ActionAccepted { action: evil(), force: true }), "action-accepted"),
        (What::StepEnded(v1::StepEnded { step: None, duration_ms: 1, error: evil() }), "step-ended"),
        (
            What::PullProgress(v1::PullProgress {
                image: evil(),
                percent: 3,
                done_bytes: 42_000_000,
                total_bytes: 100_000_000,
            }),
            "pull-progress",
        ),
        (What::LocksChanged(v1::LocksChanged { change: 1 }), "locks-changed"),
        (What::CycleEnded(v1::CycleEnded { error: evil() }), "cycle-ended"),
        (What::EngineChanged(v1::EngineChanged { available: true }), "engine-changed"),
        (What::CallEnded(v1::CallEnded { method: evil(), ..v1::CallEnded::default() }), "call-ended"),
        (What::EventsMissed(v1::EventsMissed { count: 1 }), "events-missed"),
    ];
    for (what, word) in all {
        let text = told(vec![event(7, what.clone())], &["events"]);
        assert_eq!(text.stdout.lines().count(), 1, "{word}: {text:?}");
        assert!(!text.stdout.contains('\u{1b}'), "{word}");
        let json: Value = told(vec![event(7, what)], &["--json", "events"]).json();
        assert_eq!(json["event"], word);
    }
}

#[test]
fn events_of_one_app_ask_for_it() {
    let core = FakeCore::start_with(|script| script.events_stay = false);
    run(&core.socket(), &["events", "--app", "2167"]);
    run(&core.socket(), &["events"]);
    assert_eq!(core.script().calls, ["follow 2167", "follow 0"]);
}
