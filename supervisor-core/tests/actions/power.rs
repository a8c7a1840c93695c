//! Reboot and power-off.

use std::{sync::Arc, time::Duration};

use supervisor_core::actions::power::{Boot, PowerActions};
use tokio::time::Instant;

use crate::{
    error::CoreError,
    fakes::{APP, FakeDevice, Fault, World, restart},
    ports::{
        power::{PowerAction, PowerError},
        store::PowerIntent,
    },
};

const DELAY: Duration = Duration::from_secs(1);
const BOOT: &str = "this-boot";

fn power(world: &World) -> Arc<PowerActions> {
    let device = &world.device;
    Arc::new(PowerActions::new(
        Arc::<FakeDevice>::clone(device),
        Arc::clone(&world.reconciler),
        Arc::<FakeDevice>::clone(device),
        Boot { id: BOOT.to_owned() },
        DELAY,
    ))
}

fn intent(boot: &str, accepted: Duration) -> PowerIntent {
    let accepted_uptime_ms = u64::try_from(accepted.as_millis()).unwrap();
    PowerIntent { power_off: false, boot_id: boot.to_owned(), accepted_uptime_ms }
}

/// Resolves when no lock is held; the holder lets go after the last call that can be seen.
async fn locks_are_free(world: &World) {
    while world.device.our_locks() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn reboot_is_answered_first_and_done_after_the_delay() {
    let world = World::with_app(APP).await;
    let (power, begun) = (power(&world), Instant::now());
    assert_eq!(power.request(PowerAction::Reboot, false).await.unwrap(), DELAY);
    assert_eq!((begun.elapsed(), world.device.count("do ")), (Duration::ZERO, 0));
    assert_eq!(world.device.our_locks(), 2);
    let stored = world.device.state().power.clone().unwrap();
    assert_eq!((stored.boot_id.as_str(), stored.power_off), (BOOT, false));
    world.device.reached("do reboot", 1).await;
    assert_eq!(begun.elapsed(), DELAY);
    world.device.reached("delete power", 1).await;
    locks_are_free(&world).await;
    assert_eq!(world.device.state().power, None);
}

#[tokio::test(start_paused = true)]
async fn logind_that_is_absent_or_refuses_is_answered_and_nothing_is_locked_or_stored() {
    let world = World::with_app(APP).await;
    let power = power(&world);
    let before = world.device.calls().len();
    world.device.fault_on("can", Fault::Absent);
    let absent = power.request(PowerAction::Reboot, false).await;
    assert!(matches!(absent, Err(CoreError::Power(PowerError::Unavailable(_)))), "{absent:?}");
    world.device.heal();
    world.device.fault_on("can", Fault::Refused);
    let refused = power.request(PowerAction::PowerOff, true).await;
    assert!(matches!(refused, Err(CoreError::Power(PowerError::Refused { .. }))), "{refused:?}");
    assert_eq!(world.device.calls().split_off(before), ["can reboot", "can power-off"]);
}

#[tokio::test(start_paused = true)]
async fn app_that_is_locked_refuses_the_reboot_and_force_overrides_it() {
    let world = World::with_app(APP).await;
    let power = power(&world);
    world.device.lock(APP);
    let locked = power.request(PowerAction::Reboot, false).await;
    assert!(matches!(locked, Err(CoreError::Locked { .. })), "{locked:?}");
    assert_eq!((world.device.count("save power"), world.device.our_locks()), (0, 0));
    let taken = world.device.count("take locks");
    power.request(PowerAction::Reboot, true).await.unwrap();
    world.device.reached("do reboot", 1).await;
    assert_eq!(world.device.count("take locks"), taken);
}

#[tokio::test(start_paused = true)]
async fn locks_are_held_until_logind_has_accepted() {
    let world = World::with_app(APP).await;
    world.device.fault_on("do", Fault::Paused);
    power(&world).request(PowerAction::Reboot, false).await.unwrap();
    world.device.reached("do reboot", 1).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(world.device.our_locks(), 2);
    world.device.resume();
    world.device.reached("delete power", 1).await;
    locks_are_free(&world).await;
}

#[tokio::test(start_paused = true)]
async fn reboot_that_fails_gives_the_locks_back_and_is_forgotten() {
    let world = World::with_app(APP).await;
    world.device.fault_on("do", Fault::Refused);
    let power = power(&world);
    power.request(PowerAction::Reboot, false).await.unwrap();
    world.device.reached("delete power", 1).await;
    locks_are_free(&world).await;
    assert_eq!(world.device.state().power, None);
    world.act(APP, restart()).await.unwrap();
    world.device.heal();
    power.request(PowerAction::Reboot, false).await.unwrap();
    world.device.reached("do reboot", 2).await;
}

#[tokio::test(start_paused = true)]
async fn second_call_replaces_the_pending_one_and_keeps_its_locks() {
    let world = World::with_app(APP).await;
    let power = power(&world);
    power.request(PowerAction::Reboot, false).await.unwrap();
    let taken = world.device.count("take locks");
    tokio::time::sleep(DELAY / 2).await;
    let second = Instant::now();
    power.request(PowerAction::PowerOff, false).await.unwrap();
    assert!(world.device.state().power.clone().unwrap().power_off);
    world.device.reached("do power-off", 1).await;
    assert_eq!(second.elapsed(), DELAY);
    assert_eq!((world.device.count("do reboot"), world.device.count("take locks")), (0, taken));
    world.device.reached("delete power", 1).await;
    locks_are_free(&world).await;
}

#[tokio::test(start_paused = true)]
async fn store_that_is_full_does_not_keep_the_device_from_rebooting() {
    let world = World::with_app(APP).await;
    world.device.fault_on("save power", Fault::Absent);
    world.device.fault_on("delete power", Fault::Absent);
    power(&world).request(PowerAction::Reboot, false).await.unwrap();
    world.device.reached("do reboot", 1).await;
    world.device.reached("delete power", 1).await;
    locks_are_free(&world).await;
}

#[tokio::test(start_paused = true)]
async fn action_of_the_same_boot_and_minute_is_replayed_at_once() {
    let world = World::new();
    let begun = Instant::now();
    power(&world).replay(intent(BOOT, Boot::uptime())).await;
    world.device.reached("do reboot", 1).await;
    assert!(begun.elapsed() < DELAY);
    world.device.reached("delete power", 1).await;
}

#[tokio::test(start_paused = true)]
async fn action_of_another_boot_or_of_long_ago_is_forgotten() {
    let world = World::new();
    let power = power(&world);
    let old = Boot::uptime().saturating_sub(Duration::from_secs(61));
    let future = Boot::uptime() + Duration::from_hours(1);
    for stale in [intent("other-boot", Boot::uptime()), intent(BOOT, old), intent(BOOT, future)] {
        power.replay(stale).await;
    }
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!((world.device.count("do "), world.device.count("delete power")), (0, 3));
}
