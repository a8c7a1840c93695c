//! What an app is made of.

use supervisor_core::domain::{environment::ApiAccess, intent::Action};
use supervisor_proto::{
    client::CallError,
    v1::{AppDescription, DescribeAppRequest, ErrorReason},
};

use crate::{
    fakes::{APP, IMAGE, World, api_service, apply, target_of},
    served::Served,
};

async fn described(served: &Served, app_id: u64) -> Result<AppDescription, CallError> {
    served.client().describe_app(DescribeAppRequest { app_id }, "-").await
}

#[tokio::test]
async fn description_of_an_app_shows_its_environment_without_any_api_key() {
    let world = World::new();
    world.api.send_replace(ApiAccess::new("sesame".to_owned(), 48484));
    let mut service = api_service();
    let own = [("MODE", "on"), ("RESIN_API_KEY", "sesame"), ("BALENA_API_KEY", "sesame")];
    service.environment = own.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let target = target_of(APP, vec![("main", service)]);
    let (commit, release_id) = (target.app.commit.clone(), target.app.release_id);
    world.act(APP, apply(target)).await.unwrap();
    let served = Served::on(world);
    let found = described(&served, APP).await.unwrap();
    assert_eq!((found.app_id, found.commit, found.release_id), (APP, commit, release_id));
    let [main] = &found.services[..] else { panic!("{:?}", found.services) };
    assert_eq!((main.name.as_str(), main.image.as_str(), main.image_id), ("main", IMAGE, 1));
    assert_eq!((main.should_run, main.container_state.as_str()), (true, "running"));
    assert_eq!(main.container_id, served.world.device.running(APP)[0].0);
    for (name, value) in [("MODE", "on"), ("RESIN_APP_ID", "2167"), ("BALENA_SUPERVISOR_PORT", "48484")] {
        assert_eq!(main.environment.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(main.environment.values().all(|value| value != "sesame"), "{:?}", main.environment);
}

#[tokio::test]
async fn description_of_a_stopped_app_keeps_its_container() {
    let served = Served::on(World::with_app(APP).await);
    let before = described(&served, APP).await.unwrap();
    served.world.act(APP, Action::Stop(Vec::new())).await.unwrap();
    let after = described(&served, APP).await.unwrap();
    assert_eq!(after.services[0].container_id, before.services[0].container_id);
    assert!(!after.services[0].should_run);
}

#[tokio::test]
async fn description_of_an_unknown_app_is_refused() {
    let served = Served::new();
    for (app_id, reason) in [(9, ErrorReason::AppNotFound), (0, ErrorReason::InvalidArgument)] {
        assert_eq!(described(&served, app_id).await.unwrap_err().reason(), Some(reason), "{app_id}");
    }
}

#[tokio::test]
async fn description_of_an_app_after_a_start_without_the_engine_shows_its_target() {
    let first = World::new();
    let mut service = api_service();
    service.environment = [("MODE".to_owned(), "on".to_owned())].into();
    first.device.take_engine_away(true);
    tokio::time::pause();
    first.act(APP, apply(target_of(APP, vec![("main", service)]))).await.unwrap_err();
    tokio::time::resume();
    let world = World::boot(&first.device);
    world.shows(APP, |status| !status.last_error.is_empty()).await;
    let found = described(&Served::on(world), APP).await.unwrap();
    assert_eq!(found.services[0].environment, [("MODE".to_owned(), "on".to_owned())].into());
    assert_eq!(found.services[0].container_id, "");
}

#[tokio::test]
async fn description_of_a_new_app_that_nobody_has_looked_at_is_still_in_progress() {
    let world = World::new();
    world.device.take_engine_away(true);
    tokio::time::pause();
    world.act(APP, apply(target_of(APP, vec![("main", api_service())]))).await.unwrap_err();
    tokio::time::resume();
    let refused = described(&Served::on(world), APP).await.unwrap_err();
    assert_eq!(refused.reason(), Some(ErrorReason::StillInProgress));
}
