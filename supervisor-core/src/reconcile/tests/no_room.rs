//! An image that does not fit is looked after quietly.

use std::time::Duration;

use futures_util::FutureExt as _;

use super::*;
use crate::domain::target::{Service, Target};

fn of_image(image: &str, apply: &str) -> Target {
    let mut service = Service { image: image.to_owned(), ..service() };
    service.labels.insert("io.supervisor.update.apply".to_owned(), apply.to_owned());
    target_of(APP, vec![("main", service)])
}

#[tokio::test(start_paused = true)]
async fn look_for_room_that_finds_none_again_tells_nothing_and_cleans_up_seldom() {
    for waits in ["now", "on-call"] {
        let world = World::new();
        world.act(APP, apply(of_image("demo:1", "now"))).await.unwrap();
        world.device.state().free_bytes = 9;
        // One that waits has its answer before it is fetched.
        let _ = world.act(APP, apply(of_image("far:1", waits))).await;
        world.shows(APP, |status| status.update_failed).await;
        let context = world.reconciler.context();
        assert!(
            context.settled.notified().now_or_never().is_some(),
            "images that nobody wants may go, {waits}"
        );
        let mut follower = context.events.follow();
        let looked = world.device.count("disk space");
        for (free_bytes, minutes, cleans_up) in [(8, 4, false), (7, 2, true), (6, 9, true)] {
            world.device.state().free_bytes = free_bytes;
            tokio::time::sleep(Duration::from_mins(minutes)).await;
            assert_eq!(context.settled.notified().now_or_never().is_some(), cleans_up, "{waits} {minutes}");
        }
        assert!(world.device.count("disk space") > looked + 6, "{waits}");
        let told = follower.try_recv();
        assert!(told.is_err(), "{waits} {told:?}");
        world.device.state().free_bytes = 400;
        world.shows(APP, |status| status.update_downloaded || !status.update_pending).await;
    }
}
