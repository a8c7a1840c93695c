//! Releases on trial: kept when they run as they should, taken back when they do not.

use std::time::Duration;

use supervisor_proto::policy::{Policy, parse};

use super::*;
use crate::{
    domain::{
        event::What,
        intent::Action,
        record::AppRecord,
        rollout::{GATE, TIMEOUT},
        target::{RestartPolicy, Service, Target},
    },
    error::CoreError,
    ports::engine::EngineError,
    reconcile::{clean_up, status::AppStatus},
};

/// More than any trial here takes.
const LONG_AFTER: Duration = Duration::from_hours(2);

fn behave(world: &World, commit: &str, behaviour: Behaviour) {
    world.device.state().behaviours.insert(format!("demo:{commit}"), behaviour);
}

/// A life in which release `old` has passed its trial.
async fn with_old() -> World {
    with(release(APP, "old")).await
}

async fn with(target: Target) -> World {
    let world = World::new();
    world.reconciler.adoption_done(std::collections::BTreeSet::new());
    behave(&world, "old", Behaviour::Healthy);
    world.act(APP, by_frontend(target)).await.unwrap();
    world.shows(APP, |status| status.running_commit == "old").await;
    world
}

/// Commit of the target, of the last good release, and of the one that was given up.
fn commits(world: &World) -> (String, String, Option<String>) {
    let AppStatus { commit, running_commit, failed, .. } = world.status(APP);
    (commit, running_commit, failed.map(|failed| failed.commit))
}

fn is_at(world: &World, commit: &str) -> bool {
    let status = world.status(APP);
    let running: Vec<_> = status.services.values().filter(|s| s.container_state == "running").collect();
    !running.is_empty() && running.iter().all(|s| s.container_image == format!("demo:{commit}"))
}

async fn given_up(world: &World, commit: &str) {
    world.shows(APP, |status| status.failed.as_ref().is_some_and(|f| f.commit == commit)).await;
    world.shows(APP, |status| !status.update_pending).await;
}

#[tokio::test(start_paused = true)]
async fn release_that_becomes_healthy_passes_and_the_one_before_is_forgotten() {
    let world = with_old().await;
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    assert_eq!(commits(&world), ("new".to_owned(), "old".to_owned(), None));
    assert!(world.device.record(APP).rollout.previous().is_some());
    tokio::time::sleep(Duration::from_secs(45)).await;
    world.device.say_health("demo:new", "healthy");
    world.shows(APP, |status| status.running_commit == "new").await;
    assert!(world.device.record(APP).rollout.trial.is_none());
    assert!(is_at(&world, "new"));
}

#[tokio::test(start_paused = true)]
async fn release_that_stays_unhealthy_is_taken_back_whole_and_told_once() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    let mut follower = world.reconciler.context().events.follow();
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    given_up(&world, "new").await;
    assert_eq!(commits(&world), ("old".to_owned(), "old".to_owned(), Some("new".to_owned())));
    assert!(is_at(&world, "old"));
    let failed = world.status(APP).failed.unwrap();
    assert_eq!(failed.restored_commit, "old");
    assert!(failed.reason.contains("main is not healthy after 60 s"), "{}", failed.reason);
    tokio::time::sleep(LONG_AFTER).await;
    let mut told = 0;
    while let Ok(event) = follower.try_recv() {
        told += usize::from(matches!(event.what, What::ReleaseFailed { .. }));
    }
    assert_eq!(told, 1);
    assert_eq!(world.device.data(APP), ["c1", "c2", "c3"], "nothing of the data is lost");
}

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

#[tokio::test(start_paused = true)]
async fn release_that_crashes_again_and_again_is_taken_back() {
    let world = with(unchecked_release(APP, "old")).await;
    behave(&world, "new", Behaviour::Crashing);
    world.act(APP, by_frontend(unchecked_release(APP, "new"))).await.unwrap();
    given_up(&world, "new").await;
    assert!(is_at(&world, "old"));
    assert!(world.status(APP).failed.unwrap().reason.contains("started again 5 times"));
}

#[tokio::test(start_paused = true)]
async fn release_without_a_health_check_passes_when_it_has_run_a_while() {
    let world = with(unchecked_release(APP, "old")).await;
    let began = tokio::time::Instant::now();
    world.act(APP, by_frontend(unchecked_release(APP, "new"))).await.unwrap();
    world.shows(APP, |status| status.running_commit == "new").await;
    assert!(began.elapsed() >= Duration::from_secs(10) && began.elapsed() < Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn release_whose_time_is_longer_by_its_label_is_given_that_time() {
    let world = with_old().await;
    let mut slow = release(APP, "new");
    let labels = &mut slow.services.get_mut(&name("main")).unwrap().labels;
    labels.insert(TIMEOUT.to_owned(), "10m".to_owned());
    world.act(APP, by_frontend(slow)).await.unwrap();
    tokio::time::sleep(Duration::from_mins(9)).await;
    assert_eq!(commits(&world).0, "new");
    world.device.say_health("demo:new", "healthy");
    world.shows(APP, |status| status.running_commit == "new").await;
}

#[tokio::test(start_paused = true)]
async fn release_that_the_engine_does_not_make_or_start_is_taken_back_and_its_caller_told() {
    for behaviour in [Behaviour::NotMade(400), Behaviour::NotStarted(400)] {
        let world = with_old().await;
        behave(&world, "new", behaviour);
        let answer = world.act(APP, by_frontend(release(APP, "new"))).await;
        assert!(
            matches!(&answer, Err(CoreError::ReleaseFailed { commit, restored, .. })
            if commit == "new" && restored == "old"),
            "{answer:?}"
        );
        assert!(is_at(&world, "old"), "{behaviour:?}");
        assert_eq!(world.device.containers_in_all(), 1);
        assert_eq!(world.device.our_locks(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn release_that_the_engine_cannot_start_now_has_a_minute() {
    let world = with_old().await;
    for behaviour in [Behaviour::NotStarted(500), Behaviour::NotMade(409), Behaviour::NotStarted(404)] {
        world.act(APP, by_frontend(release(APP, "old"))).await.unwrap();
        behave(&world, "new", behaviour);
        let answer = world.act(APP, by_frontend(release(APP, "new"))).await;
        assert!(matches!(answer, Err(CoreError::Engine(EngineError::Refused { .. }))), "{answer:?}");
        assert_eq!(commits(&world).0, "new");
        tokio::time::sleep(Duration::from_secs(20)).await;
        behave(&world, "new", Behaviour::Healthy);
        world.shows(APP, |status| status.running_commit == "new").await;
    }

    behave(&world, "newer", Behaviour::NotStarted(500));
    world.act(APP, by_frontend(release(APP, "newer"))).await.unwrap_err();
    given_up(&world, "newer").await;
    assert!(is_at(&world, "new"));
}

#[tokio::test(start_paused = true)]
async fn release_whose_image_cannot_be_pulled_is_not_given_up_and_the_old_one_runs() {
    let world = with_old().await;
    world.device.fault_on("pulled demo:new", Fault::Refused);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap_err();
    tokio::time::sleep(LONG_AFTER).await;
    assert_eq!(commits(&world), ("new".to_owned(), "old".to_owned(), None));
    assert!(is_at(&world, "old"));
    world.device.heal();
    behave(&world, "new", Behaviour::Healthy);
    world.shows(APP, |status| status.running_commit == "new").await;
}

#[tokio::test(start_paused = true)]
async fn release_whose_image_does_not_come_after_the_old_container_went_is_taken_back() {
    for strategy in ["kill-then-download", "delete-then-download"] {
        let world = with_old().await;
        let mut new = release(APP, "new");
        let labels = &mut new.services.get_mut(&name("main")).unwrap().labels;
        labels.insert("io.balena.update.strategy".to_owned(), strategy.to_owned());
        world.device.fault_on("pulled demo:new", Fault::Refused);
        world.act(APP, by_frontend(new)).await.unwrap_err();
        tokio::time::sleep(Duration::from_mins(9)).await;
        assert_eq!(commits(&world).0, "new", "a registry may be away for a while");
        given_up(&world, "new").await;
        assert!(is_at(&world, "old"), "{strategy}");
    }
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
async fn trial_goes_on_while_an_update_that_waits_cannot_be_fetched() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    world.device.fault_on("pulled demo:newer", Fault::Refused);
    let mut newer = release(APP, "newer");
    let labels = &mut newer.services.get_mut(&name("main")).unwrap().labels;
    labels.insert("io.supervisor.update.apply".to_owned(), "on-call".to_owned());
    world.act(APP, by_frontend(newer)).await.unwrap_err();
    world.shows(APP, |status| status.failed.as_ref().is_some_and(|f| f.commit == "new")).await;
    assert_eq!(world.status(APP).commit, "old");
}

#[tokio::test(start_paused = true)]
async fn update_that_locks_hold_off_is_not_on_trial_before_it_begins() {
    let world = with_old().await;
    world.device.lock(APP);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap_err();
    tokio::time::sleep(LONG_AFTER).await;
    assert_eq!(commits(&world), ("new".to_owned(), "old".to_owned(), None));
    assert!(is_at(&world, "old"));
    world.device.unlock(APP);
    behave(&world, "new", Behaviour::Healthy);
    world.shows(APP, |status| status.running_commit == "new").await;
}

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
async fn release_that_takes_the_place_of_one_on_trial_goes_back_to_the_last_good_one() {
    let world = with_old().await;
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    behave(&world, "newer", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "newer"))).await.unwrap();
    given_up(&world, "newer").await;
    assert!(is_at(&world, "old"));
}

#[tokio::test(start_paused = true)]
async fn owners_app_is_on_trial_only_where_its_label_asks_for_it() {
    for (label, restored) in [(None, false), (Some("1"), true)] {
        let world = World::new();
        behave(&world, "old", Behaviour::Healthy);
        behave(&world, "new", Behaviour::Unhealthy);
        world.act(APP, apply(release(APP, "old"))).await.unwrap();
        assert_eq!(world.status(APP).running_commit, "old");
        let mut new = release(APP, "new");
        let labels = &mut new.services.get_mut(&name("main")).unwrap().labels;
        labels.extend(label.map(|value| (GATE.to_owned(), value.to_owned())));
        world.act(APP, apply(new)).await.unwrap();
        tokio::time::sleep(LONG_AFTER).await;
        assert_eq!(is_at(&world, "old"), restored, "{label:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn clouds_app_whose_label_opts_out_is_taken_as_it_is() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Crashing);
    let mut new = release(APP, "new");
    let labels = &mut new.services.get_mut(&name("main")).unwrap().labels;
    labels.insert(GATE.to_owned(), "0".to_owned());
    world.act(APP, by_frontend(new)).await.unwrap();
    tokio::time::sleep(LONG_AFTER).await;
    assert_eq!(commits(&world), ("new".to_owned(), "new".to_owned(), None));
}

fn with_job(commit: &str) -> Target {
    let mut target = release(APP, commit);
    let job =
        Service { image: format!("job:{commit}"), image_id: 2, restart: RestartPolicy::No, ..service() };
    target.services.insert(name("job"), job);
    target
}

#[tokio::test(start_paused = true)]
async fn job_of_a_release_has_to_end_well() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Healthy);
    behave(&world, "newer", Behaviour::Healthy);
    world.device.state().behaviours.insert("job:new".to_owned(), Behaviour::Ending(0));
    world.device.state().behaviours.insert("job:newer".to_owned(), Behaviour::Ending(3));
    world.act(APP, by_frontend(with_job("new"))).await.unwrap();
    world.shows(APP, |status| status.running_commit == "new").await;
    world.act(APP, by_frontend(with_job("newer"))).await.unwrap_err();
    given_up(&world, "newer").await;
    assert!(world.status(APP).failed.unwrap().reason.contains("exit code 3"));
}

#[tokio::test(start_paused = true)]
async fn restart_purge_and_stop_during_a_trial_are_done_and_outlast_it() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(50)).await;
    world.act(APP, restart()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert_eq!(commits(&world).0, "new", "new containers have their time");
    world.act(APP, Action::Purge).await.unwrap();
    assert_eq!(world.device.data(APP), ["c4"]);
    world.act(APP, Action::Stop(Vec::new())).await.unwrap();
    tokio::time::sleep(LONG_AFTER).await;
    assert_eq!(commits(&world).0, "new", "what is stopped shows nothing");
    world.act(APP, Action::Start(Vec::new())).await.unwrap();
    given_up(&world, "new").await;
    assert!(is_at(&world, "old"));
    let record = world.device.record(APP);
    assert_eq!((record.purge, record.services[&name("main")].run), (None, true));
    assert!(world.device.data(APP).contains(&"c4".to_owned()), "purged once");
}

#[tokio::test(start_paused = true)]
async fn app_that_is_removed_during_a_trial_is_gone() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    world.act(APP, Action::Withdraw).await.unwrap();
    tokio::time::sleep(LONG_AFTER).await;
    assert_eq!(world.device.containers_in_all(), 0);
    assert!(world.device.state().records.is_empty());
}

#[tokio::test(start_paused = true)]
async fn trial_goes_on_in_the_next_life_of_core() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    let World { device, reconciler, .. } = world;
    drop(reconciler);
    let next = World::boot(&device);
    given_up(&next, "new").await;
    assert!(is_at(&next, "old"));
}

#[tokio::test(start_paused = true)]
async fn end_of_a_trial_that_cannot_be_stored_is_tried_again() {
    let world = with_old().await;
    behave(&world, "new", Behaviour::Unhealthy);
    world.act(APP, by_frontend(release(APP, "new"))).await.unwrap();
    world.device.fault_on("save app", Fault::Absent);
    tokio::time::sleep(LONG_AFTER).await;
    assert!(is_at(&world, "new"));
    world.device.heal();
    given_up(&world, "new").await;
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
