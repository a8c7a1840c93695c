use super::*;
use crate::domain::{
    intent::{Action, edit},
    observed::ContainerState,
    plan::plan,
    record::AppliedBy,
    target::Service,
    test_samples::{container, known, name, record, rendered, service, target},
};

/// What the engine holds when `record` has been carried out.
fn carried_out(record: &AppRecord) -> Observed {
    let wanted = rendered(record);
    let containers = wanted.services.iter().enumerate().map(|(number, (name, service))| {
        let id = format!("{name}-{number}");
        container(&id, &service.spec, ContainerState::Running, 1)
    });
    Observed {
        containers: containers.collect(),
        volumes: wanted.volumes.iter().map(|(name, v)| (name.clone(), v.fingerprint().to_owned())).collect(),
        networks: [super::super::wanted::SUPERVISOR_NETWORK.to_owned()].into(),
        known_networks: known(&wanted),
        images: ["demo:1".to_owned(), "demo:2".to_owned()].into(),
        supervisor_gateway: None,
    }
}

fn explained(record: &AppRecord, observed: &Observed) -> BTreeMap<ServiceName, Explanation> {
    let wanted = rendered(record);
    let plan = plan(record, &wanted, observed);
    explain(Situation { record, wanted: &wanted, observed }, &plan, &rendered)
}

fn of(all: &BTreeMap<ServiceName, Explanation>, service: &str) -> (Change, String) {
    let found = &all[&name(service)];
    (found.change, found.because())
}

#[test]
fn settled_app_is_explained_as_unchanged() {
    let record = record([("db", service()), ("web", service())]);
    let all = explained(&record, &carried_out(&record));
    assert_eq!(of(&all, "db"), (Change::None, String::new()));
    assert_eq!(of(&all, "web"), (Change::None, String::new()));
}

#[test]
fn changed_service_names_its_fields_and_its_neighbour_stays() {
    let old = record([("db", service()), ("web", service())]);
    let mut web = Service { image: "demo:2".to_owned(), ..service() };
    web.environment.insert("PORT".to_owned(), "secret".to_owned());
    let new =
        edit(&old, &Action::Apply(Box::new(target([("db", service()), ("web", web)])), AppliedBy::Admin))
            .unwrap();
    let all = explained(&new, &carried_out(&old));
    assert_eq!(of(&all, "db"), (Change::None, String::new()));
    assert_eq!(of(&all, "web"), (Change::Recreate, "environment.PORT and image changed".to_owned()));
    assert_eq!(all[&name("web")].changed_fields(), ["environment.PORT", "image"]);
}

#[test]
fn change_of_the_whole_app_names_what_it_means_for_a_service() {
    let old = record([("web", service())]);
    let mut new = old.clone();
    new.target.app.name = "renamed".to_owned();
    let all = explained(&new, &carried_out(&old));
    assert_eq!(of(&all, "web"), (Change::Recreate, "environment.BALENA_APP_NAME changed".to_owned()));
}

#[test]
fn new_and_dropped_services_are_created_and_removed() {
    let old = record([("old", service())]);
    let new = edit(&old, &Action::Apply(Box::new(target([("new", service())])), AppliedBy::Admin)).unwrap();
    let all = explained(&new, &carried_out(&old));
    assert_eq!(of(&all, "new"), (Change::Create, "it has no container".to_owned()));
    assert_eq!(of(&all, "old"), (Change::Remove, "it is not in the target".to_owned()));
}

#[test]
fn actions_are_the_reason_of_what_they_cause() {
    let settled = record([("web", service())]);
    for (action, change, because) in [
        (Action::Restart(Vec::new()), Change::Recreate, "a restart was asked for"),
        (Action::Purge, Change::Recreate, "a purge was asked for"),
        (Action::Stop(Vec::new()), Change::Stop, "it was stopped on purpose"),
        (Action::Remove, Change::Remove, "the app is removed"),
    ] {
        let all = explained(&edit(&settled, &action).unwrap(), &carried_out(&settled));
        assert_eq!(of(&all, "web"), (change, because.to_owned()), "{action:?}");
    }
}

#[test]
fn state_of_a_container_is_the_reason_where_nothing_else_changed() {
    let settled = record([("web", service())]);
    for (state, change) in [
        (ContainerState::Exited, Change::Start),
        (ContainerState::Created, Change::Start),
        (ContainerState::Dead, Change::Recreate),
    ] {
        let mut observed = carried_out(&settled);
        observed.containers[0].state = state.clone();
        let all = explained(&settled, &observed);
        assert_eq!(of(&all, "web"), (change, format!("its container is {}", state.as_str())));
    }
}

#[test]
fn container_whose_api_key_is_old_or_whose_labels_are_gone_says_so() {
    let settled = record([("web", service())]);
    let mut observed = carried_out(&settled);
    observed.containers[0].config_hash = "made with another key".to_owned();
    let (change, because) = of(&explained(&settled, &observed), "web");
    assert_eq!(change, Change::Recreate);
    assert_eq!(because, Reason::Supervisor.to_string());
    observed.containers[0].labels.remove(labels::SERVICE);
    assert_eq!(of(&explained(&settled, &observed), "web").1, Reason::Unreadable.to_string());
}

#[test]
fn second_container_of_a_service_is_removed_as_a_duplicate() {
    let settled = record([("web", service())]);
    let mut observed = carried_out(&settled);
    let mut second = observed.containers[0].clone();
    second.id.0 = "second".to_owned();
    second.state = ContainerState::Exited;
    observed.containers.push(second);
    assert_eq!(of(&explained(&settled, &observed), "web").1, Reason::Duplicate.to_string());
}
