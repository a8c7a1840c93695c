//! Networks: whose, and of what kind.

use super::*;

fn changed(key: &str, value: Value) -> World {
    let mut world = World::of(ordinary());
    world.requests.networks.get_mut("2167_default").unwrap()[key] = value;
    world
}

#[test]
fn network_that_is_not_the_apps_own_is_refused() {
    for network in ["lan", "2168_default", "21670_x", "supervisor0", "default", "container:x", ""] {
        let world = World::with_host("NetworkMode", json!(network));
        assert!(!world.refusals().is_empty(), "{network}");
        let mut create = ordinary();
        create["NetworkingConfig"]["EndpointsConfig"][network] = json!({});
        assert!(!World::of(create).refusals().is_empty(), "{network}");
        let mut world = World::of(ordinary());
        let connect = Connect { network: network.to_owned(), body: json!({ "Container": "" }) };
        world.requests.services.get_mut(&name()).unwrap().connects = vec![connect];
        assert_eq!(world.refusals().is_empty(), network == "supervisor0", "{network}");
    }
}

#[test]
fn name_on_the_shared_network_is_refused() {
    let mut world = World::of(ordinary());
    let body = json!({ "Container": "", "EndpointConfig": { "Aliases": ["other-app"] } });
    let connect = Connect { network: "supervisor0".to_owned(), body };
    world.requests.services.get_mut(&name()).unwrap().connects = vec![connect];
    assert_eq!(world.fields(), ["services.web.networks"]);
}

#[test]
fn network_of_another_kind_is_refused() {
    for (key, value) in [
        ("Driver", json!("macvlan")),
        ("Driver", json!("host")),
        ("Driver", json!("overlay")),
        ("Options", json!({ "com.docker.network.bridge.name": "eth0" })),
        ("Options", json!({ "com.docker.network.bridge.trusted_host_interfaces": "eth0" })),
        ("Options", json!({ "com.docker.network.bridge.gateway_mode_ipv4": "nat-unprotected" })),
        ("Options", json!({ "parent": "eth0" })),
        ("Name", json!("2168_default")),
        ("Name", json!("supervisor0")),
        ("Ingress", json!(true)),
        ("ConfigFrom", json!({ "Network": "x" })),
        ("Scope", json!("swarm")),
        ("IPAM", json!({ "Driver": "dhcp" })),
        ("IPAM", json!({ "Options": {} })),
        ("IPAM", json!({ "Config": [{ "Subnet": "10.7.0.0/16", "Any": "x" }] })),
    ] {
        assert!(!changed(key, value.clone()).refusals().is_empty(), "{key} {value}");
    }
}

#[test]
fn subnet_of_the_targets_choice_is_refused_without_a_grant() {
    let of = |subnet: &str| changed("IPAM", json!({ "Config": [{ "Subnet": subnet, "Gateway": "x" }] }));
    for subnet in ["8.8.8.0/24", "0.0.0.0/0", "10.1.0.0/16", "192.168.1.0/30", "fd12:3456:789a::/64", "x"] {
        assert_eq!(of(subnet).fields(), ["services.web.networks"], "{subnet}");
    }
    let grant = |subnet: &str| {
        let options = r#"{ "com.docker.network.driver.mtu" = "1400" }"#;
        format!(
            "networks = [{{ name = \"2167_default\", driver_opts = {options}, subnets = [\"{subnet}\"] }}]"
        )
    };
    for subnet in ["100.64.0.0/16", "192.168.1.0/30"] {
        assert_eq!(of(subnet).granted(&grant(subnet)).refusals(), [], "{subnet}");
        assert_ne!(of("10.9.0.0/16").granted(&grant(subnet)).refusals(), [], "{subnet}");
    }
}

#[test]
fn network_that_no_service_is_on_is_decided_about_too() {
    let mut world = World::of(ordinary());
    let body = json!({ "Name": "2167_other", "Driver": "macvlan", "Options": { "parent": "eth0" } });
    world.requests.networks.insert("2167_other".to_owned(), body);
    assert_eq!(world.fields(), ["services.web.networks"]);
}
