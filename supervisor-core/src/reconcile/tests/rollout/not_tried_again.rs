//! Releases that were given up: not tried again, but where something has changed.

use super::*;

#[tokio::test(start_paused = true)]
async fn release_that_was_given_up_is_not_tried_again_until_the_target_changes() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    given_up(&world, "new").await;
    let (made, saved) = (world.device.count("create main"), world.device.count("save app"));
    for _ in 0..3 {
        world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    }
    assert_eq!((world.device.count("create main"), world.device.count("save app")), (made, saved));
    assert_eq!(commits(&world).2, Some("new".to_owned()));
    // The same commit with other content is another target.
    let mut changed = release(APP, "new");
    changed.services.get_mut(&name("main")).unwrap().environment.insert("A".to_owned(), "b".to_owned());
    behave(&world, "new", Behaviour::Healthy);
    world.act(APP, by_frontend(changed)).await.unwrap();
    world.shows(APP, |status| status.running_commit == "new").await;
    assert_eq!(commits(&world).2, None);
}

#[tokio::test(start_paused = true)]
async fn release_that_was_given_up_is_tried_again_on_the_owners_word() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    given_up(&world, "new").await;
    world.act(APP, apply(release(APP, "new"))).await.unwrap();
    assert_eq!(world.device.record(APP).target.app.commit, "new");
}

#[tokio::test(start_paused = true)]
async fn release_that_was_given_up_is_known_to_the_next_life() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    given_up(&world, "new").await;
    let next = World::boot(&world.device);
    next.shows(APP, |status| status.failed.is_some() && status.running_commit == "old").await;
    let made = next.device.count("create main");
    next.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    assert_eq!(next.device.count("create main"), made);
}

#[tokio::test(start_paused = true)]
async fn cloud_that_goes_back_by_itself_ends_the_trial_and_clears_what_failed() {
    let world = with_old().await;
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    world.act(APP, by_frontend(release(APP, "old"))).await.unwrap();
    assert_eq!(commits(&world), ("old".to_owned(), "old".to_owned(), None));
    behave(&world, "new", Behaviour::Crashing);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    given_up(&world, "new").await;
    world.act(APP, by_frontend(release(APP, "old"))).await.unwrap();
    assert_eq!(commits(&world).2, None);
    assert!(is_at(&world, "old"));
}
