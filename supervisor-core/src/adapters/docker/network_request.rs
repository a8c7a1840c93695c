//! The bodies of `POST /networks/create` and `POST /networks/{name}/connect`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::domain::network::{Endpoint, NetworkOptions, Pool};

/// Translates what a network is made from.
pub fn create_body(name: &str, options: &NetworkOptions, labels: &BTreeMap<String, String>) -> Value {
    let driver = if options.driver.is_empty() { "bridge" } else { &options.driver };
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    set("Name", json!(name));
    set("Driver", json!(driver));
    set("CheckDuplicate", json!(true));
    set("Labels", json!(labels));
    if !options.driver_options.is_empty() {
        set("Options", json!(options.driver_options));
    }
    for (name, flag) in
        [("Internal", options.internal), ("Attachable", options.attachable), ("EnableIPv6", options.ipv6)]
    {
        if flag {
            set(name, json!(true));
        }
    }
    if let Some(ipam) = ipam(options) {
        set("IPAM", ipam);
    }
    Value::Object(body)
}

fn ipam(options: &NetworkOptions) -> Option<Value> {
    let mut ipam = Map::new();
    let mut set = |name: &str, value: Value| drop(ipam.insert(name.to_owned(), value));
    if !options.ipam_driver.is_empty() {
        set("Driver", json!(options.ipam_driver));
    }
    if !options.ipam_options.is_empty() {
        set("Options", json!(options.ipam_options));
    }
    if !options.pools.is_empty() {
        set("Config", options.pools.iter().map(pool).collect());
    }
    (!ipam.is_empty()).then_some(Value::Object(ipam))
}

fn pool(pool: &Pool) -> Value {
    let mut body =
        texts(&[("Subnet", &pool.subnet), ("Gateway", &pool.gateway), ("IPRange", &pool.ip_range)]);
    if !pool.aux_addresses.is_empty() {
        body.insert("AuxiliaryAddresses".to_owned(), json!(pool.aux_addresses));
    }
    Value::Object(body)
}

/// Translates how a container is on a network.
pub fn endpoint(endpoint: &Endpoint) -> Value {
    let mut body = texts(&[("MacAddress", &endpoint.mac_address)]);
    if !endpoint.aliases.is_empty() {
        body.insert("Aliases".to_owned(), json!(endpoint.aliases));
    }
    let mut ipam = texts(&[("IPv4Address", &endpoint.ipv4_address), ("IPv6Address", &endpoint.ipv6_address)]);
    if !endpoint.link_local_ips.is_empty() {
        ipam.insert("LinkLocalIPs".to_owned(), json!(endpoint.link_local_ips));
    }
    if !ipam.is_empty() {
        body.insert("IPAMConfig".to_owned(), Value::Object(ipam));
    }
    Value::Object(body)
}

/// Those of these fields that say something.
fn texts(fields: &[(&str, &String)]) -> Map<String, Value> {
    let said = fields.iter().filter(|(_, text)| !text.is_empty());
    said.map(|(name, text)| ((*name).to_owned(), json!(text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_network_is_a_bridge_and_nothing_more() {
        let labels = BTreeMap::from([("l".to_owned(), "v".to_owned())]);
        let expected =
            json!({ "Name": "n", "Driver": "bridge", "CheckDuplicate": true, "Labels": { "l": "v" } });
        assert_eq!(create_body("n", &NetworkOptions::default(), &labels), expected);
    }

    #[test]
    fn network_with_every_option_says_them_all() {
        let one = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let options = NetworkOptions {
            driver: "macvlan".to_owned(),
            driver_options: one("parent", "eth0"),
            internal: true,
            attachable: true,
            ipv6: true,
            labels: BTreeMap::new(),
            ipam_driver: "dhcp".to_owned(),
            ipam_options: one("o", "p"),
            pools: vec![
                Pool {
                    subnet: "10.1.0.0/16".to_owned(),
                    gateway: "10.1.0.1".to_owned(),
                    ip_range: "10.1.2.0/24".to_owned(),
                    aux_addresses: one("printer", "10.1.2.9"),
                },
                Pool { subnet: "fd00::/64".to_owned(), ..Pool::default() },
            ],
        };
        let expected = json!({
            "Name": "n", "Driver": "macvlan", "CheckDuplicate": true, "Labels": {}, "Options": { "parent": "eth0" },
            "Internal": true, "Attachable": true, "EnableIPv6": true,
            "IPAM": { "Driver": "dhcp", "Options": { "o": "p" }, "Config": [
                { "Subnet": "10.1.0.0/16", "Gateway": "10.1.0.1", "IPRange": "10.1.2.0/24", "AuxiliaryAddresses": { "printer": "10.1.2.9" } },
                { "Subnet": "fd00::/64" },
            ] },
        });
        assert_eq!(create_body("n", &options, &BTreeMap::new()), expected);
    }

    #[test]
    fn endpoint_says_only_what_is_said() {
        assert_eq!(endpoint(&Endpoint::plain("n")), json!({}));
        let full = Endpoint {
            network: "n".to_owned(),
            aliases: vec!["web".to_owned(), "www".to_owned()],
            ipv4_address: "10.1.2.3".to_owned(),
            ipv6_address: "fd00::3".to_owned(),
            link_local_ips: vec!["169.254.8.8".to_owned()],
            mac_address: "02:42:ac:11:65:43".to_owned(),
            made_from: "hash".to_owned(),
        };
        let expected = json!({
            "MacAddress": "02:42:ac:11:65:43", "Aliases": ["web", "www"],
            "IPAMConfig": { "IPv4Address": "10.1.2.3", "IPv6Address": "fd00::3", "LinkLocalIPs": ["169.254.8.8"] },
        });
        assert_eq!(endpoint(&full), expected);
    }
}
