//! How often the engine is asked for output, and how many may ask.

use std::time::Duration;

use supervisor_core::actions::journal::{follow, seats::Seats};

use crate::fakes::{APP, Fault, World, target};

/// How often in the hour after the first minute, in which the follower also learns of the apps.
async fn asked_in_an_hour(fault: Fault) -> usize {
    let world = World::with_frontends_app(target(APP)).await;
    world.device.fault_on("logs c1", fault);
    let _lines = follow(&world.reconciler, 1);
    tokio::time::sleep(Duration::from_mins(1)).await;
    let before = world.device.count("logs c1");
    assert_ne!(before, 0);
    tokio::time::sleep(Duration::from_hours(1)).await;
    world.device.count("logs c1") - before
}

#[tokio::test(start_paused = true)]
async fn engine_that_refuses_a_container_s_output_is_not_asked_again() {
    assert_eq!(asked_in_an_hour(Fault::Refused).await, 0);
}

#[tokio::test(start_paused = true)]
async fn engine_that_is_away_is_asked_again_less_and_less_often() {
    let asked = asked_in_an_hour(Fault::Absent).await;
    assert!((10..=20).contains(&asked), "{asked}");
}

#[test]
fn third_follower_of_role_frontend_is_refused_until_one_is_gone_and_the_owner_never() {
    let seats = Seats::default();
    let first = seats.take(false).unwrap();
    let _second = seats.take(false).unwrap();
    assert_eq!(seats.take(false).err().map(|full| full.limit), Some(2));
    assert!(seats.take(true).is_ok());
    drop(first);
    assert!(seats.take(false).is_ok());
}
