use super::*;
use crate::domain::{
    record::AppliedBy,
    target::{RestartPolicy, Service},
    test_samples::{name, names, one_shot, record, service, target},
};

fn app() -> AppRecord {
    record([("db", service()), ("job", one_shot()), ("web", service())])
}

fn edited(record: &AppRecord, actions: &[Action]) -> AppRecord {
    actions.iter().fold(record.clone(), |record, action| edit(&record, action).unwrap())
}

/// Generation and whether it should run, of `db`, `job` and `web`.
fn intents(record: &AppRecord) -> Vec<(u64, bool)> {
    record.services.values().map(|intent| (intent.generation, intent.run)).collect()
}

#[test]
fn restart_of_all_raises_every_generation_and_nothing_else() {
    let next = edited(&app(), &[Action::Restart(Vec::new())]);
    assert_eq!(intents(&next), [(2, true), (2, true), (2, true)]);
    assert_eq!(AppRecord { services: app().services, ..next }, app());
}

#[test]
fn restart_of_one_named_twice_raises_it_once() {
    let next = edited(&app(), &[Action::Restart(names(&["web", "web"]))]);
    assert_eq!(intents(&next), [(1, true), (1, true), (2, true)]);
}

#[test]
fn restart_of_a_stopped_service_leaves_it_stopped() {
    let next = edited(&app(), &[Action::Stop(names(&["web"])), Action::Restart(Vec::new())]);
    assert_eq!(intents(&next), [(2, true), (2, true), (1, false)]);
    let named = edited(&next, &[Action::Restart(names(&["web"]))]);
    assert_eq!(intents(&named), intents(&next));
}

#[test]
fn purge_is_requested_for_every_service_and_starts_none() {
    let next = edited(&app(), &[Action::Stop(names(&["db"])), Action::Purge]);
    assert_eq!(next.purge, Some(PurgePhase::Requested));
    assert_eq!(intents(&next), [(2, false), (2, true), (2, true)]);
    assert_eq!(next.target, app().target);
}

#[test]
fn purge_after_one_that_has_emptied_begins_again() {
    let emptied = AppRecord { purge: Some(PurgePhase::Emptied), ..app() };
    assert_eq!(edited(&emptied, &[Action::Purge]).purge, Some(PurgePhase::Requested));
}

#[test]
fn other_action_during_a_purge_keeps_its_phase() {
    for phase in [PurgePhase::Requested, PurgePhase::Emptied] {
        let purging = AppRecord { purge: Some(phase), ..app() };
        for action in [
            Action::Restart(Vec::new()),
            Action::Start(Vec::new()),
            Action::Stop(Vec::new()),
            Action::Apply(Box::new(app().target), AppliedBy::Admin),
            Action::Remove,
        ] {
            assert_eq!(edited(&purging, std::slice::from_ref(&action)).purge, Some(phase), "{action:?}");
        }
    }
}

#[test]
fn stop_and_start_of_a_lasting_service_keep_its_container() {
    let stopped = edited(&app(), &[Action::Stop(Vec::new())]);
    assert_eq!(intents(&stopped), [(1, false), (1, false), (1, false)]);
    let started = edited(&stopped, &[Action::Start(names(&["db", "web"]))]);
    assert_eq!(intents(&started), [(1, true), (1, false), (1, true)]);
}

#[test]
fn start_of_a_stopped_one_shot_asks_for_a_new_container() {
    for restart in [RestartPolicy::No, RestartPolicy::OnFailure(2)] {
        let app = record([("job", Service { restart, ..service() })]);
        let next = edited(&app, &[Action::Stop(Vec::new()), Action::Start(names(&["job", "job"]))]);
        assert_eq!(intents(&next), [(2, true)]);
    }
}

#[test]
fn start_of_what_runs_changes_nothing() {
    assert_eq!(edited(&app(), &[Action::Start(Vec::new())]), app());
}

#[test]
fn apply_of_another_target_keeps_known_services_and_drops_gone_ones() {
    let before = edited(&app(), &[Action::Restart(Vec::new()), Action::Stop(names(&["web"]))]);
    let next_target = target([("cache", service()), ("db", one_shot()), ("web", service())]);
    let next = edited(&before, &[Action::Apply(Box::new(next_target.clone()), AppliedBy::Admin)]);
    assert_eq!(next.target, next_target);
    assert_eq!(next.services.keys().cloned().collect::<Vec<_>>(), names(&["cache", "db", "web"]));
    assert_eq!(intents(&next), [(1, true), (2, true), (2, false)]);
    assert_eq!(next.lock_token, before.lock_token);
}

#[test]
fn apply_during_a_removal_takes_it_back() {
    let removed = edited(&app(), &[Action::Remove]);
    assert!(removed.removed);
    assert_eq!(edited(&removed, &[Action::Apply(Box::new(app().target), AppliedBy::Admin)]), app());
}

#[test]
fn remove_keeps_everything_else_for_the_way_down() {
    let next = edited(&app(), &[Action::Remove]);
    assert_eq!(next, AppRecord { removed: true, ..app() });
}

#[test]
fn action_on_an_unknown_service_is_refused_whole() {
    let some = || names(&["web", "nowhere"]);
    for action in [Action::Restart(some()), Action::Start(some()), Action::Stop(some())] {
        assert_eq!(edit(&app(), &action), Err(NoSuchService(name("nowhere"))), "{action:?}");
    }
}

#[test]
fn apply_of_a_stopped_service_stops_it_and_without_it_starts_it_again() {
    let running = record([("web", service())]);
    let target = |stopped| {
        let service = Service { stopped, ..service() };
        Action::Apply(Box::new(record([("web", service)]).target), AppliedBy::Admin)
    };
    let stopped = edit(&running, &target(true)).unwrap();
    assert!(!stopped.services[&name("web")].run);
    assert!(edit(&stopped, &target(false)).unwrap().services[&name("web")].run);
}

#[test]
fn apply_keeps_a_service_stopped_that_an_action_stopped() {
    let stopped = edit(&record([("web", service())]), &Action::Stop(Vec::new())).unwrap();
    let again = edit(&stopped, &Action::Apply(Box::new(stopped.target.clone()), AppliedBy::Admin)).unwrap();
    assert!(!again.services[&name("web")].run);
}
