//! Images that are not there yet.

use std::sync::Arc;

use super::*;
use crate::{
    domain::{
        registry_access::RegistryAccess,
        target::{Service, Target},
    },
    error::CoreError,
    reconcile::status::Activity,
};

fn far() -> Target {
    target_of(APP, vec![("main", Service { image: "far:1".to_owned(), ..service() })])
}

fn world() -> World {
    let world = World::new();
    world.device.state().pull_steps = vec![10, 40, 90, 100];
    world
}

#[tokio::test(start_paused = true)]
async fn progress_of_a_pull_is_shown_and_never_falls() {
    let world = world();
    world.device.fault_on("pull", Fault::Paused);
    let acting = world.begin(APP, apply(far()), false);
    let mut shown = Vec::new();
    for step in 1..=5 {
        world.device.reached("pull", step).await;
        let status = world.status(APP);
        assert!(status.update_pending && !status.update_downloaded);
        shown.push(status.activity);
        world.device.resume();
    }
    acting.await.unwrap().unwrap();
    assert_eq!(shown, [0, 10, 40, 90, 99].map(Activity::Downloading));
    let status = world.status(APP);
    assert_eq!((status.activity, status.update_pending), (Activity::Idle, false));
}

#[tokio::test(start_paused = true)]
async fn pull_that_is_cancelled_ends_and_is_not_repeated_until_somebody_asks() {
    let world = world();
    world.device.fault_on("pull", Fault::Paused);
    let acting = world.begin(APP, apply(far()), false);
    world.device.reached("pull 10", 1).await;
    world.reconciler.nudge_all(false, true);
    let cancelled = acting.await.unwrap();
    assert!(matches!(cancelled, Err(CoreError::Cancelled)), "{cancelled:?}");
    let status = world.status(APP);
    assert_eq!((status.activity, status.update_pending), (Activity::Idle, true));
    world.device.heal();
    tokio::time::sleep(std::time::Duration::from_hours(1)).await;
    assert_eq!(world.device.count("pull 10"), 1);
    world.reconciler.nudge_all(false, false);
    world.shows(APP, |status| !status.update_pending).await;
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn pull_that_fails_is_tried_again_and_the_old_container_runs_on() {
    let world = world();
    world.act(APP, apply(target_of(APP, vec![("main", service())]))).await.unwrap();
    world.device.fault_on("pull 40", Fault::Refused);
    assert!(world.act(APP, apply(far())).await.is_err());
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    world.device.heal();
    world.shows(APP, |status| !status.update_failed).await;
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn pull_needs_no_update_lock() {
    let world = world();
    world.act(APP, apply(target_of(APP, vec![("main", service())]))).await.unwrap();
    world.device.lock(APP);
    let waiting = world.act(APP, apply(far())).await;
    assert!(matches!(waiting, Err(CoreError::Locked { .. })), "{waiting:?}");
    world.reconciler.nudge_all(false, false);
    world.shows(APP, |status| status.update_downloaded).await;
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn image_of_the_clouds_own_registry_is_pulled_with_its_name_and_password_and_no_other() {
    let world = world();
    let access = RegistryAccess::new("api.example.org", "d_01".to_owned(), "word".to_owned()).unwrap();
    world.registry.send_replace(Some(Arc::new(access)));
    let image = |image: &str| Service { image: image.to_owned(), ..service() };
    let names = ["registry2.example.org/v2/0123", "registry.example.org.evil.net/v2/0123", "far:1"];
    let services = [("a", image(names[0])), ("b", image(names[1])), ("c", image(names[2]))];
    world.act(APP, apply(target_of(APP, services.into()))).await.unwrap();
    let mut pulled = world.device.state().pulled_as.clone();
    pulled.sort();
    assert_eq!(pulled, [None, None, Some("d_01:word@registry2.example.org".to_owned())]);
}
