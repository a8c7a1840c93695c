//! What everybody may have.

use super::*;

#[test]
fn ordinary_container_is_allowed() {
    assert_eq!(World::of(ordinary()).refusals(), []);
}

#[test]
fn network_of_the_host_none_or_the_default_one_is_allowed() {
    for mode in ["host", "none", "bridge"] {
        let mut create = ordinary();
        create["HostConfig"]["NetworkMode"] = json!(mode);
        create.as_object_mut().unwrap().remove("NetworkingConfig");
        assert_eq!(World::of(create).refusals(), [], "{mode}");
    }
}

#[test]
fn own_folder_is_allowed_before_it_is_made_and_below_a_link_of_the_owners() {
    let world = || World::of(ordinary());
    assert_eq!(world().leading(DATA, Place::Absent).refusals(), []);
    let moved = world()
        .leading("/resin-data", Place::At("/mnt/data/apps".to_owned()))
        .leading(DATA, Place::At("/mnt/data/apps/2167".to_owned()));
    assert_eq!(moved.refusals(), []);
}

#[test]
fn log_driver_of_the_device_itself_is_allowed() {
    for config in [
        json!({ "Type": "", "Config": {} }),
        json!({ "Type": "none" }),
        json!({ "Type": "local", "Config": { "max-size": "1m", "compress": "false" } }),
        json!({ "Type": "journald", "Config": { "tag": "web" } }),
    ] {
        assert_eq!(World::with_host("LogConfig", config.clone()).refusals(), [], "{config}");
    }
}
