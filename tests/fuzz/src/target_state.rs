//! A cloud's target state of a device.

use supervisor_proto::{
    compose::{App, read_device_state},
    ids::{AppId, ServiceName},
    v1::Target,
};

use crate::names::is_safe;

/// What is read has names and ids that can be used, and is the same each time.
pub fn check(data: &[u8]) {
    let Ok(state) = serde_json::from_slice(data) else { return };
    let read = read_device_state(&state, &["cf6974ccf49c4659aa570dc8e9d49bd1"]);
    assert_eq!(read, read_device_state(&state, &["cf6974ccf49c4659aa570dc8e9d49bd1"]));
    let Ok(device) = read else { return };
    for (uuid, app) in device.apps {
        match app {
            Ok(App::Target(target)) => sound(&uuid, &target),
            Ok(App::HostApp | App::SupervisorApp) => {}
            Err(refusals) => assert!(refusals.iter().all(|refusal| !refusal.to_string().is_empty())),
        }
    }
}

fn sound(uuid: &str, target: &Target) {
    assert_eq!(target.app_uuid, uuid);
    assert!(AppId::new(target.app_id).is_ok(), "app {}", target.app_id);
    assert!(target.services.keys().all(|name| ServiceName::parse(name).is_ok()));
    assert!(target.volumes.keys().chain(target.networks.keys()).all(|name| is_safe(name)));
}
