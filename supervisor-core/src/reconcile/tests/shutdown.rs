//! The end of core.

use std::time::Duration;

use super::*;
use crate::{domain::intent::Action, error::CoreError};

const DEADLINE: Duration = Duration::from_secs(15);

#[tokio::test(start_paused = true)]
async fn end_comes_between_two_steps_and_releases_the_locks() {
    let world = World::with_app(APP).await;
    world.device.fault_on("stop", Fault::Paused);
    let acting = world.begin(APP, Action::Purge, false);
    world.device.reached("stop", 1).await;
    world.closing.send_replace(true);
    world.device.heal();
    world.device.resume();
    let answer = acting.await.unwrap();
    assert!(matches!(answer, Err(CoreError::ShuttingDown)), "{answer:?}");
    world.reconciler.shut_down(DEADLINE).await;
    assert_eq!((world.device.our_locks(), world.device.state().emptied), (0, 0));
    let reborn = World::boot(&world.device);
    reborn.shows(APP, |s| !s.update_pending && s.services[&name("main")].container_id == "c2").await;
    assert_eq!((reborn.device.data(APP), reborn.device.our_locks()), (vec!["c2".to_owned()], 0));
}

#[tokio::test(start_paused = true)]
async fn end_of_idle_workers_takes_no_time() {
    let world = World::with_app(APP).await;
    let begun = tokio::time::Instant::now();
    world.closing.send_replace(true);
    world.reconciler.shut_down(DEADLINE).await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
    let refused = world.act(APP, restart()).await;
    assert!(matches!(refused, Err(CoreError::AppNotFound(_) | CoreError::ShuttingDown)), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn end_waits_for_a_step_that_hangs_only_until_the_deadline() {
    let world = World::with_app(APP).await;
    world.device.fault_on("stop", Fault::Paused);
    let acting = world.begin(APP, restart(), false);
    world.device.reached("stop", 1).await;
    world.closing.send_replace(true);
    let begun = tokio::time::Instant::now();
    world.reconciler.shut_down(DEADLINE).await;
    assert!((DEADLINE..DEADLINE + Duration::from_secs(1)).contains(&begun.elapsed()));
    let answer = acting.await.unwrap();
    assert!(matches!(answer, Err(CoreError::ShuttingDown)), "{answer:?}");
    drop(world.reconciler);
    world.device.heal();
    let reborn = World::boot(&world.device);
    reborn.shows(APP, |s| !s.update_pending && s.services[&name("main")].container_id == "c2").await;
    assert_eq!(reborn.device.our_locks(), 0);
}

#[tokio::test(start_paused = true)]
async fn end_does_not_wait_for_an_engine_that_is_away() {
    let world = World::with_app(APP).await;
    world.device.take_engine_away(true);
    let acting = world.begin(APP, restart(), false);
    world.shows(APP, |status| status.update_failed).await;
    let begun = tokio::time::Instant::now();
    world.closing.send_replace(true);
    world.reconciler.shut_down(DEADLINE).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(acting.await.unwrap().is_err());
    assert_eq!(world.device.our_locks(), 0);
}
