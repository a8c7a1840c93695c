//! Update strategies on the fake device.

use std::time::Duration;

use super::*;
use crate::{
    domain::{
        intent::Action,
        target::{Service, Target},
    },
    error::CoreError,
};

/// A release of one service that asks for this strategy.
fn release(strategy: &str, image: &str) -> Target {
    let mut service = Service { image: image.to_owned(), ..service() };
    service.labels.insert("io.balena.update.strategy".to_owned(), strategy.to_owned());
    target_of(APP, vec![("main", service)])
}

/// A release of another app that is carried out at this time.
fn release_of(id: u64, apply_at: &str, image: &str) -> Target {
    let mut service = Service { image: image.to_owned(), ..service() };
    service.labels.insert("io.supervisor.update.apply".to_owned(), apply_at.to_owned());
    target_of(id, vec![("main", service)])
}

async fn running(strategy: &str) -> World {
    let world = World::new();
    world.device.state().noted_images.insert("demo:1".to_owned());
    world.act(APP, apply(release(strategy, "demo:1"))).await.unwrap();
    world
}

/// Calls that change something, of those after the first `from`.
fn changes(device: &FakeDevice, from: usize) -> Vec<String> {
    let words = ["pulled demo", "stop", "remove", "create main", "start", "rename", "clear", "take locks"];
    let calls = device.calls().split_off(from);
    calls.into_iter().filter(|call| words.iter().any(|word| call.starts_with(word))).collect()
}

async fn changes_of_an_update(strategy: &str) -> Vec<String> {
    let world = running(strategy).await;
    let from = world.device.calls().len();
    world.act(APP, apply(release(strategy, "demo:2"))).await.unwrap();
    assert_eq!((world.device.running(APP).len(), world.device.containers_in_all()), (1, 1));
    assert_eq!(world.device.our_locks(), 0);
    changes(&world.device, from)
}

fn name_of_the_container() -> String {
    format!("create main_1_1_abc{APP}")
}

#[tokio::test(start_paused = true)]
async fn update_of_each_strategy_goes_in_its_order() {
    let create = name_of_the_container();
    let lock = format!("take locks {APP}");
    let of = |all: &[&str]| all.iter().map(|call| (*call).to_owned()).collect::<Vec<_>>();
    let cases = [
        ("download-then-kill", of(&["pulled demo:2", &lock, "stop c1", "remove c1", &create, "start c2"])),
        ("kill-then-download", of(&[&lock, "stop c1", "remove c1", "pulled demo:2", &create, "start c2"])),
        (
            "delete-then-download",
            of(&[&lock, "stop c1", "remove c1", "remove image demo:1", "pulled demo:2", &create, "start c2"]),
        ),
        (
            "hand-over",
            of(&[
                "pulled demo:2",
                &lock,
                "rename c1",
                &create,
                "clear a hand-over",
                "start c2",
                "stop c1",
                "remove c1",
            ]),
        ),
    ];
    for (strategy, expected) in cases {
        assert_eq!(changes_of_an_update(strategy).await, expected, "{strategy}");
    }
}

#[tokio::test(start_paused = true)]
async fn image_that_another_container_uses_is_left() {
    let world = running("delete-then-download").await;
    world.act(7, apply(target_of(7, vec![("main", service())]))).await.unwrap();
    world.act(APP, apply(release("delete-then-download", "demo:2"))).await.unwrap();
    assert!(world.device.state().images.contains("demo:1"));
    assert_eq!(world.device.running(APP).len(), 1);
    assert!(world.device.record(APP).leaving_images.is_empty());
}

#[tokio::test(start_paused = true)]
async fn image_that_core_did_not_pull_is_left() {
    let world = running("delete-then-download").await;
    world.device.state().noted_images.clear();
    world.act(APP, apply(release("delete-then-download", "demo:2"))).await.unwrap();
    assert!(world.device.state().images.contains("demo:1"));
    assert_eq!(world.device.count("remove image"), 0);
    assert_eq!(world.device.running(APP).len(), 1);
    assert!(world.device.record(APP).leaving_images.is_empty());
}

#[tokio::test(start_paused = true)]
async fn image_that_another_app_names_without_a_container_is_left() {
    let world = running("delete-then-download").await;
    world.act(7, apply(release_of(7, "on-call", "demo:3"))).await.unwrap();
    world.act(7, apply(release_of(7, "on-call", "demo:1"))).await.unwrap();
    assert!(world.device.record(7).waiting.is_some());
    world.act(APP, apply(release("delete-then-download", "demo:2"))).await.unwrap();
    assert!(world.device.state().images.contains("demo:1"));
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn pull_that_is_cancelled_when_the_old_container_is_gone_is_tried_again_later() {
    for strategy in ["kill-then-download", "delete-then-download"] {
        let world = running(strategy).await;
        world.device.fault_on("pulled demo:2", Fault::Paused);
        let acting = world.begin(APP, apply(release(strategy, "demo:2")), false);
        world.device.reached("pulled demo:2", 1).await;
        world.reconciler.nudge_all(false, true);
        let cancelled = acting.await.unwrap();
        assert!(matches!(cancelled, Err(CoreError::Cancelled)), "{cancelled:?}");
        assert_eq!(world.device.running(APP), []);
        world.device.heal();
        tokio::time::sleep(Duration::from_mins(4)).await;
        assert_eq!(world.device.running(APP), [], "whoever cancelled has the time to say something else");
        tokio::time::sleep(Duration::from_mins(2)).await;
        assert_eq!(world.device.running(APP).len(), 1, "{strategy}");
    }
}

#[tokio::test(start_paused = true)]
async fn hand_over_ends_as_soon_as_the_new_container_says_so() {
    let world = running("hand-over").await;
    let begun = tokio::time::Instant::now();
    let acting = world.begin(APP, apply(release("hand-over", "demo:2")), false);
    world.device.reached("look for a hand-over", 3).await;
    assert_eq!(world.device.running(APP).len(), 2);
    assert_eq!(world.device.our_locks(), 2, "from before the new one starts until the old one is gone");
    world.device.state().taken_over.insert((app(APP), name("main")));
    acting.await.unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(59));
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn hand_over_does_not_believe_what_an_earlier_container_said() {
    let world = running("hand-over").await;
    world.device.state().taken_over.insert((app(APP), name("main")));
    let begun = tokio::time::Instant::now();
    world.act(APP, apply(release("hand-over", "demo:2"))).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_mins(1), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn hand_over_in_a_locked_app_begins_when_the_app_unlocks() {
    let world = running("hand-over").await;
    world.device.lock(APP);
    let waiting = world.act(APP, apply(release("hand-over", "demo:2"))).await;
    assert!(matches!(waiting, Err(CoreError::Locked { .. })), "{waiting:?}");
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    assert!(world.device.state().images.contains("demo:2"), "a pull needs no lock");
    world.device.unlock(APP);
    world.shows(APP, |status| !status.update_failed && !status.update_pending).await;
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 1)]);
    assert_eq!(world.device.our_locks(), 0);
}

#[tokio::test(start_paused = true)]
async fn force_reaches_a_hand_over_that_waits_for_the_apps_lock() {
    let world = running("hand-over").await;
    world.device.lock(APP);
    assert!(world.act(APP, apply(release("hand-over", "demo:2"))).await.is_err());
    world.reconciler.nudge_all(true, false);
    world.shows(APP, |status| !status.update_pending).await;
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn actions_get_through_while_a_container_hands_over() {
    let actions: [(Action, &[&str]); 4] = [
        (Action::Stop(Vec::new()), &[]),
        (Action::Remove, &[]),
        (apply(release("download-then-kill", "demo:3")), &["demo:3"]),
        (Action::Purge, &["demo:2"]),
    ];
    for (action, images) in actions {
        let world = running("hand-over").await;
        let handing = world.begin(APP, apply(release("hand-over", "demo:2")), false);
        world.device.reached("look for a hand-over", 2).await;
        let begun = tokio::time::Instant::now();
        world.act(APP, action.clone()).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5), "{action:?} {:?}", begun.elapsed());
        let told = handing.await.unwrap();
        assert!(matches!(told, Err(CoreError::StillInProgress { .. })), "{told:?}");
        let running: Vec<String> = {
            let state = world.device.state();
            let active = state.containers.iter().filter(|c| c.seen.state.is_active());
            active.map(|c| c.image.clone()).collect()
        };
        assert_eq!(running, images, "{action:?}");
        assert_eq!(world.device.our_locks(), 0, "{action:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn hand_over_goes_on_after_an_action_that_changes_nothing() {
    let world = running("hand-over").await;
    let begun = tokio::time::Instant::now();
    let handing = world.begin(APP, apply(release("hand-over", "demo:2")), false);
    world.device.reached("look for a hand-over", 2).await;
    world.act(APP, apply(release("hand-over", "demo:2"))).await.unwrap();
    assert!(handing.await.unwrap().is_err());
    let (least, most) = (Duration::from_mins(1), Duration::from_secs(61));
    assert!((least..most).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn hand_over_keeps_its_locks_while_it_makes_way_for_an_action() {
    for (action, is_taken) in
        [(apply(release("hand-over", "demo:2")), true), (Action::Restart(vec![name("nosuch")]), false)]
    {
        let world = running("hand-over").await;
        let released = world.device.count("release locks");
        let handing = world.begin(APP, apply(release("hand-over", "demo:2")), false);
        world.device.reached("look for a hand-over", 2).await;
        assert_eq!(world.act(APP, action.clone()).await.is_ok(), is_taken);
        assert!(handing.await.unwrap().is_err());
        world.shows(APP, |status| !status.update_pending).await;
        world.device.reaches_no_locks().await;
        assert_eq!(world.device.count("release locks"), released + 1, "{action:?}: when the old one is gone");
    }
}

#[tokio::test(start_paused = true)]
async fn end_of_core_does_not_wait_for_a_hand_over() {
    let world = running("hand-over").await;
    let acting = world.begin(APP, apply(release("hand-over", "demo:2")), false);
    world.device.reached("look for a hand-over", 1).await;
    world.closing.send_replace(true);
    let ended = acting.await.unwrap();
    assert!(matches!(ended, Err(CoreError::ShuttingDown)), "{ended:?}");
    assert_eq!(world.device.running(APP).len(), 2);
}

/// Every update is broken off before and after each of its calls; the next life ends it.
#[test]
fn update_of_any_strategy_broken_off_anywhere_ends_with_one_new_container() {
    for strategy in ["kill-then-download", "delete-then-download", "hand-over"] {
        for fault in [Fault::CrashBefore, Fault::CrashAfter] {
            let calls = (0..80).find(|number| !broken_off(strategy, fault, *number)).unwrap();
            assert!(calls > 15, "{strategy}: {calls}");
        }
    }
}

/// Whether the update was broken off at the call of this number.
fn broken_off(strategy: &str, fault: Fault, number: usize) -> bool {
    let release = |image| {
        let mut target = release(strategy, image);
        let timeout = ("io.balena.update.handover-timeout".to_owned(), "300".to_owned());
        target.services.get_mut(&name("main")).unwrap().labels.extend([timeout]);
        target
    };
    let device = in_a_life(async { running(strategy).await.device });
    device.fault_at(number, fault);
    let crashed = in_a_life(async {
        let world = World::boot(&device);
        tokio::select! {
            biased;
            () = device.crashed() => true,
            ended = world.act(APP, apply(release("demo:2"))) => { ended.unwrap(); false }
        }
    });
    if !crashed {
        return false;
    }
    device.heal();
    let is_stored = device.record(APP).target.services[&name("main")].image == "demo:2";
    let expected = if is_stored { "demo:2" } else { "demo:1" };
    in_a_life(async {
        let world = World::boot(&device);
        world.shows(APP, |s| !s.services.is_empty() && !s.update_pending).await;
    });
    let context = format!("{strategy} {fault:?} {number} {:?}", device.calls());
    assert_eq!((device.running(APP).len(), device.containers_in_all()), (1, 1), "{context}");
    assert_eq!(device.state().containers[0].image, expected, "{context}");
    assert_eq!(device.our_locks(), 0, "{context}");
    let both = strategy == "delete-then-download" && device.state().images.len() > 1;
    assert!(!both, "{context}");
    true
}

fn in_a_life<T>(life: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(life)
}
