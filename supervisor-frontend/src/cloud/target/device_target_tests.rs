use serde_json::json;

use super::*;

const DEVICE: &str = "77cbf8a128f9462ea978baadf773817e";

fn read(apps: &Value) -> Result<DeviceTarget, BadTarget> {
    let body = json!({ DEVICE: { "name": "brave-ham", "config": { "A": "1" }, "apps": apps } });
    DeviceTarget::read(body.to_string().as_bytes(), DEVICE)
}

fn app(id: u64, service: &Value) -> Value {
    json!({ "id": id, "name": "fleet", "is_host": false, "class": "fleet",
        "releases": { "c0ffee": { "id": 7, "services": { "main": service } } } })
}

fn service() -> Value {
    json!({ "id": 1, "image_id": 2, "image": "registry/v2/aa", "environment": {}, "labels": {} })
}

#[test]
fn target_of_a_device_holds_its_name_variables_and_apps() {
    let target = read(&json!({ "a1": app(41, &service()) })).unwrap();
    assert_eq!((target.name.as_deref(), target.config["A"].as_str()), (Some("brave-ham"), "1"));
    let app = &target.apps["a1"];
    assert_eq!((app.app_id, app.commit.as_str(), app.services["main"].image_id), (41, "c0ffee", 2));
    assert!(target.refused.is_empty() && !target.has_left("any"));
}

#[test]
fn supervisor_and_host_apps_are_named_and_not_applied() {
    let mut apps = json!({ "host": { "id": 2, "is_host": true }, "a1": app(41, &service()) });
    for uuid in SUPERVISOR_APPS {
        apps[uuid] = app(3, &json!({ "image": "supervisor", "composition": { "privileged": true } }));
    }
    let target = read(&apps).unwrap();
    assert_eq!(target.apps.keys().collect::<Vec<_>>(), ["a1"]);
    assert_eq!(target.named.len(), 7);
    assert!(target.refused.is_empty());
}

#[test]
fn app_that_is_refused_by_name_leaves_the_others() {
    let mut bad = service();
    bad["composition"] = json!({ "develop": {}, "restart": 7 });
    let target = read(&json!({ "bad": app(1, &bad), "good": app(2, &service()) })).unwrap();
    assert_eq!(target.apps.keys().collect::<Vec<_>>(), ["good"]);
    assert!(target.refused["bad"].contains("services.main"), "{:?}", target.refused);
    assert!(!target.refused["bad"].contains('\n'));
    assert_eq!(target.refused_releases, BTreeMap::from([("bad".to_owned(), "c0ffee".to_owned())]));
    assert_eq!(target.named.len(), 2);
}

#[test]
fn apps_that_share_an_id_are_refused_both() {
    let target =
        read(&json!({ "a": app(1, &service()), "b": app(1, &service()), "c": app(2, &service()) })).unwrap();
    assert_eq!(target.apps.keys().collect::<Vec<_>>(), ["c"]);
    assert_eq!(target.refused.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(target.refused_releases.keys().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn fleet_without_a_release_is_an_app_without_services() {
    let target =
        read(&json!({ "a": { "id": 1, "name": "fleet-96e475", "is_host": false, "class": "fleet" } }));
    assert!(target.unwrap().apps["a"].services.is_empty());
}

#[test]
fn answer_that_says_nothing_of_the_device_or_its_apps_is_no_target() {
    let read = |text: &str| DeviceTarget::read(text.as_bytes(), DEVICE);
    for text in ["", "<html>", "{\"77cb", "[1]x"] {
        assert!(matches!(read(text), Err(BadTarget::Json(_))), "{text}");
    }
    for text in ["{}", "[]", "null", "7", r#"{"local":{}}"#] {
        assert!(matches!(read(text), Err(BadTarget::OtherDevice)), "{text}");
    }
    for state in ["{}", "null", "[]", r#""x""#, r#"{"apps":null}"#, r#"{"apps":[]}"#, r#"{"apps":7}"#] {
        assert!(matches!(read(&format!(r#"{{"{DEVICE}":{state}}}"#)), Err(BadTarget::NoApps)), "{state}");
    }
    let config = format!(r#"{{"{DEVICE}":{{"apps":{{}},"config":7}}}}"#);
    assert!(matches!(read(&config), Err(BadTarget::Refused(_))));
}

#[test]
fn app_of_any_wrong_type_is_refused_alone() {
    for wrong in
        [json!(null), json!(7), json!("x"), json!([]), json!({}), json!({ "id": "41" }), json!({ "id": 0 })]
    {
        let target = read(&json!({ "wrong": wrong, "good": app(2, &service()) })).unwrap();
        assert_eq!(target.apps.keys().collect::<Vec<_>>(), ["good"], "{wrong}");
        assert_eq!(target.refused.keys().collect::<Vec<_>>(), ["wrong"]);
    }
}

#[test]
fn release_of_a_refused_app_is_known_only_where_one_is_named() {
    let of = |releases: Value| json!({ "a": { "id": "none", "releases": releases } });
    let two = json!({ "c0ffee": {}, "decaf": {} });
    for releases in [json!({}), two, json!([]), json!({ "": {} }), Value::Null] {
        let target = read(&of(releases)).unwrap();
        assert!(target.refused.contains_key("a") && target.refused_releases.is_empty(), "{target:?}");
    }
    assert_eq!(read(&of(json!({ "c0ffee": 7 }))).unwrap().refused_releases["a"], "c0ffee");
}
