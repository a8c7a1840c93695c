//! Several callers at once, and callers that go away.

use super::*;
use crate::domain::intent::Action;

#[tokio::test(start_paused = true)]
async fn two_restarts_and_a_purge_at_once_come_one_after_the_other_and_each_counts() {
    let world = World::with_app(APP).await;
    let all = [
        world.begin(APP, restart(), false),
        world.begin(APP, restart(), false),
        world.begin(APP, Action::Purge, false),
    ];
    for acting in all {
        acting.await.unwrap().unwrap();
    }
    assert_eq!(world.device.running(APP), [("c4".to_owned(), 4)]);
    assert_eq!(world.device.state().created, 4);
    assert_eq!(world.device.containers_in_all(), 1);
    assert_eq!(world.device.data(APP), ["c4"]);
    assert_eq!(world.device.state().emptied, 1);
    assert_eq!(world.device.our_locks(), 0);
}

#[tokio::test(start_paused = true)]
async fn different_apps_do_not_wait_for_each_other() {
    let world = World::with_app(1).await;
    world.act(2, apply(target(2))).await.unwrap();
    world.device.fault_on("stop c1", Fault::Paused);
    let slow = world.begin(1, restart(), false);
    world.device.reached("stop c1", 1).await;
    world.act(2, restart()).await.unwrap();
    assert!(!slow.is_finished());
    world.device.heal();
    world.device.resume();
    slow.await.unwrap().unwrap();
    assert_eq!((world.device.running(1).len(), world.device.running(2).len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn caller_that_goes_away_leaves_no_action_half_done() {
    for step in ["save app", "stop", "empty", "create main", "start c2"] {
        let world = World::with_app(APP).await;
        world.device.fault_on(step, Fault::Paused);
        let seen = world.device.count(step);
        let caller = world.begin(APP, Action::Purge, false);
        world.device.reached(step, seen + 1).await;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        world.device.heal();
        world.device.resume();
        world.device.reached("release locks", 1).await;
        assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)], "{step}");
        assert_eq!(world.device.data(APP), ["c2"], "{step}");
        assert_eq!(world.device.our_locks(), 0, "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn more_callers_than_the_queue_holds_are_all_answered_and_the_rest_at_once() {
    let world = World::with_app(APP).await;
    let all: Vec<_> = (0..40).map(|_| world.begin(APP, restart(), false)).collect();
    let mut done: u64 = 0;
    for acting in all {
        match acting.await.unwrap() {
            Ok(()) => done += 1,
            refused => assert!(
                matches!(refused, Err(crate::error::CoreError::StillInProgress { .. })),
                "{refused:?}"
            ),
        }
    }
    assert!((2..40).contains(&done), "{done}");
    assert_eq!(world.device.running(APP), [(format!("c{}", done + 1), done + 1)]);
}
