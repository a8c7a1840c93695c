//! Every way by which a bind, volume or tmpfs could reach the host, or other apps' data.

use super::*;

fn mounted(mount: Value) -> World {
    let mut create = ordinary();
    create["HostConfig"]["Mounts"].as_array_mut().unwrap().push(mount);
    World::of(create)
}

fn bound(source: &str) -> [World; 2] {
    let mount = json!({ "Type": "bind", "Source": source, "Target": "/x", "ReadOnly": true });
    [mounted(mount), World::with_host("Binds", json!([format!("{source}:/x:ro")]))]
}

#[test]
fn host_path_is_refused_however_it_is_written() {
    for source in [
        "/",
        "/etc",
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/run/balena-engine.sock",
        "/run/supervisor",
        "/run/supervisor/core.sock",
        "/run/dbus",
        "/var/lib/docker",
        "/var/lib/supervisor/core",
        "/proc",
        "/proc/1/root",
        "/proc/self/root/etc",
        "/sys/fs/cgroup",
        "/dev",
        "/resin-data",
        "/resin-data/",
        "/resin-data/1",
        "/resin-data/2168",
        "/resin-data/21670",
        "/resin-data/2167/",
        "/resin-data/2167/.",
        "/resin-data/2167/..",
        "/resin-data/2167/../../etc",
        "/resin-data//2167",
        "//resin-data/2167",
        "/resin-data/2167/sub",
        "/resin-data/2167/sub/deeper",
        "/tmp",
        "/tmp/balena-supervisor/services",
        "/tmp/balena-supervisor/services/2167",
        "/tmp/balena-supervisor/services/2167/db",
        "/tmp/balena-supervisor/services/2168/web",
        "/tmp/balena-supervisor/services/2167/web/sub",
        "relative",
        "./x",
        "~/x",
        "",
    ] {
        for world in bound(source) {
            refused(&world, &source);
        }
    }
}

#[test]
fn planted_symlink_in_place_of_an_own_folder_is_refused() {
    let world = || World::of(ordinary());
    for leads_to in
        ["/", "/etc", "/resin-data", "/resin-data/2168", "/resin-data/2167/sub", "/run/docker.sock"]
    {
        refused(&world().leading(DATA, Place::At(leads_to.to_owned())), &leads_to);
        refused(&world().leading(LOCKS, Place::At(leads_to.to_owned())), &leads_to);
    }
    refused(&world().leading(DATA, Place::Unknown), &"what cannot be followed");
    refused(&world().leading("/resin-data", Place::Unknown), &"a root that cannot be followed");
}

#[test]
fn own_folder_below_its_top_is_never_granted() {
    let sub = "/resin-data/2167/sub";
    for world in bound(sub) {
        let world = world.granted(&format!("binds = [{{ source = \"{sub}\" }}]"));
        let refusals = world.refusals();
        assert!(
            refusals.iter().all(|refusal| refusal.wish.is_none()) && !refusals.is_empty(),
            "{refusals:?}"
        );
    }
}

#[test]
fn granted_path_that_leads_into_an_apps_folder_is_refused() {
    let grant = "binds = [{ source = \"/srv/link\", read_only = true }]";
    for leads_to in
        ["/resin-data/2167/sub", "/resin-data/9/x/y", "/tmp/balena-supervisor/services/2167/web/x"]
    {
        for world in bound("/srv/link") {
            let world = world.granted(grant).leading("/srv/link", Place::At(leads_to.to_owned()));
            refused(&world, &leads_to);
        }
    }
    let [mount, bind] =
        bound("/srv/link").map(|world| world.granted(grant).leading("/srv/link", Place::Unknown));
    refused(&mount, &"magic link");
    refused(&bind, &"magic link");
}

#[test]
fn propagation_to_the_host_is_refused() {
    for propagation in ["shared", "rshared", "anything"] {
        let options = json!({ "Propagation": propagation });
        let mount = json!({ "Type": "bind", "Source": DATA, "Target": "/x", "ReadOnly": false, "BindOptions": options });
        refused(&mounted(mount), &propagation);
        host("Binds", json!([format!("{DATA}:/x:rw,{propagation}")]));
    }
}

#[test]
fn mount_of_another_kind_is_refused() {
    for mount in [
        json!({ "Type": "npipe", "Source": "/x", "Target": "/x" }),
        json!({ "Type": "image", "Source": "x", "Target": "/x" }),
        json!({ "Type": "cluster", "Source": "x", "Target": "/x" }),
        json!({ "Type": "BIND", "Source": "/", "Target": "/x" }),
        json!({ "Source": "/", "Target": "/x" }),
        json!({ "Type": ["bind"], "Source": "/", "Target": "/x" }),
        json!("bind"),
    ] {
        refused(&mounted(mount.clone()), &mount);
    }
}

#[test]
fn volume_that_is_no_plain_one_of_the_apps_own_is_refused() {
    for source in ["", "store", "2168_store", "21670_store", "core-state", "/"] {
        refused(
            &mounted(json!({ "Type": "volume", "Source": source, "Target": "/x", "ReadOnly": false })),
            &source,
        );
    }
    for options in [
        json!({ "DriverConfig": { "Name": "local", "Options": { "type": "none", "o": "bind", "device": "/" } } }),
        json!({ "Labels": { "a": "b" } }),
        json!({ "Subpath": "../.." }),
    ] {
        let mount =
            json!({ "Type": "volume", "Source": "2167_store", "Target": "/x", "VolumeOptions": options });
        refused(&mounted(mount), &options);
    }
    for (key, value) in [
        ("DriverOpts", json!({ "type": "none", "o": "bind", "device": "/" })),
        ("DriverOpts", json!({ "type": "nfs", "o": "addr=10.0.0.9", "device": ":/" })),
        ("DriverOpts", json!({ "type": "overlay", "o": "lowerdir=/" })),
        ("DriverOpts", json!({ "type": "tmpfs", "device": "tmpfs" })),
        ("Driver", json!("rexray")),
        ("ClusterVolumeSpec", json!({})),
        ("Name", json!("2168_store")),
    ] {
        let mut world = World::of(ordinary());
        world.requests.volumes.get_mut("2167_store").unwrap()[key] = value.clone();
        refused(&world, &value);
    }
}

#[test]
fn place_in_the_container_that_is_the_kernels_is_refused() {
    for target in [
        "/",
        "/proc",
        "/proc/self/attr",
        "//proc/",
        "/sys",
        "/sys/fs",
        "/dev",
        "/dev/pts",
        "/a/../proc",
        "x",
        "",
    ] {
        refused(&mounted(json!({ "Type": "volume", "Source": "2167_store", "Target": target })), &target);
        host("Tmpfs", json!({ target: "" }));
        host("Binds", json!([format!("{DATA}:{target}")]));
    }
}

#[test]
fn tmpfs_with_options_that_give_more_is_refused() {
    for options in ["dev", "suid", "size=1m,dev", "rshared", "bind", "remount"] {
        host("Tmpfs", json!({ "/x": options }));
    }
}
