//! `docs/admin.md` and the JSON of the answers and events say the same.

use std::{collections::BTreeSet, path::Path};

use clap::CommandFactory as _;
use serde_json::Value;
use supervisor_docs::{ADMIN, event_words, in_brackets, rows, without_brackets, words};
use supervisor_proto::{
    ids::AppId,
    policy,
    v1::{self, Activity, event::What, locks_changed, service_change, step},
};

use super::*;
use crate::{
    args::Args,
    doctor::{Check, Finding},
};

type Names = BTreeSet<String>;

fn owned<'a>(names: impl IntoIterator<Item = &'a str>) -> Names {
    names.into_iter().map(ToOwned::to_owned).collect()
}

/// All names of fields, at any depth.
fn fields(value: &Value) -> Names {
    match value {
        Value::Object(object) => object
            .iter()
            .flat_map(|(name, value)| std::iter::once(name.clone()).chain(fields(value)))
            .collect(),
        Value::Array(items) => items.iter().flat_map(fields).collect(),
        _ => Names::new(),
    }
}

/// The verbs of a cell; a short one begins as the first does.
fn verbs(cell: &str) -> Vec<String> {
    let words = words(cell);
    let group = words.first().and_then(|first| first.rsplit_once(' ')).map_or("", |(group, _)| group);
    let whole = |word: &&str| match (word.contains(' '), group) {
        (true, _) | (false, "") => (*word).to_owned(),
        (false, group) => format!("{group} {word}"),
    };
    words.iter().map(whole).collect()
}

/// The fields that the row of `verb` names; `(as …)` stands for those of another row.
fn documented(verb: &str) -> Names {
    let json = rows(ADMIN, ["verb", "fields"]);
    let is_it = |cell: &str| cell == verb || verbs(cell).iter().any(|known| known == verb);
    let [_, cell] = json.into_iter().find(|[verbs, _]| is_it(verbs)).unwrap_or_else(|| panic!("{verb}"));
    let others = cell.split("(as `").skip(1).filter_map(|rest| rest.split('`').next());
    words(&without_brackets(cell))
        .into_iter()
        .map(ToOwned::to_owned)
        .chain(others.flat_map(documented))
        .collect()
}

fn app() -> AppView {
    AppView::from(v1::AppState {
        services: vec![v1::ServiceState::default()],
        failed_release: Some(v1::FailedRelease::default()),
        ..v1::AppState::default()
    })
}

fn plan() -> v1::PlanReply {
    let (services, steps) = (vec![v1::ServiceChange::default()], vec![v1::Step::default()]);
    v1::PlanReply { services, steps, ..v1::PlanReply::default() }
}

fn heartbeat() -> HeartbeatView {
    v1::ConnectivityState::default().into()
}

/// One answer of each verb that has one, with everything in it that there can be.
fn answers() -> Vec<(&'static str, Value)> {
    let id = AppId::parse("7").unwrap();
    let (text, services) = (String::new, Vec::new());
    let status = StatusView {
        core_version: text(),
        contract_version: 1,
        role: "admin",
        engine_available: true,
        heartbeat: heartbeat(),
        cloud: None,
        apps: vec![app()],
    };
    let policy =
        policy::parse("[[grant]]\napp = 7\nservice = \"a\"\nimage = \"b\"\nprivileged = true\n").unwrap();
    let refusals = vec![v1::PolicyRefusal::default()];
    let explained = ExplainView::new(id, v1::ExplainPolicyReply { refusals, ..Default::default() });
    let applied =
        AppliedView { action: "apply", app_id: 7, name: text(), commit: text(), warnings: Vec::new() };
    let update = UpdateView { action: "update", force: false, cancel: false, apply: true };
    let error = ErrorView { reason: "usage", subject: text(), message: text(), refusals: vec![text()] };
    let json = |value: serde_json::Result<Value>| value.unwrap();
    [
        ("status", serde_json::to_value(status)),
        ("doctor", serde_json::to_value(DoctorView::new(vec![Finding::ok(Check::Led, "")]))),
        ("app list", serde_json::to_value(AppsView { engine_available: true, apps: vec![app()] })),
        ("app show", serde_json::to_value(app())),
        ("app apply", serde_json::to_value(applied)),
        ("app plan", serde_json::to_value(PlanView::new(id, plan()))),
        ("app purge", serde_json::to_value(DoneView { action: "purge", app_id: 7, services })),
        ("app logs", serde_json::to_value(LogView { stream: "stdout", time: Some(""), line: "" })),
        ("policy check", serde_json::to_value(PolicyView::new(Path::new("/"), &policy))),
        ("policy explain", serde_json::to_value(explained)),
        ("reboot", serde_json::to_value(PowerView { action: "reboot", delay_ms: 1 })),
        ("update", serde_json::to_value(update)),
        ("tcp-ping on", serde_json::to_value(SwitchView { enabled: true })),
        ("tcp-ping status", serde_json::to_value(heartbeat())),
        ("key show", serde_json::to_value(KeyView { api_key: text(), port: Some(1) })),
        ("key rotate", serde_json::to_value(KeyView { api_key: text(), port: None })),
        ("an error", serde_json::to_value(ErrorBody { error })),
    ]
    .map(|(verb, value)| (verb, json(value)))
    .into()
}

#[test]
fn each_row_has_exactly_the_fields_of_its_answer() {
    let mut told = Names::new();
    for (verb, answer) in answers() {
        assert_eq!(fields(&answer), documented(verb), "{verb}");
        told.insert(verb.to_owned());
    }
    for [cell, fields] in rows(ADMIN, ["verb", "fields"]) {
        let is_told = told.contains(cell) || verbs(cell).iter().any(|verb| told.contains(verb));
        assert!(
            is_told || cell == "`events`" || fields.starts_with("none: "),
            "{cell}: no answer is compared"
        );
    }
}

/// Every verb, with the words that a verb's switch has.
fn all_verbs(command: &clap::Command, before: &str, found: &mut Names) {
    for verb in command.get_subcommands() {
        let name = format!("{before}{}", verb.get_name());
        if verb.has_subcommands() {
            all_verbs(verb, &format!("{name} "), found);
            continue;
        }
        let switch = verb.get_positionals().next().map(clap::Arg::get_possible_values).unwrap_or_default();
        match (verb.get_name(), switch.is_empty()) {
            ("completions", _) | (_, true) => found.extend([name]),
            (_, false) => found.extend(switch.iter().map(|word| format!("{name} {}", word.get_name()))),
        }
    }
}

#[test]
fn table_has_exactly_the_verbs_of_the_command_line() {
    let mut known = Names::new();
    all_verbs(&Args::command(), "", &mut known);
    let listed: Vec<String> =
        rows(ADMIN, ["verb", "fields"]).into_iter().flat_map(|[cell, _]| verbs(cell)).collect();
    let mut documented: Names = listed.iter().cloned().collect();
    assert_eq!(documented.len(), listed.len(), "a verb stands there twice");
    // The same verb with a flag that changes its answer.
    assert!(documented.remove("app apply --dry-run"));
    assert_eq!(documented, known);
}

/// One event of each kind; a new one does not compile before [`place`] has it, nor pass before this has it.
fn events() -> [What; 12] {
    [
        What::ActionAccepted(v1::ActionAccepted::default()),
        What::StepBegun(v1::StepBegun::default()),
        What::StepEnded(v1::StepEnded::default()),
        What::PullProgress(v1::PullProgress::default()),
        What::ContainerChanged(v1::ContainerChanged::default()),
        What::LocksChanged(v1::LocksChanged::default()),
        What::CycleEnded(v1::CycleEnded::default()),
        What::EngineChanged(v1::EngineChanged::default()),
        What::CallEnded(v1::CallEnded::default()),
        What::EventsMissed(v1::EventsMissed::default()),
        What::ReleasePassed(v1::ReleasePassed::default()),
        What::ReleaseFailed(v1::ReleaseFailed::default()),
    ]
}

const fn place(what: &What) -> usize {
    match what {
        What::ActionAccepted(_) => 0,
        What::StepBegun(_) => 1,
        What::StepEnded(_) => 2,
        What::PullProgress(_) => 3,
        What::ContainerChanged(_) => 4,
        What::LocksChanged(_) => 5,
        What::CycleEnded(_) => 6,
        What::EngineChanged(_) => 7,
        What::CallEnded(_) => 8,
        What::EventsMissed(_) => 9,
        What::ReleasePassed(_) => 10,
        What::ReleaseFailed(_) => 11,
    }
}

#[test]
fn table_has_exactly_the_events_and_their_fields() {
    assert_eq!(events().map(|what| place(&what)).to_vec(), (0..events().len()).collect::<Vec<usize>>());
    let common = documented("events");
    let mut written: Vec<(String, Names)> = Vec::new();
    for what in events() {
        let view = EventView::from(v1::Event { what: Some(what), ..v1::Event::default() });
        let json = serde_json::to_value(view).unwrap();
        let (name, all) = (json["event"].as_str().unwrap().to_owned(), fields(&json));
        assert!(common.is_subset(&all), "{name}: {all:?}");
        written.push((name, &all - &common));
    }
    let mut documented: Vec<(String, Names)> = rows(ADMIN, ["`event`", "fields"])
        .into_iter()
        .map(|[event, cell]| {
            // What stands behind a semicolon is a remark.
            let cell = without_brackets(cell);
            let named = cell.split(';').next().unwrap();
            (words(event).concat(), owned(words(named)))
        })
        .collect();
    documented.sort();
    written.sort();
    assert_eq!(documented, written);
}

/// The words that the row of `verb` gives for `field`.
fn choices(verb: &str, field: &str) -> Vec<String> {
    let json = rows(ADMIN, ["verb", "fields"]);
    let [_, cell] = json.into_iter().find(|[verbs, _]| words(verbs).contains(&verb)).unwrap();
    words(in_brackets(cell, field).unwrap()).into_iter().map(ToOwned::to_owned).collect()
}

/// What `word` makes of all values of an enumeration of the contract, whose first is number `first`.
fn all_of<T: TryFrom<i32>>(first: i32, word: fn(T) -> &'static str) -> Vec<String> {
    (first..).map_while(|number| T::try_from(number).ok()).map(|value| word(value).to_owned()).collect()
}

#[test]
fn words_of_a_field_are_exactly_those_of_its_row() {
    assert_eq!(choices("app show", "activity"), all_of::<Activity>(0, activity_word));
    assert_eq!(choices("app plan", "change"), all_of::<service_change::Change>(1, plan::change_word));
    assert_eq!(choices("app plan", "step"), all_of::<step::Kind>(1, plan::step_word));
    let changes = all_of::<locks_changed::Change>(1, event::lock_word);
    assert_eq!(event_words("locks-changed", "change"), changes);
}
