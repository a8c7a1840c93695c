//! New releases that the engine does not make, or whose images do not come.

use super::*;
use crate::{error::CoreError, ports::engine::EngineError};

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
        let new = labelled(release(APP, "new"), "io.balena.update.strategy", strategy);
        world.device.fault_on("pulled demo:new", Fault::Refused);
        world.act(APP, by_frontend(new)).await.unwrap_err();
        tokio::time::sleep(Duration::from_mins(9)).await;
        assert_eq!(commits(&world).0, "new", "a registry may be away for a while");
        given_up(&world, "new").await;
        assert!(is_at(&world, "old"), "{strategy}");
    }
}
