use super::*;

fn subject<T: std::fmt::Debug>(result: Result<T, CoreError>) -> String {
    match result {
        Err(CoreError::InvalidField { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

fn one(network: v1::Network) -> Result<BTreeMap<NetworkName, AppNetwork>, CoreError> {
    from_wire(HashMap::from([("back".to_owned(), network)]))
}

fn with_pool(pool: v1::NetworkPool) -> v1::Network {
    v1::Network {
        ipam: Some(v1::NetworkIpam { pools: vec![pool], ..Default::default() }),
        ..Default::default()
    }
}

#[test]
fn network_of_the_engine_s_own_defaults_is_plain_whatever_its_words() {
    let named = v1::Network {
        driver: "bridge".to_owned(),
        ipam: Some(v1::NetworkIpam { driver: "default".to_owned(), ..Default::default() }),
        ..Default::default()
    };
    let back = NetworkName::parse("back").unwrap();
    assert_eq!(one(named).unwrap()[&back], AppNetwork::default());
}

#[test]
fn external_network_has_its_own_name_and_is_none_of_the_engine_s() {
    let external = |name: &str| v1::Network {
        external: true,
        external_name: name.to_owned(),
        driver: "ignored".to_owned(),
        ..Default::default()
    };
    let back = NetworkName::parse("back").unwrap();
    assert_eq!(one(external("")).unwrap()[&back], AppNetwork::External("back".to_owned()));
    assert_eq!(one(external("lan")).unwrap()[&back], AppNetwork::External("lan".to_owned()));
    for name in BUILT_IN {
        assert_eq!(subject(one(external(name))), "networks.back");
    }
}

#[test]
fn subnets_and_addresses_that_are_none_are_refused_by_name() {
    let aux = HashMap::from([("a".to_owned(), "x".to_owned())]);
    let pools = [
        (v1::NetworkPool { subnet: "10.0.0.0".into(), ..Default::default() }, "subnet"),
        (v1::NetworkPool { subnet: "10.0.0.0/33".into(), ..Default::default() }, "subnet"),
        (
            v1::NetworkPool { subnet: "10.0.0.0/8".into(), ip_range: "x/8".into(), ..Default::default() },
            "ip_range",
        ),
        (
            v1::NetworkPool { subnet: "10.0.0.0/8".into(), gateway: "x".into(), ..Default::default() },
            "gateway",
        ),
        (v1::NetworkPool { aux_addresses: aux, ..Default::default() }, "aux_addresses"),
    ];
    for (pool, field) in pools {
        assert_eq!(subject(one(with_pool(pool))), format!("networks.back.ipam.config.{field}"));
    }
    let lost = v1::NetworkPool { gateway: "10.0.0.1".into(), ..Default::default() };
    assert_eq!(subject(one(with_pool(lost))), "networks.back.ipam.config");
}

#[test]
fn labels_of_the_supervisor_are_refused() {
    let labels = HashMap::from([("io.supervisor.network-hash".to_owned(), String::new())]);
    assert_eq!(subject(one(v1::Network { labels, ..Default::default() })), "networks.back.labels");
}

#[test]
fn attachment_is_refused_by_the_name_of_what_is_wrong() {
    let pool = v1::NetworkPool { subnet: "10.0.0.0/8".into(), ..Default::default() };
    let known = one(with_pool(pool)).unwrap();
    let attach = |network: &str, attachment: v1::NetworkAttachment, mode| {
        attachments("networks", HashMap::from([(network.to_owned(), attachment)]), mode, &known)
    };
    let wrong = [
        (v1::NetworkAttachment { aliases: vec!["a b".into()], ..Default::default() }, "aliases"),
        (v1::NetworkAttachment { ipv4_address: "fd00::1".into(), ..Default::default() }, "ipv4_address"),
        (v1::NetworkAttachment { ipv6_address: "10.0.0.1".into(), ..Default::default() }, "ipv6_address"),
        (v1::NetworkAttachment { link_local_ips: vec!["x".into()], ..Default::default() }, "link_local_ips"),
        (v1::NetworkAttachment { mac_address: "02:42".into(), ..Default::default() }, "mac_address"),
    ];
    for (attachment, field) in wrong {
        assert_eq!(subject(attach("back", attachment, NetworkMode::App)), format!("networks.back.{field}"));
    }
    let fixed = v1::NetworkAttachment { ipv4_address: "10.0.0.9".into(), ..Default::default() };
    assert!(attach("back", fixed.clone(), NetworkMode::App).is_ok());
    assert_eq!(subject(attach("front", fixed.clone(), NetworkMode::App)), "networks.front");
    assert_eq!(subject(attach("back", fixed, NetworkMode::Host)), "networks");
}
