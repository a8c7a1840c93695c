//! Networks of the document and of its services.

use serde_json::json;

use super::{accepted, lines, map, web};
use crate::v1::{Network, NetworkAttachment, NetworkIpam, NetworkPool};

#[test]
fn networks_of_the_document_are_read_in_full() {
    let document = accepted(&json!({
        "services": {"web": {"image": "a"}},
        "networks": {
            "default": {"internal": true, "x-a": 1},
            "plain": null,
            "lan": {"external": true, "name": "house"},
            "back": {
                "driver": "bridge", "driver_opts": {"com.docker.network.driver.mtu": 1400}, "attachable": true,
                "enable_ipv6": true, "labels": ["a=b"],
                "ipam": {"driver": "default", "options": {"o": "p"}, "config": [
                    {"subnet": "10.1.0.0/16", "gateway": "10.1.0.1", "ip_range": "10.1.2.0/24", "aux_addresses": {"a": "10.1.2.9"}},
                    {"subnet": "fd00::/64"},
                ]},
            },
        },
    }));
    assert_eq!(document.networks["default"], Network { internal: true, ..Network::default() });
    assert_eq!(document.networks["plain"], Network::default());
    let lan = Network { external: true, external_name: "house".into(), ..Network::default() };
    assert_eq!(document.networks["lan"], lan);
    let pools = vec![
        NetworkPool {
            subnet: "10.1.0.0/16".into(),
            gateway: "10.1.0.1".into(),
            ip_range: "10.1.2.0/24".into(),
            aux_addresses: map(&[("a", "10.1.2.9")]),
        },
        NetworkPool { subnet: "fd00::/64".into(), ..NetworkPool::default() },
    ];
    let back = Network {
        driver: "bridge".into(),
        driver_opts: map(&[("com.docker.network.driver.mtu", "1400")]),
        attachable: true,
        enable_ipv6: true,
        labels: map(&[("a", "b")]),
        ipam: Some(NetworkIpam { driver: "default".into(), options: map(&[("o", "p")]), pools }),
        ..Network::default()
    };
    assert_eq!(document.networks["back"], back);
}

#[test]
fn networks_of_a_service_as_list_or_mapping_are_attachments() {
    let none = NetworkAttachment::default();
    for value in [json!(["default"]), json!({"default": null}), json!({"default": {}})] {
        assert_eq!(web("networks", value).networks, [("default".to_owned(), none.clone())].into());
    }
    let value = json!({"default": {
        "aliases": ["www", "x"], "ipv4_address": "10.1.0.2", "ipv6_address": "fd00::2",
        "link_local_ips": ["169.254.8.8"], "mac_address": "02:42:ac:11:65:43", "priority": -1,
    }});
    let expected = NetworkAttachment {
        aliases: vec!["www".into(), "x".into()],
        ipv4_address: "10.1.0.2".into(),
        ipv6_address: "fd00::2".into(),
        link_local_ips: vec!["169.254.8.8".into()],
        mac_address: "02:42:ac:11:65:43".into(),
        priority: -1,
    };
    assert_eq!(web("networks", value).networks["default"], expected);
}

#[test]
fn networks_that_contradict_themselves_are_refused_by_path() {
    let document = json!({
        "services": {
            "a": {"image": "a", "networks": ["nowhere"]},
            "b": {"image": "a", "networks": ["back"], "network_mode": "host"},
            "c": {"image": "a", "networks": {"back": {"priority": "high", "gw_priority": 1}}},
        },
        "networks": {
            "back": {"name": "own"},
            "lan": {"external": true, "internal": true},
            "../x": null,
        },
    });
    let paths: Vec<String> =
        lines(&document).iter().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect();
    let expected = [
        "networks.../x",
        "networks.back.name",
        "networks.lan.internal",
        "services.a.networks",
        "services.b.networks",
        "services.c.networks.back.gw_priority",
        "services.c.networks.back.priority",
    ];
    assert_eq!(paths, expected);
}
