//! The way back to the release before: what holds it off, and where there is none.

use supervisor_proto::policy::{Policy, parse};

use super::*;
use crate::{domain::record::AppRecord, reconcile::clean_up};

#[tokio::test(start_paused = true)]
async fn lock_of_the_new_release_holds_off_the_way_back_unless_forced() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    world.device.lock(APP);
    world.shows(APP, |status| status.failed.is_some() && status.update_failed).await;
    tokio::time::sleep(LONG_AFTER).await;
    assert!(is_at(&world, "new"));
    assert_eq!(commits(&world), ("old".to_owned(), "old".to_owned(), Some("new".to_owned())));
    world.reconciler.nudge_all(true, false);
    given_up(&world, "new").await;
    assert!(is_at(&world, "old"));
}

#[tokio::test(start_paused = true)]
async fn previous_release_whose_image_is_gone_is_pulled_before_anything_is_taken_away() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    world.device.state().images.remove("demo:old");
    world.device.fault_on("pulled demo:old", Fault::Absent);
    world.shows(APP, |status| status.failed.is_some() && status.update_failed).await;
    assert!(is_at(&world, "new"), "an unhealthy release is better than none");
    world.device.heal();
    given_up(&world, "new").await;
    assert!(is_at(&world, "old"));
}

#[tokio::test(start_paused = true)]
async fn image_of_the_previous_release_stays_until_the_new_one_has_passed() {
    let world = with_old().await;
    tokio::spawn(clean_up::follow(std::sync::Arc::clone(&world.reconciler)));
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(world.device.state().images.contains("demo:old"), "it may have to come back");
    world.device.say_health("demo:new", "healthy");
    world.shows(APP, |status| status.running_commit == "new").await;
    world.device.reached("remove image demo:old", 1).await;
}

fn grant() -> Policy {
    let text = "[[grant]]\napp = 2167\nservice = \"main\"\nimage = \"demo\"\nprivileged = true\n";
    parse(text).unwrap()
}

fn privileged(mut target: Target) -> Target {
    target.services.get_mut(&name("main")).unwrap().settings.privileges.privileged = true;
    target
}

#[tokio::test(start_paused = true)]
async fn previous_release_that_the_policy_no_longer_allows_does_not_come_back() {
    let world = World::new();
    world.reconciler.adoption_done(std::collections::BTreeSet::new());
    world.policy.send_replace(grant());
    behave(&world, "old", Behaviour::Healthy);
    world.act(APP, by_frontend(privileged(release(APP, "old")))).await.unwrap();
    world.shows(APP, |status| status.running_commit == "old").await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    world.policy.send_replace(Policy::default());
    world.shows(APP, |status| status.failed.is_some()).await;
    let failed = world.status(APP).failed.unwrap();
    assert_eq!((failed.restored_commit.as_str(), failed.reason.contains("not allowed")), ("", true));
    assert_eq!(commits(&world), ("new".to_owned(), String::new(), Some("new".to_owned())));
    assert!(is_at(&world, "new"));
    // It is no release to go back to.
    behave(&world, "newer", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "newer"))).await.unwrap();
    tokio::time::sleep(LONG_AFTER).await;
    assert!(is_at(&world, "newer"));
}

#[tokio::test(start_paused = true)]
async fn first_release_that_fails_stays_as_there_is_none_to_go_back_to() {
    let world = World::new();
    world.reconciler.adoption_done(std::collections::BTreeSet::new());
    behave(&world, "old", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "old"))).await.unwrap();
    tokio::time::sleep(LONG_AFTER).await;
    assert_eq!(commits(&world), ("old".to_owned(), String::new(), None));
    assert!(is_at(&world, "old"));
    world.device.say_health("demo:old", "healthy");
    world.reconciler.nudge_all(false, false);
    world.shows(APP, |status| status.running_commit == "old").await;
}

#[tokio::test(start_paused = true)]
async fn first_release_that_never_becomes_healthy_is_looked_at_ever_more_seldom() {
    let world = World::new();
    world.reconciler.adoption_done(std::collections::BTreeSet::new());
    behave(&world, "old", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "old"))).await.unwrap();
    tokio::time::sleep(Duration::from_hours(12)).await;
    let looked = world.device.count("vitals");
    tokio::time::sleep(Duration::from_hours(12)).await;
    assert!(world.device.count("vitals") - looked <= 13);
}

#[tokio::test(start_paused = true)]
async fn release_that_takes_the_place_of_one_on_trial_goes_back_to_the_last_good_one() {
    let world = with_old().await;
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    behave(&world, "newer", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "newer"))).await.unwrap();
    given_up(&world, "newer").await;
    assert!(is_at(&world, "old"));
}

#[tokio::test(start_paused = true)]
async fn record_of_an_older_release_of_core_is_the_one_to_go_back_to() {
    let world = with_old().await;
    let stored: AppRecord = world.device.record(APP);
    assert!(!serde_json::to_string(&stored).unwrap().contains("rollout"));
    behave(&world, "new", Behaviour::Crashing);
    let next = World::boot(&world.device);
    next.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    given_up(&next, "new").await;
    assert!(is_at(&next, "old"));
}
