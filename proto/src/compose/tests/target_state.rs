//! Target states of a cloud, in the shapes that a running one answers.

use serde_json::{Value, json};

use crate::{
    compose::{App, read_app, read_device_state},
    v1,
};

const FLEET: &str = "2fa384cfcefb49e69e0669e3f88d1cf5";
const SUPERVISOR: &str = "cf6974ccf49c4659aa570dc8e9d49bd1";
const IMAGE: &str = "registry2.example.org/v2/38abb14dd0bb7211f4728b3b0402eddd@sha256:abab";

/// A fleet's app with one release of these services, volumes and networks.
fn fleet(services: &Value) -> Value {
    json!({
        "id": 1, "name": "pumps", "is_host": false, "class": "fleet",
        "releases": {"430e130991ecd214b9f81eee092556c5": {
            "id": 7, "services": services, "networks": {}, "volumes": {"data": {}},
        }},
    })
}

fn main_with(composition: &Value) -> Value {
    fleet(
        &json!({"main": {"id": 3, "image_id": 5, "image": IMAGE, "environment": {}, "labels": {}, "composition": composition}}),
    )
}

fn target(app: &Value) -> v1::Target {
    match read_app(FLEET, app, &[SUPERVISOR]) {
        Ok(App::Target(target)) => *target,
        other => panic!("{app}: {other:?}"),
    }
}

fn refusals(app: &Value) -> Vec<String> {
    read_app(FLEET, app, &[]).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn app_of_a_fleet_is_a_target_with_the_cloud_s_ids() {
    let app = fleet(&json!({"main": {
        "id": 3, "image_id": 5, "image": IMAGE,
        "environment": {"IMG_VAR": "1", "APP_VAR": "$a"}, "labels": {"io.balena.test": "yes"},
        "composition": {
            "image": "x", "build": "./main", "labels": {"io.balena.features.supervisor-api": "1"},
            "environment": ["IMG_VAR=0", "OWN=2"], "command": ["sleep", "infinity"], "restart": "always",
            "volumes": ["data:/data"],
        },
        "contract": {"type": "sw.container"},
    }}));
    let target = target(&app);
    assert_eq!((target.app_id, target.name.as_str(), target.app_uuid.as_str()), (1, "pumps", FLEET));
    assert_eq!((target.commit.as_str(), target.release_id), ("430e130991ecd214b9f81eee092556c5", 7));
    assert_eq!(target.volumes["data"], v1::Volume::default());
    let main = &target.services["main"];
    assert_eq!((main.service_id, main.image_id, main.image.as_str()), (3, 5, IMAGE));
    assert_eq!(main.command.as_ref().unwrap().items, ["sleep", "infinity"]);
    assert_eq!(main.volumes[0].volume, "data");
    for (name, value) in [("IMG_VAR", "1"), ("APP_VAR", "$a"), ("OWN", "2")] {
        assert_eq!(main.environment[name], value, "{name}");
    }
    assert_eq!(main.labels["io.balena.test"], "yes");
    assert_eq!(main.labels["io.balena.features.supervisor-api"], "1");
    assert!(!main.stopped);
}

#[test]
fn service_that_does_not_ask_for_the_api_is_refused_it() {
    let label = |labels: Value| {
        let service = json!({"image": IMAGE, "environment": {}, "labels": labels});
        target(&fleet(&json!({"main": service}))).services["main"].labels.clone()
    };
    for labels in [json!({}), json!({"io.balena.features.supervisor-api": "0"}), json!({"a": "b"})] {
        assert_eq!(label(labels.clone())["io.balena.features.supervisor-api"], "0", "{labels}");
    }
    for name in ["io.balena.features.supervisor-api", "io.resin.features.supervisor-api"] {
        let asked = label(json!({name: "true"}));
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!(asked[name], "true");
    }
}

#[test]
fn fleet_without_a_release_is_an_app_without_services() {
    let app = json!({"id": 2, "name": "empty", "is_host": false, "class": "fleet"});
    let target = target(&app);
    assert_eq!((target.app_id, target.services.len(), target.commit.as_str()), (2, 0, ""));
    assert_eq!(target, self::target(&json!({"id": 2, "name": "empty", "releases": {}})));
}

#[test]
fn field_that_the_contract_lets_be_absent_or_adds_later_does_no_harm() {
    let services = json!({"main": {"image": IMAGE, "later": {"x": 1}}});
    let mut app = fleet(&services);
    app["later"] = json!([]);
    app["releases"]["430e130991ecd214b9f81eee092556c5"]["later"] = json!(true);
    let read = target(&app);
    assert_eq!((read.services["main"].service_id, read.services["main"].image_id), (0, 0));
    let bare = json!({"id": 1, "releases": {"c0ffee": {"services": {"main": {"image": IMAGE}}}}});
    let read = target(&bare);
    assert_eq!((read.name.as_str(), read.release_id, read.volumes.len()), (FLEET, 0, 0));
}

#[test]
fn service_that_is_not_to_run_is_stopped() {
    let app =
        fleet(&json!({"main": {"image": IMAGE, "running": false}, "web": {"image": IMAGE, "running": true}}));
    let services = target(&app).services;
    assert!(services["main"].stopped && !services["web"].stopped);
}

#[test]
fn networks_of_a_release_are_networks_of_the_target() {
    let service = json!({"main": {"image": IMAGE, "composition": {"networks": ["inner"]}}});
    let mut app = fleet(&service);
    app["releases"]["430e130991ecd214b9f81eee092556c5"]["networks"] = json!({"inner": {"internal": true}});
    let read = target(&app);
    assert!(read.networks["inner"].internal);
    assert!(read.services["main"].networks.contains_key("inner"));
    let undeclared = fleet(&service);
    assert!(refusals(&undeclared)[0].starts_with("services.main.networks names \"inner\""));
}

#[test]
fn composition_is_read_with_every_field_of_a_compose_file() {
    let app = main_with(&json!({
        "privileged": true, "network_mode": "host", "restart": "no", "cap_add": ["SYS_RAWIO"],
        "devices": ["/dev/i2c-1:/dev/i2c-1"], "tmpfs": ["/run"], "mem_limit": "64m", "stop_grace_period": "5s",
    }));
    let main = target(&app).services.remove("main").unwrap();
    let privileges = main.privileges.unwrap();
    assert!(privileges.privileged);
    assert_eq!((privileges.cap_add.len(), privileges.devices.len(), main.tmpfs.len()), (1, 1, 1));
    assert_eq!(main.resources.unwrap().memory_bytes, 64 << 20);
    assert_eq!((main.network_mode.as_str(), main.stop_grace_period_ms), ("host", Some(5000)));
}

#[test]
fn composition_with_a_field_that_core_cannot_do_is_refused_by_its_name() {
    for (composition, expected) in [
        (json!({"links": ["a"]}), "services.main.links is not supported yet: services of one app reach"),
        (json!({"gizmo": 1}), "services.main.gizmo is not supported yet"),
        (json!({"volumes": ["other:/x"]}), "services.main.volumes uses the volume \"other\""),
        (json!({"depends_on": ["db"]}), "services.main.depends_on names \"db\""),
        (json!([]), "services.main.composition must be a mapping"),
    ] {
        let found = refusals(&main_with(&composition));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{found:?}");
    }
}

#[test]
fn app_whose_own_fields_are_wrong_is_refused_by_their_names() {
    let mut two = fleet(&json!({}));
    two["releases"]["another"] = json!({"services": {}});
    for (app, expected) in [
        (json!({"name": "x"}), "id is absent"),
        (json!({"id": 0}), "id must be the number of an app"),
        (json!({"id": "1"}), "id must be the number of an app"),
        (json!({"id": 1, "releases": []}), "releases must be a mapping"),
        (two, "releases holds more than one release"),
        (fleet(&json!({"../x": {"image": IMAGE}})), "services.../x is no service name"),
        (fleet(&json!({"main": {}})), "services.main has no image"),
        (
            fleet(&json!({"main": {"image": IMAGE, "running": "no"}})),
            "services.main.running must be true or false",
        ),
        (
            fleet(&json!({"main": {"image": IMAGE, "image_id": "5"}})),
            "services.main.image_id must be a number",
        ),
        (json!([]), "the document must be a mapping"),
    ] {
        let found = refusals(&app);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{app}: {found:?}");
    }
}

#[test]
fn device_s_state_leaves_out_its_host_and_its_supervisor_and_keeps_one_app_s_fault_to_itself() {
    let supervisor = json!({
        "id": 3, "name": "amd64-supervisor", "is_host": false, "class": "fleet",
        "releases": {"ad12a3e3f5f8af5a7c84c70c9516bdb2": {"id": 3, "services": {
            "balena-supervisor": {"id": 2, "image_id": 3, "image": IMAGE, "environment": {"DEV_VAR": "d"}, "labels": {},
                "composition": {"restart": "no", "privileged": true, "network_mode": "host"}},
            "core-next": {"id": 4, "image_id": 4, "image": IMAGE},
        }}},
    });
    let host = json!({
        "id": 4, "name": "intel-nuc", "is_host": true, "class": "fleet",
        "releases": {"378c2bf7d39398ce045acd39dfb641c8": {"id": 4, "services": {"hostapp": {
            "id": 3, "image_id": 4, "image": IMAGE, "environment": {}, "labels": {"io.balena.image.store": "root"},
            "composition": {},
        }}}},
    });
    let broken = main_with(&json!({"links": ["a"]}));
    let state = json!({
        "name": "brave-ham",
        "config": {"RESIN_SUPERVISOR_POLL_INTERVAL": "900000"},
        "apps": {FLEET: main_with(&json!({})), SUPERVISOR: supervisor, "ce24": host, "bad": broken, "none": {"id": 9}},
        "later": {},
    });
    let device = read_device_state(&state, &[SUPERVISOR]).unwrap();
    assert_eq!(device.name.as_deref(), Some("brave-ham"));
    assert_eq!(device.config["RESIN_SUPERVISOR_POLL_INTERVAL"], "900000");
    let of = |uuid: &str| &device.apps.iter().find(|(found, _)| found == uuid).unwrap().1;
    assert_eq!(device.apps.len(), 5);
    assert_eq!(of(SUPERVISOR), &Ok(App::SupervisorApp));
    assert_eq!(of("ce24"), &Ok(App::HostApp));
    assert!(of("bad").is_err());
    assert!(matches!(of(FLEET), Ok(App::Target(target)) if target.services.len() == 1));
    assert!(matches!(of("none"), Ok(App::Target(target)) if target.services.is_empty()));
}

#[test]
fn device_s_state_of_another_shape_is_refused() {
    for state in [json!(null), json!({"apps": []}), json!({"name": 1}), json!({"config": {"A": null}})] {
        assert!(read_device_state(&state, &[]).is_err(), "{state}");
    }
    assert_eq!(read_device_state(&json!({}), &[]).unwrap().apps.len(), 0);
}
