//! The process ends at every call of an update and of the way back: the app ends at the new release or at the
//! one before, never with none, never with two, and with its data.

use std::sync::Arc;

use proptest::prelude::*;
use tokio::{runtime::Runtime, time::timeout};

use super::*;
use crate::domain::intent::Action;

const MANY_CALLS: usize = 120;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// A device on which release `old` has passed, and no core.
fn device() -> Arc<FakeDevice> {
    runtime().block_on(async {
        let world = World::new();
        world.reconciler.adoption_done(std::collections::BTreeSet::new());
        world.device.state().behaviours.insert("demo:old".to_owned(), Behaviour::Healthy);
        world.act(APP, by_frontend(release(APP, "old"))).await.unwrap();
        world.shows(APP, |status| status.running_commit == "old").await;
        world.device
    })
}

/// Until no release is on trial and nothing is left to do.
async fn settled(world: &World) {
    let is_settled = |status: &crate::reconcile::status::AppStatus| {
        !status.services.is_empty()
            && status.services.values().all(|s| s.container_state == "running")
            && !status.update_pending
            && status.running_commit == status.commit
    };
    world.shows(APP, is_settled).await;
}

/// A life in which the new release is applied; true when everything ended before a crash.
fn life_with(device: &Arc<FakeDevice>, action: Action) -> bool {
    runtime().block_on(async {
        let world = World::boot(device);
        world.reconciler.adoption_done(std::collections::BTreeSet::new());
        tokio::select! {
            biased;
            () = device.crashed() => false,
            () = async {
                let _ = world.act(APP, action).await;
                settled(&world).await;
            } => true,
        }
    })
}

/// A life that has to bring it to an end; false when it crashed too.
fn life_after(device: &Arc<FakeDevice>) -> bool {
    runtime().block_on(async {
        let world = World::boot(device);
        tokio::select! {
            biased;
            () = device.crashed() => false,
            ended = timeout(std::time::Duration::from_hours(3), settled(&world)) => {
                ended.expect("it converges");
                // The board says so a moment before the locks are given back.
                world.device.reaches_no_locks().await;
                true
            }
        }
    })
}

/// Once more after a last, undisturbed life: locks that a fault kept are given back at its start.
fn assert_sound(device: &Arc<FakeDevice>, may_be: &[&str], context: &str) {
    device.heal();
    assert!(life_after(device), "{context}");
    let record = device.record(APP);
    let commit = record.target.app.commit.clone();
    assert!(may_be.contains(&commit.as_str()), "{commit}: {context}");
    let state = device.state();
    let images: Vec<_> = state.containers.iter().map(|c| c.image.clone()).collect();
    assert_eq!(images, [format!("demo:{commit}")], "{context}");
    drop(state);
    assert!(record.rollout.trial.is_none(), "{context}");
    assert_eq!(device.our_locks(), 0, "{context}");
    assert!(device.data(APP).contains(&"c1".to_owned()), "data of the old release: {context}");
    assert_eq!(device.state().emptied, 0, "{context}");
    assert!(device.state().volumes["2167_store"].content.contains("c1"), "{context}");
}

fn crash_everywhere(behaviour: Behaviour, fault: Fault, ends_at: &str) {
    for number in 0..MANY_CALLS {
        let device = device();
        device.state().behaviours.insert("demo:new".to_owned(), behaviour);
        device.fault_at(number, fault);
        let context = format!("{fault:?} {number}");
        if life_with(&device, by_frontend(release(APP, "new"))) {
            assert_sound(&device, &[ends_at], &context);
            assert!(number > 15, "{number}");
            return;
        }
        device.heal();
        let stored =
            device.record(APP).target.app.commit == "new" || device.record(APP).rollout.failed.is_some();
        assert!(life_after(&device));
        assert_sound(&device, &[if stored { ends_at } else { "old" }], &context);
    }
    panic!("the update does not end");
}

#[test]
fn update_broken_off_anywhere_ends_at_the_new_release_that_does_well() {
    crash_everywhere(Behaviour::Healthy, Fault::CrashBefore, "new");
    crash_everywhere(Behaviour::Healthy, Fault::CrashAfter, "new");
}

#[test]
fn update_broken_off_anywhere_ends_at_the_release_before_when_the_new_one_is_unhealthy() {
    crash_everywhere(Behaviour::Unhealthy, Fault::CrashBefore, "old");
    crash_everywhere(Behaviour::Unhealthy, Fault::CrashAfter, "old");
}

#[test]
fn update_broken_off_anywhere_ends_at_the_release_before_when_the_engine_refuses_the_new_one() {
    crash_everywhere(Behaviour::NotMade(400), Fault::CrashBefore, "old");
    crash_everywhere(Behaviour::NotStarted(409), Fault::CrashAfter, "old");
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        Just(Behaviour::Healthy),
        Just(Behaviour::Unhealthy),
        Just(Behaviour::Crashing),
        Just(Behaviour::Ending(1)),
        Just(Behaviour::NotMade(400)),
        Just(Behaviour::NotMade(500)),
        Just(Behaviour::NotStarted(409)),
        Just(Behaviour::NotStarted(500)),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![Just(Fault::CrashBefore), Just(Fault::CrashAfter), Just(Fault::Absent), Just(Fault::Refused)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn update_with_any_outcome_and_any_faults_ends_at_one_whole_release(
        new in behaviour(),
        newer in behaviour(),
        faults in prop::collection::vec((0_usize..60, fault()), 0..6),
        twice in any::<bool>(),
    ) {
        let device = device();
        device.state().behaviours.extend([("demo:new".to_owned(), new), ("demo:newer".to_owned(), newer)]);
        let releases = if twice { vec!["new", "newer"] } else { vec!["new"] };
        for commit in releases {
            for (number, fault) in &faults {
                device.fault_at(*number, *fault);
            }
            if !life_with(&device, by_frontend(release(APP, commit))) {
                device.heal();
                prop_assert!(life_after(&device));
            }
            device.heal();
        }
        assert_sound(&device, &["old", "new", "newer"], &format!("{new:?} {newer:?} {faults:?}"));
    }
}
