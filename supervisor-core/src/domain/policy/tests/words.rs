//! What a refusal says.

use super::*;

#[test]
fn refusal_names_field_app_service_and_the_line_that_grants_it() {
    let refusals = World::with_host("CapAdd", json!(["NET_ADMIN", "SYS_TIME"])).refusals();
    let [refusal] = refusals.as_slice() else { panic!("{refusals:?}") };
    let text = refusal.to_string();
    for part in [
        "services.web.cap_add",
        "app 2167",
        "service web",
        "registry.example.org/acme/web",
        r#"cap_add = ["NET_ADMIN", "SYS_TIME"]"#,
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn grant_tables_open_all_that_they_were_written_for() {
    let mut create = ordinary();
    let host = &mut create["HostConfig"];
    host["CapAdd"] = json!(["NET_ADMIN"]);
    host["Privileged"] = json!(true);
    host["PidMode"] = json!("host");
    host["Sysctls"] = json!({ "net.a": "1", "net.b": "2" });
    host["Binds"] = json!(["/srv:/srv", "/run/dbus:/dbus:ro"]);
    host["Devices"] = json!([
        { "PathOnHost": "/dev/a", "PathInContainer": "/dev/a", "CgroupPermissions": "r" },
        { "PathOnHost": "/dev/b", "PathInContainer": "/dev/b", "CgroupPermissions": "r" },
    ]);
    host["LogConfig"] = json!({ "Type": "syslog", "Config": { "tag": "a \"b\" \\" } });
    create["Labels"]["io.balena.features.dbus"] = json!("1");
    let mut world = World::of(create);
    let refusals = world.refusals();
    let text = grant_tables(&refusals).replace('…', r#"a \"b\" \\"#);
    world.policy = parse(&text).unwrap_or_else(|mistakes| panic!("{mistakes:?} in\n{text}"));
    assert_eq!(world.refusals(), [], "{text}");
}

#[test]
fn what_no_grant_allows_says_so_and_gives_no_line() {
    let refusals = World::with_host("VolumesFrom", json!(["x"])).refusals();
    assert!(refusals[0].to_string().contains("no grant allows it"));
    assert_eq!(grant_tables(&refusals), "");
}

#[test]
fn secret_of_a_driver_is_not_repeated() {
    let mut world = World::of(ordinary());
    let options = json!({ "type": "cifs", "o": "username=u,password=hunter2", "device": "//nas/x" });
    world.requests.volumes.get_mut("2167_store").unwrap()["DriverOpts"] = options;
    let logged =
        World::with_host("LogConfig", json!({ "Type": "splunk", "Config": { "splunk-token": "hunter2" } }));
    let key = |name: &str, value: &str| json!({ "Type": "x", "Config": { name: value } });
    let others =
        [key("access_key", "hunter2"), key("accountkey", "hunter2"), key("url", "https://x/?sas=hunter2")]
            .map(|config| World::with_host("LogConfig", config).refusals());
    for refusals in [world.refusals(), logged.refusals()].into_iter().chain(others) {
        assert!(!refusals.is_empty());
        assert!(
            !format!("{refusals:?}").contains("hunter2")
                && !Refusals(refusals).to_string().contains("hunter2")
        );
    }
}
