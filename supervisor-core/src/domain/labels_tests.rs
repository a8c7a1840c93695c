use super::*;
use crate::domain::{
    observed::{ContainerId, ContainerState},
    plan::plan,
    record::PurgePhase,
    target::{Mount, RestartPolicy},
    test_samples::{
        INSTANCE as THIS, TOKEN, api, app, container, depending_on, facts, name, one_shot, record,
        render_with, rendered, service, volume,
    },
    test_world::World,
    wanted::WantedService,
};

const RUNNING: ContainerState = ContainerState::Running;

/// What the engine lists when `record` is carried out.
fn listed(record: &AppRecord, state: &ContainerState, created_s: i64) -> Vec<Container> {
    let wanted = rendered(record);
    let of = |(name, service): (&ServiceName, &WantedService)| {
        container(&format!("{name}-{created_s}"), &service.spec, state.clone(), created_s)
    };
    wanted.services.iter().map(of).collect()
}

/// Whatever has exited was stopped on purpose.
fn adopted(containers: &[Container]) -> Option<AppRecord> {
    let exited = containers.iter().filter(|c| c.state == ContainerState::Exited).map(|c| c.id.clone());
    adopt(app(), containers, &exited.collect(), TOKEN.to_owned())
}

fn with_generation(mut record: AppRecord, generation: u64) -> AppRecord {
    record.services.values_mut().for_each(|intent| intent.generation = generation);
    record
}

#[test]
fn adopt_of_a_rendered_record_gives_the_same_record() {
    let mounts =
        vec![Mount { volume: volume("store"), target: "/store".to_owned(), read_only: true, no_copy: false }];
    let web = Service {
        mounts,
        command: Some(vec!["run".to_owned(), "\"quoted\" ünïcode\n".to_owned()]),
        labels: BTreeMap::from([("own".to_owned(), "label".to_owned())]),
        restart: RestartPolicy::OnFailure(3),
        ..depending_on(&["db"])
    };
    let original = with_generation(record([("db", service()), ("web", web)]), 4);
    assert_eq!(adopted(&listed(&original, &RUNNING, 1)), Some(original));
}

#[test]
fn adopt_of_a_settled_app_leaves_nothing_to_do() {
    let mut world = World::new(record([("db", service()), ("web", depending_on(&["db"]))]));
    world.settle(3).unwrap();
    let again = adopted(&world.containers).unwrap();
    assert_eq!(Some(&again), world.record.as_ref());
    let gateway = world.observed().supervisor_gateway;
    let wanted = render_with(&again, Some(&api()), gateway);
    assert_eq!(plan(&again, &wanted, &world.observed()).steps, []);
}

#[test]
fn adopt_of_an_unfinished_action_keeps_no_intent_that_destroys() {
    let mut original = record([("web", service())]);
    original.purge = Some(PurgePhase::Requested);
    original.removed = true;
    original.override_locks = true;
    let again = adopted(&listed(&original, &RUNNING, 1)).unwrap();
    assert_eq!((again.purge, again.removed, again.override_locks), (None, false, false));
    assert_eq!(again.lock_token, TOKEN);
}

#[test]
fn adopt_of_nothing_readable_is_none() {
    let whole = listed(&record([("web", service())]), &RUNNING, 1);
    assert_eq!(adopted(&[]), None);
    for (label, value) in [(APP, None), (APP, Some("{")), (SERVICE, None), (SERVICE, Some("[]"))] {
        let mut containers = whole.clone();
        containers[0].labels.remove(label);
        containers[0].labels.extend(value.map(|text| (label.to_owned(), text.to_owned())));
        assert_eq!(adopted(&containers), None, "{label} = {value:?}");
    }
    let nameless = Container { service: None, ..whole[0].clone() };
    assert_eq!(adopted(&[nameless]), None);
}

#[test]
fn adopt_of_a_container_that_was_not_stopped_on_purpose_runs_it_again() {
    let exited = listed(&record([("web", service())]), &ContainerState::Exited, 1);
    let again = adopt(app(), &exited, &BTreeSet::new(), TOKEN.to_owned()).unwrap();
    assert!(again.services[&name("web")].run);
}

#[test]
fn merge_believes_containers_before_the_old_record_and_the_old_record_where_there_are_none() {
    let old = record([("db", service()), ("web", service())]);
    let new = with_generation(record([("web", Service { image: "demo:2".to_owned(), ..service() })]), 5);
    let merged = merge(old.clone(), new);
    assert_eq!(merged.target.services[&name("web")].image, "demo:2");
    assert_eq!(merged.services[&name("web")].generation, 5);
    assert_eq!(merged.target.services[&name("db")], old.target.services[&name("db")]);
    assert_eq!(merged.lock_token, old.lock_token);
}

#[test]
fn adopt_of_one_unreadable_container_adopts_nothing() {
    let original = record([("db", service()), ("web", service())]);
    let mut containers = listed(&original, &RUNNING, 1);
    containers[1].labels.insert(SERVICE.to_owned(), "broken".to_owned());
    containers[1].labels.remove(APP);
    assert_eq!(adopted(&containers), None);
}

#[test]
fn adopt_of_two_containers_of_a_service_believes_the_newest() {
    let old = record([("web", service())]);
    let mut new = record([("web", Service { image: "demo:2".to_owned(), ..service() })]);
    new.target.app.release_id = 8;
    let new = with_generation(new, 2);
    let mut containers = listed(&new, &RUNNING, 20);
    containers.extend(listed(&old, &RUNNING, 10));
    assert_eq!(adopted(&containers), Some(new.clone()));
    containers.reverse();
    assert_eq!(adopted(&containers), Some(new));
}

#[test]
fn adopt_of_an_exited_container_stops_only_what_should_keep_running() {
    for (restart, state, run) in [
        (RestartPolicy::Always, ContainerState::Exited, false),
        (RestartPolicy::UnlessStopped, ContainerState::Exited, false),
        (RestartPolicy::No, ContainerState::Exited, true),
        (RestartPolicy::OnFailure(1), ContainerState::Exited, true),
        (RestartPolicy::Always, ContainerState::Created, true),
        (RestartPolicy::Always, ContainerState::Paused, true),
        (RestartPolicy::Always, ContainerState::Dead, true),
    ] {
        let original = record([("web", Service { restart, ..one_shot() })]);
        let again = adopted(&listed(&original, &state, 1)).unwrap();
        assert_eq!(again.services[&name("web")].run, run, "{restart:?} {state:?}");
    }
}

#[test]
fn adopt_with_containers_of_another_app_ignores_them() {
    let original = record([("web", service())]);
    let mut containers = listed(&original, &RUNNING, 1);
    let foreign = listed(&record([("other", service())]), &RUNNING, 9);
    containers.extend(foreign.into_iter().map(|c| Container { app: AppId::new(1).ok(), ..c }));
    containers.push(Container { app: None, id: ContainerId("x".to_owned()), ..containers[1].clone() });
    assert_eq!(adopted(&containers), Some(original));
    assert_eq!(adopt(AppId::new(3).unwrap(), &containers, &BTreeSet::new(), TOKEN.to_owned()), None);
}

#[test]
fn adopt_with_the_facts_of_another_app_in_the_newest_container_reads_the_older() {
    let original = record([("web", service())]);
    let mut containers = listed(&original, &RUNNING, 1);
    let foreign = AppFacts { app_id: AppId::new(1).unwrap(), ..facts() };
    let mut newest = Container { created_s: 9, ..containers[0].clone() };
    newest.labels.insert(APP.to_owned(), serde_json::to_string(&foreign).unwrap());
    containers.push(newest.clone());
    assert_eq!(adopted(&containers), Some(original));
    assert_eq!(adopted(&[newest]), None);
}

#[test]
fn ownership_names_the_installation_and_the_app() {
    let labels = ownership(THIS, app());
    assert_eq!(labels.get(SUPERVISED).map(String::as_str), Some("true"));
    assert_eq!(labels.get(INSTANCE).map(String::as_str), Some(THIS));
    assert_eq!(labels.get(APP_ID).map(String::as_str), Some("2167"));
}
