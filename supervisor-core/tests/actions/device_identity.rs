//! The device's identity, told by the frontend that registered it.

use std::sync::Arc;

use supervisor_core::actions::device_identity::{ConfigJson, DeviceIdentityKeeper};

use crate::{
    domain::config_edit::RegisteredDevice,
    error::CoreError,
    fakes::{APP, FakeDevice, Fault, World, apply, target},
};

const IMAGE: &str = r#"{"apiEndpoint":"https://api.example.org","apiKey":"p"}"#;

fn keeper(world: &World, is_file_writable: bool) -> DeviceIdentityKeeper {
    let store = Arc::<FakeDevice>::clone(&world.device);
    let file = Arc::<FakeDevice>::clone(&world.device);
    DeviceIdentityKeeper::new(
        store,
        Arc::clone(&world.reconciler),
        world.facts.clone(),
        file,
        is_file_writable,
    )
}

fn registered(uuid: &str) -> RegisteredDevice {
    RegisteredDevice::new(uuid.to_owned(), "bananas".to_owned(), 7, 99).unwrap()
}

fn file_of(world: &World, text: &str) {
    world.device.state().config_json = Some(text.to_owned());
}

#[tokio::test(start_paused = true)]
async fn uuid_that_is_told_reaches_apps_that_run_and_survives_core() {
    let world = World::new();
    world.act(APP, apply(target(APP))).await.unwrap();
    assert_eq!(keeper(&world, false).record(registered("77cb")).await.unwrap(), ConfigJson::NotAllowed);
    world.device.reached("start c2", 1).await;
    let environment = world.device.state().containers[0].environment.clone();
    for name in ["BALENA_DEVICE_UUID", "RESIN_DEVICE_UUID"] {
        assert_eq!(environment.get(name).map(String::as_str), Some("77cb"));
    }
    assert_eq!(world.device.state().device_uuid.as_deref(), Some("77cb"));
}

#[tokio::test(start_paused = true)]
async fn uuid_that_is_told_again_is_not_written_and_makes_no_new_container() {
    let world = World::with_app(APP).await;
    let keeper = keeper(&world, true);
    file_of(&world, IMAGE);
    assert_eq!(keeper.record(registered("77cb")).await.unwrap(), ConfigJson::Written);
    world.device.reached("start c2", 1).await;
    let created = world.device.state().created;
    let before = world.device.calls();
    assert_eq!(keeper.record(registered("77cb")).await.unwrap(), ConfigJson::Unchanged);
    tokio::time::sleep(std::time::Duration::from_mins(1)).await;
    assert_eq!(world.device.state().created, created);
    assert_eq!(world.device.calls()[before.len()..], ["read config.json"]);
}

#[tokio::test(start_paused = true)]
async fn owners_file_is_written_only_where_the_owner_allows_it() {
    for (is_writable, outcome) in [(false, ConfigJson::NotAllowed), (true, ConfigJson::Written)] {
        let world = World::new();
        file_of(&world, IMAGE);
        assert_eq!(keeper(&world, is_writable).record(registered("77cb")).await.unwrap(), outcome);
        let text = world.device.state().config_json.clone().unwrap();
        assert_eq!(text == IMAGE, !is_writable, "{text}");
        assert_eq!(text.contains("apiKey\":\"p"), !is_writable, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn owners_file_that_names_another_device_wins() {
    for text in [r#"{"uuid":"abcd","deviceApiKey":"k"}"#, r#"{"apiEndpoint":7,"uuid":"abcd"}"#] {
        let world = World::new();
        file_of(&world, text);
        let refused = keeper(&world, true).record(registered("77cb")).await;
        assert!(
            matches!(&refused, Err(CoreError::InvalidField { field, .. }) if field == "uuid"),
            "{refused:?}"
        );
        assert_eq!(world.device.state().device_uuid, None);
        assert_eq!(world.facts.borrow().uuid, None);
    }
}

#[tokio::test(start_paused = true)]
async fn owners_file_keeps_its_keys_against_others_for_the_same_device() {
    for text in [
        r#"{"uuid":"77cb","deviceApiKey":"owners","apiKey":"p"}"#,
        r#"{"uuid":"77cb","deviceApiKey":"owners"}"#,
        r#"{"apiKey":"p","apiKey":"q"}"#,
    ] {
        let world = World::new();
        file_of(&world, text);
        assert_eq!(keeper(&world, true).record(registered("77cb")).await.unwrap(), ConfigJson::Failed);
        assert_eq!(world.device.state().config_json.as_deref(), Some(text));
    }
}

#[tokio::test(start_paused = true)]
async fn owners_file_that_cannot_be_written_does_not_keep_the_uuid_from_the_apps() {
    for broken in [Some("torn"), None] {
        let world = World::new();
        world.device.state().config_json = broken.map(ToOwned::to_owned);
        assert_eq!(keeper(&world, true).record(registered("77cb")).await.unwrap(), ConfigJson::Failed);
        assert_eq!(world.facts.borrow().uuid.as_deref(), Some("77cb"));
    }
    let world = World::new();
    file_of(&world, IMAGE);
    world.device.fault_on("write config", Fault::Absent);
    assert_eq!(keeper(&world, true).record(registered("77cb")).await.unwrap(), ConfigJson::Failed);
    assert_eq!(world.device.state().config_json.as_deref(), Some(IMAGE));
}

#[tokio::test(start_paused = true)]
async fn uuid_that_cannot_be_stored_is_not_taken_over() {
    let world = World::new();
    world.device.fault_on("save device", Fault::Absent);
    let refused = keeper(&world, true).record(registered("77cb")).await;
    assert!(matches!(refused, Err(CoreError::Store(_))), "{refused:?}");
    assert_eq!(world.facts.borrow().uuid, None);
}
