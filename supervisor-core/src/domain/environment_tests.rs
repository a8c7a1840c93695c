use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;
use crate::domain::test_samples::{GATEWAY, api, facts, name};

const FAMILIES: [&str; 2] = ["RESIN", "BALENA"];

fn composed(own: &[(&str, &str)], access: Option<IpAddr>) -> BTreeMap<String, String> {
    let own = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let device = DeviceFacts { uuid: Some("device-uuid".to_owned()) };
    let known = api();
    compose(&own, &facts(), &name("web"), &device, access.map(|address| (&known, address)))
}

#[test]
fn compose_with_access_sets_every_variable_in_both_families() {
    let all = composed(&[], Some(GATEWAY));
    for family in FAMILIES {
        for (suffix, value) in [
            ("", "1"),
            ("_APP_ID", "2167"),
            ("_APP_NAME", "demo"),
            ("_SERVICE_NAME", "web"),
            ("_DEVICE_UUID", "device-uuid"),
            ("_SUPERVISOR_VERSION", REPORTED_VERSION),
            ("_SUPERVISOR_API_KEY", "secret_key"),
            ("_SUPERVISOR_HOST", "10.114.104.1"),
            ("_SUPERVISOR_PORT", "48484"),
            ("_SUPERVISOR_ADDRESS", "http://10.114.104.1:48484"),
        ] {
            let variable = format!("{family}{suffix}");
            assert_eq!(all.get(&variable).map(String::as_str), Some(value), "{variable}");
        }
    }
    assert_eq!(all.len(), 20);
}

#[test]
fn compose_without_access_tells_nothing_of_the_api() {
    let all = composed(&[], None);
    assert!(all.contains_key("BALENA_SUPERVISOR_VERSION"));
    for suffix in ["API_KEY", "HOST", "PORT", "ADDRESS"] {
        for family in FAMILIES {
            assert_eq!(all.get(&format!("{family}_SUPERVISOR_{suffix}")), None);
        }
    }
}

#[test]
fn compose_with_a_variable_of_the_service_lets_the_supervisor_win() {
    let own = [("RESIN_APP_ID", "1"), ("BALENA_SUPERVISOR_API_KEY", "mine"), ("COLOUR", "blue")];
    let all = composed(&own, Some(GATEWAY));
    assert_eq!(all["RESIN_APP_ID"], "2167");
    assert_eq!(all["BALENA_SUPERVISOR_API_KEY"], "secret_key");
    assert_eq!(all["COLOUR"], "blue");
}

#[test]
fn compose_on_a_device_without_uuid_sets_none() {
    let all = compose(&BTreeMap::new(), &facts(), &name("web"), &DeviceFacts::default(), None);
    assert!(!all.keys().any(|variable| variable.ends_with("_DEVICE_UUID")));
}

#[test]
fn compose_with_an_ipv6_gateway_gives_a_url_with_brackets() {
    let all = composed(&[], Some(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    assert_eq!(all["RESIN_SUPERVISOR_HOST"], "::1");
    assert_eq!(all["RESIN_SUPERVISOR_ADDRESS"], "http://[::1]:48484");
    let all = composed(&[], Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    assert_eq!(all["RESIN_SUPERVISOR_ADDRESS"], "http://127.0.0.1:48484");
}

#[test]
fn variable_of_the_supervisors_version_alone_is_volatile() {
    assert!(is_volatile("RESIN_SUPERVISOR_VERSION") && is_volatile("BALENA_SUPERVISOR_VERSION"));
    for variable in [
        "_SUPERVISOR_VERSION",
        "MY_RESIN_SUPERVISOR_VERSION",
        "RESIN_SUPERVISOR_VERSIONS",
        "BALENA_APP_NAME",
        "RESIN_SUPERVISOR_API_KEY",
        "",
    ] {
        assert!(!is_volatile(variable), "{variable}");
    }
}

#[test]
fn api_access_in_debug_hides_the_key() {
    let text = format!("{:?} {:#?}", api(), api());
    assert!(!text.contains("secret_key"));
    assert!(text.contains("48484"));
}

#[test]
fn api_access_of_a_word_and_a_port_is_accepted() {
    for key in ["a", "A_9", &"x".repeat(64)] {
        let access = ApiAccess::new(key.to_owned(), 1).unwrap();
        assert_eq!(access.expose_key(), key);
    }
}

#[test]
fn api_access_of_anything_else_is_refused() {
    for key in ["", " ", "a-b", "a\n", "ä", "a b", &"x".repeat(65)] {
        assert_eq!(ApiAccess::new(key.to_owned(), 48484), None, "{key:?}");
    }
    assert_eq!(ApiAccess::new("key".to_owned(), 0), None);
}
