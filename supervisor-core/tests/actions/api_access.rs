//! The API's key, told by the frontend and rotated for the administrator.

use std::{sync::Arc, time::Duration};

use supervisor_core::actions::api_access::ApiAccessKeeper;
use tokio::time::Instant;

use crate::{
    domain::environment::ApiAccess,
    error::CoreError,
    fakes::{APP, FakeDevice, Fault, World, api, api_service, apply, target_of},
};

fn keeper(world: &World, known: Option<ApiAccess>) -> Arc<ApiAccessKeeper> {
    world.api.send_replace(known);
    let store = Arc::<FakeDevice>::clone(&world.device);
    Arc::new(ApiAccessKeeper::new(store, Arc::clone(&world.reconciler), world.api.clone()))
}

/// A frontend that answers the next request for a new key with `key`.
fn frontend(keeper: &Arc<ApiAccessKeeper>, key: &'static str) -> tokio::task::JoinHandle<()> {
    let (keeper, mut asked) = (Arc::clone(keeper), keeper.rotations());
    tokio::spawn(async move {
        asked.changed().await.unwrap();
        keeper.set(api(key)).await.unwrap();
    })
}

#[tokio::test(start_paused = true)]
async fn key_that_is_told_again_is_not_written_and_wakes_nobody() {
    let world = World::with_app(APP).await;
    let keeper = keeper(&world, None);
    keeper.set(api("first")).await.unwrap();
    let stored = world.device.state().api_access.clone().unwrap();
    assert_eq!((stored.api_key.as_str(), stored.port), ("first", 48484));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = world.device.calls();
    keeper.set(api("first")).await.unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(world.device.calls(), before);
}

#[tokio::test(start_paused = true)]
async fn key_that_changes_reaches_the_apps() {
    let world = World::new();
    let keeper = keeper(&world, Some(api("first")));
    world.act(APP, apply(target_of(APP, vec![("main", api_service())]))).await.unwrap();
    keeper.set(api("second")).await.unwrap();
    world.device.reached("start c2", 1).await;
    assert_eq!(keeper.current(), Some(api("second")));
}

#[tokio::test(start_paused = true)]
async fn key_that_cannot_be_stored_is_not_taken_over() {
    let world = World::new();
    let keeper = keeper(&world, Some(api("first")));
    world.device.fault_on("save api", Fault::Absent);
    assert!(matches!(keeper.set(api("second")).await, Err(CoreError::Store(_))));
    assert_eq!(keeper.current(), Some(api("first")));
}

#[tokio::test(start_paused = true)]
async fn rotation_without_a_frontend_is_refused_at_once() {
    let world = World::new();
    let (keeper, begun) = (keeper(&world, Some(api("first"))), Instant::now());
    assert!(matches!(keeper.rotate().await, Err(CoreError::FrontendAbsent)));
    drop(keeper.rotations());
    assert!(matches!(keeper.rotate().await, Err(CoreError::FrontendAbsent)));
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn rotation_gives_the_key_that_the_frontend_tells_also_when_it_is_the_same() {
    let world = World::new();
    let keeper = keeper(&world, Some(api("fixed")));
    for key in ["fixed", "fresh"] {
        let frontend = frontend(&keeper, key);
        assert_eq!(keeper.rotate().await.unwrap(), api(key));
        frontend.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn rotation_of_a_frontend_that_does_not_answer_ends_with_the_deadline() {
    let world = World::new();
    let keeper = keeper(&world, Some(api("first")));
    let (_frontend, begun) = (keeper.rotations(), Instant::now());
    assert!(matches!(keeper.rotate().await, Err(CoreError::FrontendAbsent)));
    assert!((8..9).contains(&begun.elapsed().as_secs()));
}
