//! Names of networks, and what a container is told of them.

use super::*;
use crate::domain::{
    environment::DeviceFacts,
    network::Pool,
    record::AppRecord,
    test_samples::{
        INSTANCE, app, name, network, on_networks, on_subnet, record, render_among, rendered, service,
    },
    wanted::{RenderContext, Wanted, render},
};

/// Hashes of containers as release 0.1.0 wrote them into labels.
const PLAIN_HASH: &str = "585934374671b2a551ade48db1bc680d4b8b8c95675f755df0d269d78aa34221";

fn with_networks(service: Service, networks: &[(&str, AppNetwork)]) -> AppRecord {
    let mut record = record([("web", service)]);
    let named = networks.iter().map(|(text, one)| (network(text), one.clone()));
    record.target.app.networks = named.collect();
    record
}

fn hash(record: &AppRecord) -> String {
    rendered(record).services[&name("web")].config_hash.clone()
}

fn first(wanted: &Wanted) -> (Network, Vec<Endpoint>) {
    let spec = &wanted.services[&name("web")].spec;
    (spec.network.clone(), spec.endpoints.clone())
}

#[test]
fn hash_of_a_container_on_the_plain_default_network_is_that_of_the_first_release() {
    assert_eq!(hash(&record([("web", service())])), PLAIN_HASH);
    let said = with_networks(on_networks(&["default"]), &[("default", AppNetwork::default())]);
    assert_eq!(hash(&said), PLAIN_HASH);
    let beside = with_networks(service(), &[("back", on_subnet("10.1.0.0/16"))]);
    assert_eq!(hash(&beside), PLAIN_HASH);
}

#[test]
fn target_of_an_older_release_is_read_and_written_as_it_was() {
    let text = serde_json::to_string(&record([("web", service())]).target).unwrap();
    assert!(!text.contains("networks"), "{text}");
    assert_eq!(serde_json::from_str::<crate::domain::target::Target>(&text).unwrap().app.networks.len(), 0);
}

#[test]
fn hash_differs_with_every_detail_of_an_attachment_or_its_network() {
    let attach =
        |attachment: Attachment| Service { networks: [(network("default"), attachment)].into(), ..service() };
    let text = |text: &str| text.to_owned();
    let services = [
        service(),
        on_networks(&["back"]),
        on_networks(&["default", "back"]),
        attach(Attachment { aliases: vec![text("www")], ..Attachment::default() }),
        attach(Attachment { ipv4_address: text("10.1.0.9"), ..Attachment::default() }),
        attach(Attachment { ipv6_address: text("fd00::9"), ..Attachment::default() }),
        attach(Attachment { link_local_ips: vec![text("169.254.1.1")], ..Attachment::default() }),
        attach(Attachment { mac_address: text("02:42:ac:11:65:43"), ..Attachment::default() }),
    ];
    let mut hashes: Vec<String> = services.into_iter().map(|s| hash(&with_networks(s, &[]))).collect();
    for network in [on_subnet("10.1.0.0/16"), on_subnet("10.2.0.0/16"), AppNetwork::External("lan".into())] {
        hashes.push(hash(&with_networks(service(), &[("default", network)])));
    }
    let all = hashes.len();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), all);
}

#[test]
fn container_is_made_on_the_network_of_the_highest_priority_and_connected_to_the_others() {
    let mut service = on_networks(&["a", "b", "c"]);
    service.networks.insert(network("c"), Attachment { priority: 1, ..Attachment::default() });
    let wanted = rendered(&with_networks(service, &[]));
    let spec = &wanted.services[&name("web")].spec;
    assert_eq!(spec.network, Network::Named { name: "2167_c".to_owned(), alias: "web".to_owned() });
    let others: Vec<String> = spec.connections().into_iter().map(|e| e.network).collect();
    assert_eq!(others, ["2167_a", "2167_b", "supervisor0"]);
    assert!(spec.endpoints.iter().all(|e| e.aliases == ["web"]));
    assert_eq!(wanted.networks.len(), 3);
}

#[test]
fn external_network_is_joined_by_its_own_name_and_never_wanted_of_core() {
    let wanted = rendered(&with_networks(
        on_networks(&["lan"]),
        &[("lan", AppNetwork::External("house".to_owned())), ("unused", AppNetwork::default())],
    ));
    assert_eq!(first(&wanted).1[0].network, "house");
    assert_eq!(wanted.services[&name("web")].external_networks, ["house"]);
    assert_eq!(wanted.networks.len(), 0);
}

#[test]
fn network_whose_name_is_another_s_gets_a_longer_one_and_keeps_it() {
    let record = record([("web", service())]);
    let plain = network_name(app(), DEFAULT_NETWORK);
    let longer = format!("{plain}_{}", &INSTANCE[..8]);
    let named = |known: &KnownNetworks| {
        let wanted = render_among(&record, None, None, known);
        wanted.networks.into_keys().next().unwrap()
    };
    let taken = KnownNetworks { own: BTreeMap::new(), foreign: [plain.clone()].into() };
    assert_eq!(named(&KnownNetworks::default()), plain);
    assert_eq!(named(&taken), longer);
    let kept = KnownNetworks { own: [(longer.clone(), String::new())].into(), ..KnownNetworks::default() };
    assert_eq!(named(&kept), longer);
}

#[test]
fn installation_with_a_short_label_names_its_networks_by_all_of_it() {
    let record = record([("web", service())]);
    let device = DeviceFacts::default();
    let networks = KnownNetworks { foreign: ["2167_default".to_owned()].into(), ..KnownNetworks::default() };
    let context = RenderContext {
        instance: "ab",
        data_path: "/d",
        device: &device,
        api: None,
        gateway: None,
        networks: &networks,
    };
    assert!(render(&record, &context).networks.contains_key("2167_default_ab"));
}

#[test]
fn fingerprint_is_empty_for_a_plain_network_and_another_for_every_option() {
    let one = || BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    let pool = |pool: Pool| NetworkOptions { pools: vec![pool], ..NetworkOptions::default() };
    let all = [
        NetworkOptions::default(),
        NetworkOptions { driver: "macvlan".to_owned(), ..NetworkOptions::default() },
        NetworkOptions { driver_options: one(), ..NetworkOptions::default() },
        NetworkOptions { internal: true, ..NetworkOptions::default() },
        NetworkOptions { attachable: true, ..NetworkOptions::default() },
        NetworkOptions { ipv6: true, ..NetworkOptions::default() },
        NetworkOptions { labels: one(), ..NetworkOptions::default() },
        NetworkOptions { ipam_driver: "dhcp".to_owned(), ..NetworkOptions::default() },
        NetworkOptions { ipam_options: one(), ..NetworkOptions::default() },
        pool(Pool { subnet: "10.0.0.0/8".to_owned(), ..Pool::default() }),
        pool(Pool { gateway: "10.0.0.1".to_owned(), ..Pool::default() }),
        pool(Pool { ip_range: "10.0.0.0/9".to_owned(), ..Pool::default() }),
        pool(Pool { aux_addresses: one(), ..Pool::default() }),
    ];
    let prints: std::collections::BTreeSet<String> = all.iter().map(NetworkOptions::fingerprint).collect();
    assert_eq!(prints.len(), all.len());
    assert_eq!(prints.first().map(String::as_str), Some(""));
}
