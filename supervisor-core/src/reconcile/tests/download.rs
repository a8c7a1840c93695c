//! Several images of one update, and images that do not fit.

use super::*;
use crate::{
    domain::{
        event::What,
        target::{Service, Target},
    },
    error::CoreError,
    reconcile::status::Activity,
};

fn two_images() -> Target {
    let of = |image: &str| Service { image: image.to_owned(), ..service() };
    target_of(APP, vec![("a", of("far:1")), ("b", of("far:2"))])
}

fn world() -> World {
    let world = World::new();
    world.device.state().pull_steps = vec![50, 100];
    world
}

#[tokio::test(start_paused = true)]
async fn progress_is_of_all_images_of_the_update_and_of_each_service() {
    let world = world();
    world.device.fault_on("pull 50", Fault::Paused);
    world.device.fault_on("pulled", Fault::Paused);
    let acting = world.begin(APP, apply(two_images()), false);
    let mut shown = Vec::new();
    for (call, times) in [("pull 50", 1), ("pulled", 1), ("pull 50", 2), ("pulled", 2)] {
        world.device.reached(call, times).await;
        let status = world.status(APP);
        let of = |service: &str| status.services[&name(service)].download_percent;
        shown.push((status.activity, of("a"), of("b")));
        world.device.resume();
    }
    acting.await.unwrap().unwrap();
    assert_eq!(
        shown,
        [
            (Activity::Downloading(0), Some(0), Some(0)),
            (Activity::Downloading(50), Some(99), Some(0)),
            (Activity::Downloading(50), Some(100), Some(0)),
            (Activity::Downloading(99), Some(100), Some(99)),
        ]
    );
    assert!(world.status(APP).services.values().all(|service| service.download_percent.is_none()));
}

#[tokio::test(start_paused = true)]
async fn progress_goes_on_where_it_was_after_a_pull_broke_off() {
    let world = world();
    let mut follower = world.reconciler.context().events.follow();
    world.device.fault_on("pull 100", Fault::Refused);
    world.act(APP, apply(two_images())).await.unwrap_err();
    world.device.heal();
    world.shows(APP, |status| !status.update_pending).await;
    let mut percents = Vec::new();
    while let Ok(event) = follower.try_recv() {
        if let What::PullProgress { percent, .. } = event.what {
            percents.push(percent);
        }
    }
    assert!(percents.is_sorted() && percents.last() == Some(&100), "{percents:?}");
    assert_eq!(percents.iter().filter(|percent| **percent == 100).count(), 1, "{percents:?}");
}

#[tokio::test(start_paused = true)]
async fn image_is_not_pulled_where_less_is_free_than_the_reserve() {
    let world = world();
    world.device.state().free_bytes = 9;
    let refused = world.act(APP, apply(two_images())).await;
    assert!(matches!(refused, Err(CoreError::NoSpace { needed_bytes: 0, free_bytes: 9, .. })), "{refused:?}");
    assert_eq!(world.device.count("pull"), 0);
    world.device.state().free_bytes = 10;
    world.shows(APP, |status| !status.update_pending).await;
}

#[tokio::test(start_paused = true)]
async fn pull_of_an_image_that_turns_out_too_large_is_given_up_and_not_begun_again_before_it_fits() {
    let world = world();
    world.device.state().pull_needs = 3;
    world.device.fault_on("pull 100", Fault::Paused);
    let refused = world.act(APP, apply(two_images())).await;
    let Err(CoreError::NoSpace { image, needed_bytes, free_bytes, .. }) = &refused else {
        panic!("{refused:?}");
    };
    assert_eq!((image.as_str(), *needed_bytes, *free_bytes), ("far:1", 150, 40));
    world.device.heal();
    assert_eq!(world.device.count("pull 50"), 1);
    world.reconciler.nudge_all(false, false);
    tokio::time::sleep(std::time::Duration::from_hours(1)).await;
    assert_eq!(world.device.count("pull 50"), 1);
    assert!(world.status(APP).last_error.contains("far:1"));
    world.device.state().free_bytes = 400;
    world.shows(APP, |status| !status.update_pending).await;
    assert_eq!(world.device.running(APP).len(), 2);
}

/// An image that was never begun costs nothing to look at again.
#[tokio::test(start_paused = true)]
async fn room_that_somebody_makes_is_seen_within_half_a_minute() {
    let world = world();
    world.device.state().free_bytes = 9;
    world.act(APP, apply(two_images())).await.unwrap_err();
    world.device.state().free_bytes = 400;
    let half_a_minute = std::time::Duration::from_secs(31);
    tokio::time::timeout(half_a_minute, world.shows(APP, |status| !status.update_pending)).await.unwrap();
}

/// How large it is, is known from then on.
#[tokio::test(start_paused = true)]
async fn room_for_a_pull_that_was_given_up_is_seen_within_half_a_minute() {
    let world = world();
    world.device.state().pull_needs = 3;
    world.device.fault_on("pull 100", Fault::Paused);
    world.act(APP, apply(two_images())).await.unwrap_err();
    world.device.heal();
    world.device.state().free_bytes = 400;
    let half_a_minute = std::time::Duration::from_secs(31);
    tokio::time::timeout(half_a_minute, world.shows(APP, |status| !status.update_pending)).await.unwrap();
}

/// The image takes 300 bytes; 150 of them are there already when the pull is given up.
#[tokio::test(start_paused = true)]
async fn pull_that_was_given_up_late_is_not_begun_again_before_all_of_it_fits() {
    let world = world();
    world.device.state().pull_needs = 3;
    world.device.fault_on("pull 100", Fault::Paused);
    world.act(APP, apply(two_images())).await.unwrap_err();
    world.device.heal();
    world.device.state().free_bytes = 309;
    tokio::time::sleep(std::time::Duration::from_hours(1)).await;
    assert_eq!(world.device.count("pull 50"), 1);
    world.device.state().free_bytes = 310;
    world.shows(APP, |status| !status.update_pending).await;
}

#[tokio::test(start_paused = true)]
async fn engine_whose_data_cannot_be_seen_pulls_as_before() {
    let world = world();
    world.device.state().free_bytes = 0;
    world.device.fault_on("disk space", Fault::Absent);
    world.act(APP, apply(two_images())).await.unwrap();
}
