//! The process ends at every call of a restart and of a purge, before or after the call has done its work.

use std::{sync::Arc, time::Duration};

use tokio::{runtime::Runtime, time::timeout};

use super::*;
use crate::domain::intent::Action;

/// More than any action here makes; the loop must end before.
const MANY_CALLS: usize = 80;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// A device with an app that runs, and no core.
fn device() -> Arc<FakeDevice> {
    let life = runtime();
    life.block_on(async { World::with_app(APP).await.device })
}

/// A life in which `action` begins; true when it ended before the crash. All of its tasks are gone.
fn life_with(device: &Arc<FakeDevice>, action: Action, force: bool) -> bool {
    let life = runtime();
    life.block_on(async {
        let world = World::boot(device);
        tokio::select! {
            biased;
            () = device.crashed() => false,
            answer = world.reconciler.act(app(APP), action, force) => {
                answer.unwrap();
                true
            }
        }
    })
}

/// The next life: until everything is as it should be and nothing is left to do.
fn life_after(device: &Arc<FakeDevice>) {
    device.heal();
    let life = runtime();
    life.block_on(async {
        let world = World::boot(device);
        let settled = world.shows(APP, |status| {
            status.services.values().all(|s| s.container_state == "running")
                && !status.services.is_empty()
                && !status.update_pending
        });
        timeout(Duration::from_mins(10), settled).await.expect("it converges");
    });
}

fn assert_sound(device: &FakeDevice, purge: bool, context: &str) {
    let running = device.running(APP);
    assert_eq!((running.len(), device.containers_in_all()), (1, 1), "{context}");
    let (id, generation) = running[0].clone();
    let record = device.record(APP);
    assert_eq!(record.services[&name("main")].generation, generation, "{context}");
    assert_eq!((record.purge, record.override_locks), (None, false), "{context}");
    assert_eq!(device.our_locks(), 0, "{context}: {:?}", device.state().locks);
    let data = device.data(APP);
    assert!(data.contains(&id), "{context}: what the new container wrote survives");
    if generation == 1 {
        assert_eq!(id, "c1", "{context}: nothing was begun");
        return;
    }
    assert_eq!(data.contains(&"c1".to_owned()), !purge, "{context}");
    let volume = device.state().volumes["2167_store"].content.clone();
    assert!(volume.contains(&id), "{context}");
    assert_eq!(volume.contains("c1"), !purge, "{context}");
}

fn crash_everywhere(action: &Action, force: bool, fault: Fault) -> usize {
    for number in 0..MANY_CALLS {
        let device = device();
        if force {
            device.lock(APP);
        }
        device.fault_at(number, fault);
        if life_with(&device, action.clone(), force) {
            return number;
        }
        life_after(&device);
        assert_sound(&device, *action == Action::Purge, &format!("{fault:?} {number} {:?}", device.calls()));
    }
    panic!("the action does not end");
}

#[test]
fn restart_broken_off_before_any_call_is_ended_by_the_next_life() {
    assert!(crash_everywhere(&restart(), false, Fault::CrashBefore) > 10);
}

#[test]
fn restart_broken_off_after_any_call_is_ended_by_the_next_life() {
    assert!(crash_everywhere(&restart(), false, Fault::CrashAfter) > 10);
}

#[test]
fn forced_restart_broken_off_anywhere_is_ended_by_the_next_life() {
    assert!(crash_everywhere(&restart(), true, Fault::CrashAfter) > 10);
}

#[test]
fn purge_broken_off_before_any_call_is_ended_once_by_the_next_life() {
    assert!(crash_everywhere(&Action::Purge, false, Fault::CrashBefore) > 14);
}

#[test]
fn purge_broken_off_after_any_call_is_ended_once_by_the_next_life() {
    assert!(crash_everywhere(&Action::Purge, false, Fault::CrashAfter) > 14);
}

#[test]
fn forced_purge_broken_off_anywhere_is_ended_once_by_the_next_life() {
    assert!(crash_everywhere(&Action::Purge, true, Fault::CrashAfter) > 14);
}

#[test]
fn remove_broken_off_anywhere_is_ended_by_the_next_life() {
    for number in 0..MANY_CALLS {
        let device = device();
        device.fault_at(number, Fault::CrashAfter);
        if life_with(&device, Action::Remove, false) {
            assert!(number > 5);
            return;
        }
        device.heal();
        let life = runtime();
        let begun = device.state().records.get(&app(APP)).is_none_or(|record| record.removed);
        life.block_on(async {
            let _world = World::boot(&device);
            let settled = async {
                while (begun && device.state().records.contains_key(&app(APP))) || device.our_locks() > 0 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            timeout(Duration::from_mins(10), settled).await.expect("it converges");
        });
        assert_eq!(device.containers_in_all(), usize::from(!begun), "{number}");
        assert_eq!(device.our_locks(), 0, "{number} {:?}", device.calls());
    }
    panic!("the action does not end");
}
