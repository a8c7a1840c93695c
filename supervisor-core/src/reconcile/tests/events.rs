//! What followers of the events hear.

use tokio::sync::broadcast::{Receiver, error::TryRecvError};

use super::*;
use crate::{
    domain::{
        event::{Event, Happening, LockChange, What},
        step::Step,
        target::Service,
    },
    reconcile::engine_watch,
};

fn follow(world: &World) -> Receiver<Event> {
    world.reconciler.context().events.follow()
}

fn heard(follower: &mut Receiver<Event>) -> Vec<What> {
    let mut all = Vec::new();
    loop {
        match follower.try_recv() {
            Ok(event) => all.push(event.what),
            Err(TryRecvError::Empty) => return all,
            Err(error) => panic!("{error}"),
        }
    }
}

/// What began, and why.
fn begun(all: &[What]) -> Vec<(String, String)> {
    let steps = all.iter().filter_map(|what| match what {
        What::StepBegun { step, reason, .. } => Some((step.to_string(), reason.clone())),
        _ => None,
    });
    steps.collect()
}

#[tokio::test(start_paused = true)]
async fn restart_tells_action_locks_steps_with_their_reason_and_the_end() {
    let world = World::with_app(APP).await;
    let mut follower = follow(&world);
    world.act(APP, restart()).await.unwrap();
    let all = heard(&mut follower);
    assert_eq!(all[0], What::LocksChanged(LockChange::Taken));
    assert_eq!(all[1], What::ActionAccepted { action: "restart", force: false });
    let why = "a restart was asked for".to_owned();
    let steps = begun(&all);
    assert_eq!(steps[0], ("remove container c1".to_owned(), why.clone()));
    assert_eq!(steps[1], ("create the container of main".to_owned(), why.clone()));
    assert_eq!(steps[2], ("start main".to_owned(), why));
    assert!(all.contains(&What::CycleEnded { error: String::new() }));
    assert_eq!(all.last(), Some(&What::LocksChanged(LockChange::Released)));
}

#[tokio::test(start_paused = true)]
async fn step_that_fails_tells_why_once_and_its_number() {
    let world = World::with_app(APP).await;
    let mut follower = follow(&world);
    world.device.fault_on("stop", Fault::Refused);
    world.act(APP, restart()).await.unwrap_err();
    let all = heard(&mut follower);
    let numbered = all.iter().any(|what| matches!(what, What::StepBegun { number: 1, of: 3, .. }));
    assert!(numbered, "{all:?}");
    let failed = all.iter().filter(|what| match what {
        What::StepEnded { error, step, .. } => {
            !error.is_empty() && matches!(step, Step::RemoveContainer { .. })
        }
        What::CycleEnded { error } => !error.is_empty(),
        _ => false,
    });
    assert_eq!(failed.count(), 2, "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn pull_tells_its_percent() {
    let world = World::new();
    world.device.state().pull_steps = vec![10, 100];
    let mut follower = follow(&world);
    let far = Service { image: "far:1".to_owned(), ..service() };
    world.act(APP, apply(target_of(APP, vec![("main", far)]))).await.unwrap();
    let percents: Vec<u32> = heard(&mut follower)
        .into_iter()
        .filter_map(|what| match what {
            What::PullProgress { percent, image, .. } if image == "far:1" => Some(percent),
            _ => None,
        })
        .collect();
    assert_eq!(percents, [0, 10, 99, 100]);
}

#[tokio::test(start_paused = true)]
async fn forced_action_tells_that_it_overrides_the_locks() {
    let world = World::with_app(APP).await;
    world.device.lock(APP);
    let mut follower = follow(&world);
    world.force(APP, restart()).await.unwrap();
    assert!(heard(&mut follower).contains(&What::LocksChanged(LockChange::Overridden)));
}

#[tokio::test(start_paused = true)]
async fn look_at_a_settled_app_tells_nothing() {
    let world = World::with_app(APP).await;
    let mut follower = follow(&world);
    let looked = world.device.count("containers");
    world.reconciler.nudge_all(false, false);
    world.device.reached("containers", looked + 1).await;
    world.act(APP, crate::domain::intent::Action::Start(Vec::new())).await.unwrap();
    let all = heard(&mut follower);
    assert_eq!(all, [What::ActionAccepted { action: "start", force: false }]);
}

#[tokio::test(start_paused = true)]
async fn engine_that_comes_and_goes_and_its_containers_are_told() {
    let world = World::with_app(APP).await;
    let mut follower = follow(&world);
    let watching = tokio::spawn(engine_watch::follow(std::sync::Arc::clone(&world.reconciler)));
    world.device.reached("events", 1).await;
    world.device.exit("c1");
    world.device.reached("start c1", 2).await;
    let mut next = async || follower.recv().await.unwrap().what;
    assert_eq!(next().await, What::EngineChanged { available: true });
    let changed = next().await;
    assert!(matches!(&changed, What::ContainerChanged { happening: Happening::Started, .. }), "{changed:?}");
    world.device.take_engine_away(true);
    while next().await != (What::EngineChanged { available: false }) {}
    watching.abort();
}

#[tokio::test(start_paused = true)]
async fn container_tells_why_it_was_made_and_the_board_shows_it() {
    let world = World::with_app(APP).await;
    let made = |world: &World| world.status(APP).services[&name("main")].clone();
    assert_eq!(made(&world).made_because, "it has no container");
    let before = made(&world).made_at_s;
    world.act(APP, restart()).await.unwrap();
    assert_eq!(made(&world).made_because, "a restart was asked for");
    assert!(made(&world).made_at_s > before);
}
