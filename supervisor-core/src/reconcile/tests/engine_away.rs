//! An engine that is not there yet, goes away and comes back.

use std::sync::Arc;

use super::*;
use crate::{domain::intent::Action, error::CoreError, ports::engine::EngineError, reconcile::engine_watch};

fn follow(world: &World) -> tokio::task::JoinHandle<()> {
    tokio::spawn(engine_watch::follow(Arc::clone(&world.reconciler)))
}

async fn engine_shown(world: &World, available: bool) {
    let mut board = world.reconciler.context().status.watch();
    board.wait_for(|snapshot| snapshot.engine_available == available).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn engine_absent_at_the_start_is_found_when_it_appears() {
    let first = World::with_app(APP).await;
    drop(first.reconciler);
    first.device.exit("c1");
    first.device.take_engine_away(true);
    let world = World::boot(&first.device);
    let following = follow(&world);
    world.shows(APP, |status| status.update_failed).await;
    assert!(!world.reconciler.context().status.watch().borrow().engine_available);
    world.device.take_engine_away(false);
    engine_shown(&world, true).await;
    world.shows(APP, |status| !status.update_failed && !status.update_pending).await;
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    following.abort();
}

#[tokio::test(start_paused = true)]
async fn engine_that_goes_away_is_shown_and_found_again() {
    let world = World::with_app(APP).await;
    let following = follow(&world);
    engine_shown(&world, true).await;
    world.device.take_engine_away(true);
    engine_shown(&world, false).await;
    world.device.take_engine_away(false);
    engine_shown(&world, true).await;
    following.abort();
}

#[tokio::test(start_paused = true)]
async fn container_that_somebody_removed_is_made_again() {
    let world = World::with_app(APP).await;
    let following = follow(&world);
    engine_shown(&world, true).await;
    {
        let mut state = world.device.state();
        state.containers.clear();
        state.tell(Some(app(APP)));
    }
    world.device.reached("start c2", 1).await;
    world.shows(APP, |status| status.services[&name("main")].container_id == "c2").await;
    following.abort();
}

#[tokio::test(start_paused = true)]
async fn engine_back_within_the_patience_lets_the_caller_succeed() {
    for action in [restart(), Action::Purge] {
        for step in ["stop", "remove c1", "create main", "start c2"] {
            let world = World::with_app(APP).await;
            world.device.fault_on(step, Fault::Absent);
            let seen = world.device.count(step);
            let acting = world.begin(APP, action.clone(), false);
            world.device.reached(step, seen + 3).await;
            world.device.heal();
            acting.await.unwrap().unwrap();
            assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)], "{step}");
            assert_eq!(world.device.our_locks(), 0, "{step}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn engine_away_longer_than_the_patience_is_answered_and_the_action_ends_later() {
    for action in [restart(), Action::Purge] {
        let purges = action == Action::Purge;
        let world = World::with_app(APP).await;
        let begun = tokio::time::Instant::now();
        world.device.fault_on("create main", Fault::Absent);
        let answer = world.act(APP, action).await;
        assert!(matches!(answer, Err(CoreError::Engine(EngineError::Unavailable(_)))), "{answer:?}");
        let waited = begun.elapsed().as_secs();
        assert!((15..60).contains(&waited), "{waited}");
        assert_eq!(world.device.our_locks(), 0);
        assert!(world.status(APP).update_failed);
        world.device.heal();
        world.shows(APP, |status| !status.update_failed && !status.update_pending).await;
        assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
        assert_eq!(world.device.state().emptied, u32::from(purges));
        assert_eq!(world.device.our_locks(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn engine_that_comes_back_wakes_a_caller_that_waits() {
    let world = World::with_app(APP).await;
    let following = follow(&world);
    engine_shown(&world, true).await;
    world.device.take_engine_away(true);
    let acting = world.begin(APP, restart(), false);
    engine_shown(&world, false).await;
    world.device.take_engine_away(false);
    acting.await.unwrap().unwrap();
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
    following.abort();
}

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_are_tried_again_at_growing_distances() {
    let world = World::new();
    world.device.fault_on("create main", Fault::Refused);
    assert!(world.act(APP, apply(target(APP))).await.is_err());
    let mut gaps = Vec::new();
    for times in 2..12 {
        let before = tokio::time::Instant::now();
        world.device.reached("create main", times).await;
        gaps.push(before.elapsed().as_millis());
    }
    let grows = gaps.windows(2).all(|pair| pair[0] <= pair[1]);
    assert!(grows && gaps[0] >= 500 && gaps.iter().all(|gap| *gap <= 30_001), "{gaps:?}");
    assert!(gaps[9] >= 30_000, "{gaps:?}");
}
