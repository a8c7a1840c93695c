//! What the owner's grants open, and nothing beside it.

use super::*;

/// Refused without the grant, allowed with it, and refused for another image.
#[track_caller]
fn opens(world: impl Fn() -> World, lines: &str) {
    assert!(!world().refusals().is_empty(), "{lines} opens nothing");
    assert_eq!(world().granted(lines).refusals(), [], "{lines}");
    let mut other = world().granted(lines);
    let create = &mut other.requests.services.get_mut(&name()).unwrap().create;
    create["Image"] = json!("registry.example.org/evil/web:3");
    assert!(!other.refusals().is_empty(), "{lines} opens for another image");
}

#[track_caller]
fn opens_host(key: &str, value: &Value, lines: &str) {
    opens(|| World::with_host(key, value.clone()), lines);
}

#[test]
fn each_line_opens_its_field() {
    for (key, value, lines) in [
        ("Privileged", json!(true), "privileged = true"),
        ("CapAdd", json!(["CAP_NET_ADMIN"]), "cap_add = [\"net_admin\"]"),
        ("CapAdd", json!(["SYS_TIME"]), "cap_add = [\"ALL\"]"),
        ("SecurityOpt", json!(["seccomp=unconfined"]), "security_opt = [\"seccomp=unconfined\"]"),
        ("MaskedPaths", json!([]), "security_opt = [\"systempaths=unconfined\"]"),
        ("GroupAdd", json!(["dialout"]), "group_add = [\"dialout\"]"),
        (
            "Sysctls",
            json!({ "net.core.somaxconn": "1024" }),
            "sysctls = { \"net.core.somaxconn\" = \"1024\" }",
        ),
        ("Runtime", json!("kata"), "runtime = \"kata\""),
        ("PidMode", json!("host"), "pid = \"host\""),
        ("IpcMode", json!("host"), "ipc = \"host\""),
        ("IpcMode", json!("shareable"), "ipc = \"shareable\""),
        ("UTSMode", json!("host"), "uts = \"host\""),
        ("UsernsMode", json!("host"), "userns_mode = \"host\""),
        ("CgroupnsMode", json!("host"), "cgroup = \"host\""),
        ("CgroupParent", json!("/apps"), "cgroup_parent = \"/apps\""),
        ("DeviceCgroupRules", json!(["c 188:* rmw"]), "device_cgroup_rules = [\"c 188:* rmw\"]"),
        ("OomScoreAdj", json!(-400), "oom_score_adj = -500"),
        ("OomKillDisable", json!(true), "oom_kill_disable = true"),
        ("Ulimits", json!([{ "Name": "rtprio", "Soft": 9, "Hard": 9 }]), "ulimits = [\"rtprio\"]"),
        (
            "Devices",
            json!([{ "PathOnHost": "/dev/ttyUSB0", "PathInContainer": "/dev/modem", "CgroupPermissions": "rw" }]),
            "devices = [\"/dev/ttyUSB0\"]",
        ),
        (
            "DeviceRequests",
            json!([{ "Driver": "nvidia", "Count": -1, "DeviceIDs": [], "Capabilities": [["gpu"]], "Options": {} }]),
            "device_requests = [{ driver = \"nvidia\", count = -1, capabilities = [\"gpu\"] }]",
        ),
        (
            "LogConfig",
            json!({ "Type": "syslog", "Config": { "tag": "web" } }),
            "logging = { driver = \"syslog\", options = { tag = \"web\" } }",
        ),
        (
            "Binds",
            json!(["/run/dbus:/host/dbus:ro"]),
            "binds = [{ source = \"/run/dbus\", read_only = true }]",
        ),
        ("Binds", json!(["/srv:/srv:rw,rslave"]), "binds = [{ source = \"/srv\" }]"),
        ("NetworkMode", json!("lan"), "networks = [{ name = \"lan\" }]"),
    ] {
        opens_host(key, &value, lines);
    }
}

#[test]
fn grant_of_something_else_opens_nothing() {
    for (key, value, lines) in [
        ("CapAdd", json!(["SYS_ADMIN"]), "cap_add = [\"NET_ADMIN\"]"),
        ("CapAdd", json!(["ALL"]), "cap_add = [\"NET_ADMIN\"]"),
        ("CapAdd", json!(["NET_ADMIN"]), "privileged = true"),
        ("Privileged", json!(true), "cap_add = [\"ALL\"]"),
        ("Sysctls", json!({ "net.core.somaxconn": "2" }), "sysctls = { \"net.core.somaxconn\" = \"1024\" }"),
        ("IpcMode", json!("host"), "ipc = \"shareable\""),
        ("OomScoreAdj", json!(-600), "oom_score_adj = -500"),
        ("Binds", json!(["/run/dbus:/x:rw"]), "binds = [{ source = \"/run/dbus\", read_only = true }]"),
        ("Binds", json!(["/run/dbus/sub:/x:ro"]), "binds = [{ source = \"/run/dbus\" }]"),
        ("Binds", json!(["/run:/x:ro"]), "binds = [{ source = \"/run/dbus\" }]"),
        ("Binds", json!(["/srv:/srv:rw,shared"]), "binds = [{ source = \"/srv\" }]"),
        ("PidMode", json!("container:x"), "pid = \"host\""),
        (
            "Devices",
            json!([{ "PathOnHost": "/dev/ttyUSB1", "PathInContainer": "/x", "CgroupPermissions": "rw" }]),
            "devices = [\"/dev/ttyUSB0\"]",
        ),
        (
            "LogConfig",
            json!({ "Type": "syslog", "Config": { "syslog-address": "tcp://x" } }),
            "logging = { driver = \"syslog\" }",
        ),
    ] {
        let world = World::with_host(key, value.clone()).granted(lines);
        assert!(!world.refusals().is_empty(), "{key} {value} with {lines}");
    }
}

#[test]
fn granted_feature_opens_its_label() {
    let world = || {
        let mut create = ordinary();
        create["Labels"]["io.balena.features.dbus"] = json!("1");
        World::of(create)
    };
    opens(world, "features = [\"dbus\"]");
    assert!(!world().granted("features = [\"procfs\"]").refusals().is_empty());
}

#[test]
fn granted_volume_opens_exactly_that_volume() {
    let options = json!({ "type": "none", "o": "bind", "device": "/srv" });
    let world = || {
        let mut world = World::of(ordinary());
        world.requests.volumes.get_mut("2167_store").unwrap()["DriverOpts"] = options.clone();
        world
    };
    let grant = |device: &str| {
        format!(
            "volumes = [{{ name = \"2167_store\", driver_opts = {{ type = \"none\", o = \"bind\", device = \"{device}\" }} }}]"
        )
    };
    opens(world, &grant("/srv"));
    assert!(!world().granted(&grant("/")).refusals().is_empty());
    assert!(!world().granted("volumes = [{ name = \"2167_store\" }]").refusals().is_empty());
}

#[test]
fn volume_of_somebody_else_needs_its_name() {
    let mount = json!([{ "Type": "volume", "Source": "shared", "Target": "/x", "ReadOnly": false }]);
    opens_host("Mounts", &mount, "volumes = [{ name = \"shared\" }]");
}

#[test]
fn grant_of_one_service_is_not_anothers() {
    let mut world = World::with_host("Privileged", json!(true)).granted("privileged = true");
    let service = world.requests.services.remove(&name()).unwrap();
    world.requests.services.insert(ServiceName::parse("other").unwrap(), service);
    world.look();
    assert!(world.fields().contains(&"services.other.privileged".to_owned()));
}

#[test]
fn image_that_names_no_repository_is_granted_nothing() {
    for image in ["beef", "sha256:beef", "0123456789abcdef"] {
        let mut create =
            World::with_host("Privileged", json!(true)).requests.services[&name()].create.clone();
        create["Image"] = json!(image);
        let text =
            format!("[[grant]]\napp = 2167\nservice = \"web\"\nimage = \"{}\"\nprivileged = true\n", "beef");
        let mut world = World::of(create);
        world.policy = parse(&text).unwrap();
        let refusals = world.refusals();
        assert!(refusals.iter().all(|refusal| refusal.wish.is_none()) && !refusals.is_empty(), "{image}");
    }
}

#[test]
fn app_without_services_has_no_grant_and_only_what_every_app_may_have() {
    let mut world = World::of(ordinary()).granted("volumes = [{ name = \"shared\" }]");
    world.requests.services.clear();
    assert_eq!(world.refusals(), []);
    world.requests.volumes.insert("shared".to_owned(), json!({ "Name": "shared" }));
    let bound = json!({ "type": "none", "o": "bind", "device": "/" });
    let body = json!({ "Name": "2167_other", "DriverOpts": bound });
    world.requests.volumes.insert("2167_other".to_owned(), body);
    let body = json!({ "Name": "2167_lan", "Driver": "macvlan", "Options": { "parent": "eth0" } });
    world.requests.networks.insert("2167_lan".to_owned(), body);
    let mut fields = world.fields();
    fields.sort();
    assert_eq!(fields, ["networks", "volumes", "volumes"]);
    assert!(world.refusals().iter().all(|refusal| refusal.wish.is_none()));
}
