//! Where a container's folders, networks and way to the API are.
use super::*;
use crate::domain::container::Network;

fn bind(source: &str, target: &str) -> Bind {
    Bind { source: source.to_owned(), target: target.to_owned(), read_only: false, no_copy: false }
}

fn given() -> [Bind; 3] {
    let locks = "/tmp/balena-supervisor/services/2167/web";
    [bind(&format!("{DATA_PATH}/2167"), "/data"), bind(locks, "/tmp/balena"), bind(locks, "/tmp/resin")]
}

fn without_api(service: Service) -> WantedService {
    let record = record([("web", service)]);
    render_with(&record, None, Some(GATEWAY)).services.remove(&name("web")).unwrap()
}

fn has_key(wanted: &WantedService) -> bool {
    wanted.spec.environment.contains_key("BALENA_SUPERVISOR_API_KEY")
}

fn address(wanted: &WantedService) -> Option<&str> {
    wanted.spec.environment.get("RESIN_SUPERVISOR_ADDRESS").map(String::as_str)
}

#[test]
fn binds_of_a_plain_service_are_the_given_ones() {
    assert_eq!(of_service(service()).spec.binds, given());
}

#[test]
fn binds_of_a_service_with_its_own_mount_leave_that_place_to_it() {
    for (index, place) in ["/data", "/tmp/balena", "/tmp/resin"].into_iter().enumerate() {
        for written in [place.to_owned(), format!("{place}/")] {
            let own = Service { mounts: vec![mount("store", &written)], ..service() };
            let mut expected = vec![bind("2167_store", &written)];
            expected.extend(given().into_iter().enumerate().filter(|(i, _)| *i != index).map(|(_, b)| b));
            assert_eq!(of_service(own).spec.binds, expected, "{written}");
        }
    }
}

#[test]
fn binds_with_a_mount_below_or_beside_a_given_place_keep_it() {
    for place in ["/data/sub", "/database", "/tmp"] {
        let own = Service { mounts: vec![mount("store", place)], ..service() };
        assert!(given().iter().all(|bind| of_service(own.clone()).spec.binds.contains(bind)), "{place}");
    }
}

#[test]
fn binds_of_volumes_use_the_engines_names() {
    let read_only = Mount { read_only: true, ..mount("shared", "/shared") };
    let spec = of_service(Service { mounts: vec![mount("store", "/store"), read_only], ..service() }).spec;
    let shared = Bind { read_only: true, ..bind(EXTERNAL_VOLUME, "/shared") };
    assert_eq!(spec.binds[..2], [bind("2167_store", "/store"), shared]);
}

#[test]
fn binds_with_a_trailing_slash_of_the_data_path_are_the_same() {
    let (device, networks) = (DeviceFacts::default(), KnownNetworks::default());
    for (data_path, source) in [("/mnt/apps/", "/mnt/apps/2167"), ("/", "/2167")] {
        let context = RenderContext {
            instance: INSTANCE,
            data_path,
            device: &device,
            api: None,
            gateway: None,
            networks: &networks,
        };
        let wanted = render(&record([("web", service())]), &context);
        assert_eq!(wanted.services[&name("web")].spec.binds[0].source, source);
    }
}

#[test]
fn network_of_each_mode_gives_what_the_engine_is_told() {
    let named = Network::Named { name: "2167_default".to_owned(), alias: "web".to_owned() };
    let bridge = Some(SUPERVISOR_NETWORK.to_owned());
    for (mode, network, extra, url) in [
        (NetworkMode::App, named, bridge.clone(), Some("http://10.114.104.1:48484")),
        (NetworkMode::Bridge, Network::Bridge, bridge, Some("http://10.114.104.1:48484")),
        (NetworkMode::Host, Network::Host, None, Some("http://127.0.0.1:48484")),
        (NetworkMode::None, Network::None, None, None),
    ] {
        let wanted = of_service(Service { network: mode, ..service() });
        assert_eq!(wanted.spec.network, network, "{mode:?}");
        assert_eq!(wanted.spec.extra_network, extra, "{mode:?}");
        assert_eq!(address(&wanted), url, "{mode:?}");
    }
}

#[test]
fn api_refused_by_label_is_neither_given_nor_waited_for() {
    for family in ["balena", "resin"] {
        for value in ["0", "false"] {
            let label = (format!("io.{family}.features.supervisor-api"), value.to_owned());
            let refusing = Service { labels: BTreeMap::from([label]), ..service() };
            let wanted = of_service(refusing.clone());
            assert!(!has_key(&wanted), "{family} {value}");
            assert_eq!(wanted.spec.extra_network, None);
            assert!(!without_api(refusing).waits_for_api);
        }
    }
}

#[test]
fn api_asked_for_by_label_or_by_default_is_given() {
    for value in [None, Some("1"), Some("true"), Some("")] {
        let label = value.map(|v| ("io.balena.features.supervisor-api".to_owned(), v.to_owned()));
        let asking = Service { labels: label.into_iter().collect(), ..service() };
        assert!(has_key(&of_service(asking)), "{value:?}");
    }
}

#[test]
fn api_not_known_yet_is_waited_for_unless_there_is_no_network() {
    for (network, waits) in [
        (NetworkMode::App, true),
        (NetworkMode::Bridge, true),
        (NetworkMode::Host, true),
        (NetworkMode::None, false),
    ] {
        let wanted = without_api(Service { network, ..service() });
        assert_eq!(wanted.waits_for_api, waits, "{network:?}");
        assert!(!has_key(&wanted));
        assert!(!of_service(Service { network, ..service() }).waits_for_api);
    }
}

#[test]
fn api_without_a_gateway_is_given_on_the_host_network_only() {
    for (network, given) in [(NetworkMode::App, false), (NetworkMode::Host, true)] {
        let record = record([("web", Service { network, ..service() })]);
        let wanted = render_with(&record, Some(&api()), None);
        assert_eq!(has_key(&wanted.services[&name("web")]), given, "{network:?}");
    }
}
