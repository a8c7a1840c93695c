//! Named cases of services that wait for each other.
use super::{cases::described, *};
use crate::domain::{
    dependency::{Condition, Dependency, Lack, Wait},
    record::AppliedBy,
    target::{Healthcheck, RestartPolicy},
    test_samples::one_shot,
};

const HEALTHY: Dependency = Dependency { condition: Condition::Healthy, optional: false, restart: false };
const COMPLETED: Dependency = Dependency { condition: Condition::Completed, optional: false, restart: false };

fn checked() -> Service {
    let test = vec!["CMD".to_owned(), "true".to_owned()];
    let check =
        Healthcheck { test, interval_ms: None, timeout_ms: None, start_period_ms: None, retries: None };
    Service { healthcheck: Some(check), ..service() }
}

fn asking(other: &str, dependency: Dependency) -> Service {
    Service { conditions: [(name(other), dependency)].into(), ..depending_on(&[other]) }
}

/// `web` waits for `job` to end and `db` to be healthy.
fn server() -> AppRecord {
    let mut web = depending_on(&["db", "job"]);
    web.conditions = [(name("db"), HEALTHY), (name("job"), COMPLETED)].into();
    record([("db", checked()), ("job", one_shot()), ("web", web)])
}

fn settled(record: AppRecord) -> World {
    let mut world = World::new(record);
    world.settle(ROUNDS).unwrap();
    world
}

fn failing(record: AppRecord, who: &str) -> World {
    let mut world = World::new(record);
    world.failing.insert(name(who));
    world.settle(ROUNDS).unwrap();
    world
}

fn state(world: &World, service: &str) -> ContainerState {
    world.of_service(&name(service))[0].state.clone()
}

fn lacks(world: &World) -> Vec<Lack> {
    world.plan().waits.iter().map(|wait| wait.lack).collect()
}

#[test]
fn plan_starts_what_may_start_and_makes_the_rest_without_starting_it() {
    let mut world = World::new(server());
    world.run(9).unwrap();
    let plan = world.run(99).unwrap();
    let started: Vec<String> =
        described(&plan).into_iter().filter(|step| step.starts_with("start")).collect();
    assert_eq!(started, ["start db", "start job"]);
    assert_eq!(state(&world, "web"), ContainerState::Created);
    let wait = Wait { service: name("web"), dependency: name("db"), lack: Lack::Health };
    let after = world.plan();
    assert_eq!((after.steps, after.waits), (Vec::new(), vec![wait]));
}

#[test]
fn plan_starts_the_rest_once_its_dependencies_are_there_and_is_done() {
    let world = settled(server());
    assert_eq!(state(&world, "web"), ContainerState::Running);
    assert_eq!(state(&world, "job"), ContainerState::Exited);
    assert_eq!(world.plan().waits, []);
    assert_eq!(world.plan().steps, []);
}

#[test]
fn plan_of_a_failed_job_or_an_unhealthy_service_starts_nothing_and_says_why() {
    for (who, lack) in [("job", Lack::Failed(1)), ("db", Lack::Unhealthy)] {
        let world = failing(server(), who);
        assert_eq!(state(&world, "web"), ContainerState::Created, "{who}");
        assert_eq!(lacks(&world), [lack]);
        assert_eq!(world.plan().steps, []);
    }
}

#[test]
fn plan_of_a_service_without_a_health_check_says_that_nothing_will_tell() {
    let world = settled(record([("db", service()), ("web", asking("db", HEALTHY))]));
    assert_eq!(lacks(&world), [Lack::NoHealthcheck]);
    let done = settled(record([("db", one_shot()), ("web", asking("db", HEALTHY))]));
    assert_eq!(lacks(&done), [Lack::Ended]);
}

#[test]
fn plan_of_an_optional_dependency_that_fails_starts_the_service() {
    let optional = asking("job", Dependency { optional: true, ..COMPLETED });
    let world = failing(record([("job", one_shot()), ("web", optional)]), "job");
    assert_eq!(state(&world, "web"), ContainerState::Running);
}

#[test]
fn plan_of_a_service_behind_one_that_waits_waits_too() {
    let world = failing(
        record([("job", one_shot()), ("mid", asking("job", COMPLETED)), ("web", depending_on(&["mid"]))]),
        "job",
    );
    assert_eq!(lacks(&world), [Lack::Failed(1), Lack::Start]);
    assert_eq!(state(&world, "web"), ContainerState::Created);
}

#[test]
fn plan_does_not_wait_for_a_service_that_was_stopped_on_purpose() {
    let mut world = World::new(server());
    act(&mut world, &Action::Stop(names(&["db", "job"])));
    world.settle(ROUNDS).unwrap();
    assert_eq!(state(&world, "web"), ContainerState::Running);
}

#[test]
fn plan_of_a_restarted_server_does_not_run_the_job_again_and_of_the_whole_app_does() {
    let mut world = settled(server());
    let job = world.of_service(&name("job"))[0].id.clone();
    act(&mut world, &Action::Restart(names(&["web"])));
    world.settle(ROUNDS).unwrap();
    assert_eq!(world.of_service(&name("job"))[0].id, job);
    assert_eq!(state(&world, "web"), ContainerState::Running);
    for action in [Action::Restart(Vec::new()), Action::Purge] {
        let job = world.of_service(&name("job"))[0].id.clone();
        act(&mut world, &action);
        world.settle(ROUNDS).unwrap();
        assert_ne!(world.of_service(&name("job"))[0].id, job, "{action:?}");
        assert_eq!(state(&world, "web"), ContainerState::Running);
    }
}

#[test]
fn plan_after_a_failed_job_was_put_right_starts_the_server() {
    let mut world = failing(server(), "job");
    world.failing.clear();
    act(&mut world, &Action::Restart(names(&["job"])));
    world.settle(ROUNDS).unwrap();
    assert_eq!(state(&world, "web"), ContainerState::Running);
}

#[test]
fn plan_with_restart_recreates_the_dependent_with_its_dependency_and_without_it_does_not() {
    for restart in [true, false] {
        let target = || {
            record([
                ("db", service()),
                ("web", asking("db", Dependency { restart, ..Dependency::default() })),
            ])
        };
        let mut world = settled(target());
        let web = world.of_service(&name("web"))[0].id.clone();
        let mut changed = target().target;
        changed.services.get_mut(&name("db")).unwrap().user = "other".to_owned();
        act(&mut world, &Action::Apply(Box::new(changed), AppliedBy::Admin));
        world.settle(ROUNDS).unwrap();
        assert_eq!(world.of_service(&name("web"))[0].id != web, restart);
        let web = world.of_service(&name("web"))[0].id.clone();
        act(&mut world, &Action::Restart(names(&["db"])));
        world.settle(ROUNDS).unwrap();
        assert_eq!(world.of_service(&name("web"))[0].id != web, restart);
    }
}

#[test]
fn plan_of_a_job_that_is_tried_again_waits_for_its_end() {
    let tried = Service { restart: RestartPolicy::OnFailure(3), ..service() };
    let mut world = World::new(record([("job", tried), ("web", asking("job", COMPLETED))]));
    world.run(9).unwrap();
    world.run(99).unwrap();
    assert_eq!(lacks(&world), [Lack::End]);
    world.settle(ROUNDS).unwrap();
    assert_eq!(state(&world, "web"), ContainerState::Running);
}

#[test]
fn condition_alone_makes_no_container_a_different_one() {
    let hash = |record: &AppRecord| {
        crate::domain::test_samples::rendered(record).services[&name("web")].config_hash.clone()
    };
    let plain = record([("job", one_shot()), ("web", depending_on(&["job"]))]);
    assert_eq!(hash(&plain), hash(&record([("job", one_shot()), ("web", asking("job", COMPLETED))])));
}
