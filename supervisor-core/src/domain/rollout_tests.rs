use super::*;
use crate::domain::{
    intent::{Action, edit},
    test_samples::{TOKEN, name, record, service},
};

fn labelled(pairs: &[(&str, &str)]) -> Target {
    let labels = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    record([("db", service()), ("web", Service { labels, ..service() })]).target
}

fn release(commit: &str, services: &[&str]) -> Target {
    let mut target = record([]).target;
    commit.clone_into(&mut target.app.commit);
    target.services = services.iter().map(|text| (name(text), service())).collect();
    target
}

fn applied(record: &AppRecord, target: &Target) -> AppRecord {
    edit(record, &Action::Apply(Box::new(target.clone()), AppliedBy::Frontend)).unwrap()
}

/// A record whose release has passed.
fn good() -> AppRecord {
    let first = AppRecord::applied(release("a", &["db", "web"]), AppliedBy::Frontend, TOKEN.to_owned());
    passed(&first)
}

#[test]
fn gate_is_the_clouds_by_default_and_labels_say_otherwise() {
    for (labels, frontend, admin) in [
        (&[][..], true, false),
        (&[(GATE, "0")][..], false, false),
        (&[(GATE, "1")][..], true, true),
        (&[("other", "1")][..], true, false),
    ] {
        let target = labelled(labels);
        let gated = (is_gated(&target, AppliedBy::Frontend), is_gated(&target, AppliedBy::Admin));
        assert_eq!(gated, (frontend, admin), "{labels:?}");
    }
}

#[test]
fn label_that_cannot_be_understood_is_a_problem() {
    for (name, value) in [(GATE, "yes"), (GATE, ""), (TIMEOUT, "10"), (TIMEOUT, "0s"), (TIMEOUT, "25h")] {
        assert!(problem_of_label(name, value).is_some(), "{name}={value}");
    }
    for (name, value) in [(GATE, "0"), (GATE, "1"), (TIMEOUT, "2m"), (TIMEOUT, "90s"), ("other", "x")] {
        assert!(problem_of_label(name, value).is_none(), "{name}={value}");
    }
}

/// As of a fleet that has no release yet.
#[test]
fn app_without_services_is_no_release_to_go_back_to() {
    let empty = AppRecord::applied(release("none", &[]), AppliedBy::Frontend, TOKEN.to_owned());
    let empty = passed(&empty);
    assert_eq!(empty.rollout.proven_commit(&empty), Some(""));
    let first = applied(&empty, &release("a", &["web"]));
    assert_eq!(first.rollout.trial, Some(Trial::default()));
    assert_eq!(first.rollout.proven_commit(&first), Some(""));
    assert_eq!(taken_back(&first, "why", 7), None);
}

#[test]
fn first_release_is_on_trial_without_one_to_go_back_to() {
    let first = AppRecord::applied(release("a", &["web"]), AppliedBy::Frontend, TOKEN.to_owned());
    assert_eq!(first.rollout.trial, Some(Trial::default()));
    assert_eq!(first.rollout.proven_commit(&first), Some(""));
    assert_eq!(taken_back(&first, "why", 7), None);
    let second = applied(&first, &release("b", &["web"]));
    assert_eq!(second.rollout.previous(), None, "the first never ran as it should");
}

#[test]
fn record_taken_back_is_the_one_before_with_what_failed() {
    let on_trial = applied(&good(), &release("b", &["web", "new"]));
    assert_eq!(on_trial.rollout.proven_commit(&on_trial), Some("a"));
    let back = taken_back(&on_trial, "why", 7).unwrap();
    assert_eq!(AppRecord { rollout: Rollout::default(), ..back.clone() }, good());
    let failed = back.rollout.failed.clone().unwrap();
    assert_eq!((failed.commit.as_str(), failed.restored_commit.as_str(), failed.at_s), ("b", "a", 7));
    assert_eq!(back.rollout.proven_commit(&back), Some("a"));
}

#[test]
fn release_that_was_given_up_stays_so_for_the_cloud_and_for_the_same_content_only() {
    let target = release("b", &["web"]);
    let back = taken_back(&applied(&good(), &target), "why", 7).unwrap();
    assert_eq!(applied(&back, &target), back);
    let other_content = release("b", &["web", "more"]);
    assert_eq!(applied(&back, &other_content).target, other_content);
    let owners = edit(&back, &Action::Apply(Box::new(target.clone()), AppliedBy::Admin)).unwrap();
    assert_eq!(owners.target, target);
    for cleared in [applied(&back, &release("c", &["web"])), applied(&back, &back.target)] {
        assert_eq!(cleared.rollout.failed, None);
    }
}

#[test]
fn services_keep_what_was_asked_of_them_during_the_trial() {
    let before = good();
    let mut on_trial = applied(&before, &release("b", &["web"]));
    on_trial = edit(&on_trial, &Action::Restart(Vec::new())).unwrap();
    on_trial = edit(&on_trial, &Action::Stop(vec![name("web")])).unwrap();
    let back = taken_back(&on_trial, "why", 7).unwrap();
    assert_eq!(back.services[&name("web")], ServiceIntent { generation: 2, run: false });
    assert_eq!(back.services[&name("db")], ServiceIntent { generation: 1, run: true });
}

#[test]
fn service_that_the_failed_release_stopped_runs_again() {
    let mut stopping = release("b", &["db", "web"]);
    stopping.services.get_mut(&name("web")).unwrap().stopped = true;
    let on_trial = applied(&good(), &stopping);
    assert!(!on_trial.services[&name("web")].run);
    assert!(taken_back(&on_trial, "why", 7).unwrap().services[&name("web")].run);
}

#[test]
fn newer_release_keeps_the_one_that_ran_and_its_own_return_ends_the_trial() {
    let second = applied(&good(), &release("b", &["web"]));
    let third = applied(&second, &release("c", &["web"]));
    assert_eq!(third.rollout.previous().unwrap().target.app.commit, "a");
    let returned = applied(&third, &release("a", &["db", "web"]));
    assert_eq!(returned.rollout, Rollout::default());
}

#[test]
fn removal_forgets_the_trial() {
    let removed = edit(&applied(&good(), &release("b", &["web"])), &Action::Withdraw).unwrap();
    assert_eq!(removed.rollout, Rollout::default());
    let again = applied(&removed, &release("c", &["web"]));
    assert_eq!(again.rollout.trial, Some(Trial::default()));
}

#[test]
fn release_that_is_left_in_place_is_nothing_to_go_back_to() {
    let kept = left(&applied(&good(), &release("b", &["web"])), "why", 7);
    assert_eq!(kept.rollout.proven_commit(&kept), Some(""));
    let next = applied(&kept, &release("c", &["web"]));
    assert_eq!(next.rollout.previous(), None);
}

#[test]
fn rollout_is_stored_whole_and_leaves_no_trace_when_there_is_none() {
    let on_trial = applied(&good(), &release("b", &["web"]));
    for record in [taken_back(&on_trial, "why", 7).unwrap(), on_trial, good()] {
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<AppRecord>(&text).unwrap(), record);
        assert_eq!(text.contains("rollout"), record != good());
    }
}
