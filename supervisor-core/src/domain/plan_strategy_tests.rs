//! Update strategies: what runs and what lies on the disk while a service gets a new release.
use super::{cases::described, *};
use crate::domain::{labels::made_from, target::Target, test_samples::target};

const STRATEGIES: [&str; 4] =
    ["download-then-kill", "kill-then-download", "delete-then-download", "hand-over"];

fn of_strategy(strategy: &str, image: &str) -> Service {
    let label = ("io.balena.update.strategy".to_owned(), strategy.to_owned());
    Service { image: image.to_owned(), labels: [label].into(), ..service() }
}

fn release(strategy: &str, image: &str) -> Target {
    target([("web", of_strategy(strategy, image))])
}

/// A device that runs the first release, and is told the second.
fn updating(strategy: &str) -> World {
    let mut world = World::new(record([("web", of_strategy(strategy, "demo:1"))]));
    world.settle(ROUNDS).unwrap();
    apply(&mut world, release(strategy, "demo:2"));
    world
}

fn apply(world: &mut World, target: Target) {
    act(world, &Action::Apply(Box::new(target), AppliedBy::Admin));
}

fn images(world: &World) -> Vec<&str> {
    world.images.iter().map(String::as_str).collect()
}

fn running_images(world: &World) -> Vec<String> {
    let active = world.containers.iter().filter(|c| c.state.is_active());
    active.filter_map(|c| Some(made_from(c)?.services.into_values().next()?.image)).collect()
}

#[test]
fn plan_of_download_then_kill_pulls_before_the_old_container_goes() {
    let steps = ["pull image demo:2", "remove container 1", "create the container of web"];
    assert_eq!(described(&updating("download-then-kill").plan())[..3], steps);
}

#[test]
fn plan_of_kill_then_download_pulls_when_the_old_container_is_gone() {
    let steps = ["remove container 1", "pull image demo:2", "create the container of web"];
    assert_eq!(described(&updating("kill-then-download").plan())[..3], steps);
}

#[test]
fn plan_of_delete_then_download_pulls_when_the_old_image_is_gone() {
    let steps =
        ["remove container 1", "remove image demo:1", "pull image demo:2", "create the container of web"];
    let mut world = updating("delete-then-download");
    assert_eq!(described(&world.plan())[..4], steps);
    world.settle(ROUNDS).unwrap();
    assert!(world.record.unwrap().leaving_images.is_empty());
}

#[test]
fn plan_of_a_hand_over_takes_the_old_container_away_last() {
    let steps = [
        "pull image demo:2",
        "create the container of web",
        "connect web to supervisor0",
        "start web",
        "wait for the new container of web to take over",
        "remove container 1",
    ];
    let mut world = updating("hand-over");
    for container in &mut world.containers {
        container.name = "of-another-commit".to_owned();
    }
    assert_eq!(described(&world.plan()), steps);
}

#[test]
fn plan_of_a_hand_over_within_a_release_renames_the_old_container() {
    let mut world = World::new(record([("web", of_strategy("hand-over", "demo:1"))]));
    world.settle(ROUNDS).unwrap();
    let mut changed = release("hand-over", "demo:1");
    let web = changed.services.get_mut(&name("web")).unwrap();
    web.environment.insert("A".to_owned(), "b".to_owned());
    apply(&mut world, changed);
    assert!(matches!(
        world.plan().steps[..],
        [Step::RenameContainer { .. }, Step::CreateContainer { .. }, ..]
    ));
    world.settle(ROUNDS).unwrap();
    assert_eq!(world.containers.len(), 1);
}

#[test]
fn plan_of_a_restart_hands_nothing_over() {
    let mut world = World::new(record([("web", of_strategy("hand-over", "demo:1"))]));
    world.settle(ROUNDS).unwrap();
    for action in [Action::Restart(Vec::new()), Action::Purge] {
        act(&mut world, &action);
        let plan = world.plan();
        assert!(!plan.steps.iter().any(|step| matches!(step, Step::AwaitHandover { .. })), "{plan:?}");
        world.settle(ROUNDS).unwrap();
    }
}

#[test]
fn plan_of_a_hand_over_with_a_third_release_keeps_one_old_container() {
    let mut world = updating("hand-over");
    world.run(5).unwrap();
    assert_eq!(running_images(&world).len(), 2);
    apply(&mut world, release("hand-over", "demo:3"));
    for _ in 0..ROUNDS {
        // A plan that is broken off while it waits for the new container waits again.
        world.run(2).unwrap();
        assert!(running_images(&world).len() <= 2, "{:?}", world.containers);
    }
    assert_eq!(running_images(&world), ["demo:3"]);
}

#[test]
fn plan_of_a_changed_update_label_touches_nothing() {
    for strategy in STRATEGIES {
        let mut world = World::new(record([("web", service())]));
        world.settle(ROUNDS).unwrap();
        apply(&mut world, release(strategy, "demo:1"));
        assert_eq!(described(&world.plan()), [""; 0], "{strategy}");
    }
}

#[test]
fn plan_of_a_container_whose_hash_counts_update_labels_touches_nothing() {
    let mut world =
        World::new(record([("db", of_strategy("hand-over", "demo:1")), ("web", depending_on(&["db"]))]));
    let restarts = crate::domain::dependency::Dependency { restart: true, ..Default::default() };
    let web = world.record.as_mut().unwrap().target.services.get_mut(&name("web")).unwrap();
    web.conditions.insert(name("db"), restarts);
    world.settle(ROUNDS).unwrap();
    let wanted = world.wanted().unwrap();
    for container in &mut world.containers {
        let service = &wanted.services[container.service.as_ref().unwrap()];
        container.config_hash = service.former_hash.clone().unwrap();
    }
    assert_eq!(described(&world.plan()), [""; 0]);
}

fn releases() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let images = proptest::sample::select(vec!["demo:1", "demo:2", "demo:3"]);
    prop::collection::vec((proptest::sample::select(STRATEGIES.to_vec()), images), 1..5)
}

proptest! {
    #![proptest_config(config(2))]

    #[test]
    fn plan_of_any_strategies_broken_off_anywhere_ends_with_the_newest_release_once(
        releases in releases(),
        limits in prop::collection::vec(0..8_usize, 5),
    ) {
        let mut world = World::new(record([("web", service())]));
        world.settle(ROUNDS).map_err(TestCaseError::fail)?;
        for ((strategy, image), limit) in releases.iter().zip(limits) {
            apply(&mut world, release(strategy, image));
            world.run(limit).map_err(TestCaseError::fail)?;
        }
        settle(&mut world)?;
        prop_assert_eq!(running_images(&world), [releases.last().unwrap().1]);
    }

    #[test]
    fn plan_of_delete_then_download_never_has_both_images(
        applied in prop::collection::vec((proptest::sample::select(vec!["demo:1", "demo:2", "demo:3"]), 0..8_usize), 1..5),
        is_restarted in any::<bool>(),
    ) {
        let mut world = World::new(record([("web", of_strategy("delete-then-download", "demo:1"))]));
        world.settle(ROUNDS).map_err(TestCaseError::fail)?;
        for (image, steps) in applied {
            apply(&mut world, release("delete-then-download", image));
            if is_restarted {
                act(&mut world, &Action::Restart(Vec::new()));
            }
            for _ in 0..steps {
                world.run(1).map_err(TestCaseError::fail)?;
                prop_assert!(images(&world).len() <= 1, "{:?}", images(&world));
            }
        }
    }

    #[test]
    fn plan_of_a_hand_over_always_has_a_container_that_runs(
        image in proptest::sample::select(vec!["demo:1", "demo:2"]),
        limits in prop::collection::vec(1..4_usize, 12),
    ) {
        let mut world = World::new(record([("web", of_strategy("hand-over", "demo:1"))]));
        world.settle(ROUNDS).map_err(TestCaseError::fail)?;
        let mut next = release("hand-over", image);
        next.services.get_mut(&name("web")).unwrap().environment.insert("A".to_owned(), "b".to_owned());
        apply(&mut world, next);
        for limit in limits {
            world.run(limit).map_err(TestCaseError::fail)?;
            prop_assert!(!running_images(&world).is_empty());
        }
        settle(&mut world)?;
    }
}
