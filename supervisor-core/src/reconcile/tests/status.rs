//! The status board.

use super::*;
use crate::reconcile::fakes::IMAGE;
use crate::{
    domain::intent::Action,
    reconcile::status::{Activity, StatusBoard},
};

#[test]
fn board_tells_only_what_has_changed() {
    let board = StatusBoard::default();
    let mut watch = board.watch();
    watch.borrow_and_update();
    board.update(app(1), |status| status.name = "a".to_owned());
    assert!(watch.has_changed().unwrap());
    watch.borrow_and_update();
    board.update(app(1), |status| status.name = "a".to_owned());
    board.set_engine_available(false);
    board.remove(app(2));
    assert!(!watch.has_changed().unwrap());
    board.set_engine_available(true);
    assert!(watch.has_changed().unwrap());
    watch.borrow_and_update();
    board.remove(app(1));
    assert!(watch.has_changed().unwrap());
}

#[tokio::test(start_paused = true)]
async fn look_at_an_app_that_is_as_it_should_be_tells_nobody() {
    let world = World::with_app(APP).await;
    let looked = world.device.count("has image") + world.device.count("containers");
    world.act(APP, Action::Start(Vec::new())).await.unwrap();
    let mut watch = world.reconciler.context().status.watch();
    watch.borrow_and_update();
    world.reconciler.nudge_all(false, false);
    world.device.reached("containers", looked + 1).await;
    world.act(APP, Action::Start(Vec::new())).await.unwrap();
    assert!(!watch.has_changed().unwrap());
}

#[tokio::test(start_paused = true)]
async fn activity_follows_the_steps_and_ends_idle() {
    let world = World::with_app(APP).await;
    for (step, activity) in
        [("stop", Activity::Stopping), ("create main", Activity::Installing), ("start c", Activity::Starting)]
    {
        world.device.fault_on(step, Fault::Paused);
        let seen = world.device.count(step);
        let acting = world.begin(APP, restart(), false);
        world.device.reached(step, seen + 1).await;
        assert_eq!(world.status(APP).activity, activity);
        world.device.heal();
        world.device.resume();
        acting.await.unwrap().unwrap();
        assert_eq!(world.status(APP).activity, Activity::Idle);
    }
}

#[tokio::test(start_paused = true)]
async fn app_that_is_removed_leaves_the_board() {
    let world = World::with_app(APP).await;
    world.act(APP, Action::Remove).await.unwrap();
    world.reconciler.nudge_all(false, false);
    tokio::task::yield_now().await;
    assert!(world.reconciler.context().status.watch().borrow().apps.is_empty());
}

#[tokio::test(start_paused = true)]
async fn board_tells_what_a_container_was_made_from_while_another_release_is_wanted() {
    let world = World::with_app(APP).await;
    let mut next = target(APP);
    next.app.commit = "c0ffee".to_owned();
    next.services.values_mut().for_each(|service| service.image = "demo:2".to_owned());
    world.device.fault_on("pulled", Fault::Paused);
    let applying = world.begin(APP, apply(next), false);
    world.device.reached("pulled demo:2", 1).await;
    let main = world.status(APP).services[&name("main")].clone();
    assert_eq!((main.image.as_str(), main.container_image.as_str()), ("demo:2", IMAGE));
    assert_eq!(main.container_commit, target(APP).app.commit);
    world.device.heal();
    world.device.resume();
    applying.await.unwrap().unwrap();
    let main = world.status(APP).services[&name("main")].clone();
    assert_eq!((main.container_image.as_str(), main.container_commit.as_str()), ("demo:2", "c0ffee"));
}
