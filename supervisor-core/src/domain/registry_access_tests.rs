use super::*;

fn access(api_host: &str) -> RegistryAccess {
    RegistryAccess::new(api_host, "d_0123".to_owned(), "topsecret".to_owned()).unwrap()
}

fn is_given(api_host: &str, image: &str) -> bool {
    access(api_host).of_image(image).is_some()
}

#[test]
fn registry_of_the_apis_own_domain_is_given_name_and_password() {
    for registry in [
        "registry2.example.org",
        "registry.example.org:5000",
        "example.org",
        "a.b.example.org",
        "api.example.org",
    ] {
        let image = format!("{registry}/v2/0123@sha256:ab");
        let access = access("api.example.org");
        let given = access.of_image(&image).unwrap();
        assert_eq!((given.registry, given.username, given.password), (registry, "d_0123", "topsecret"));
    }
}

#[test]
fn registry_of_a_name_that_only_looks_like_the_domain_is_given_nothing() {
    for registry in [
        "evilexample.org",
        "registry.evilexample.org",
        "registry.example.org.evil.net",
        "example.org.evil.net",
        "registry.example.com",
        "example",
        "org",
        "xn--exmple-cua.org",
        "registry.example.org.",
        "registry..example.org",
        ".example.org",
        "registry.example.org%2f.evil.net",
        "registry.example.org\\.evil.net",
        "registry.exаmple.org",
    ] {
        assert!(!is_given("api.example.org", &format!("{registry}/v2/0123:1")), "{registry}");
    }
}

#[test]
fn registry_behind_a_user_or_another_trick_of_addresses_is_given_nothing() {
    for image in [
        "registry.example.org@evil.net/v2/0123",
        "registry.example.org:pass@evil.net/v2/0123",
        "evil.net@registry.example.org/v2/0123",
        "evil.net:80@registry.example.org/v2/0123",
        "https://registry.example.org/v2/0123",
        "//registry.example.org/v2/0123",
        "registry.example.org:0/v2",
        "registry.example.org:65536/v2",
        "registry.example.org:80:80/v2",
        "registry.example.org:evil.net/v2",
        "registry.example.org:/v2",
        "registry.example.org?x=/v2",
        "evil.net/registry.example.org/v2",
        "evil.net#registry.example.org/v2",
        " registry.example.org/v2",
        "registry.example.org\t/v2",
    ] {
        assert!(!is_given("api.example.org", image), "{image}");
    }
}

#[test]
fn image_without_a_registry_in_its_name_is_given_nothing_whatever_the_domain() {
    for image in
        ["demo", "demo:1", "library/demo", "example/demo:1", "registry2/v2/0123", "demo@sha256:ab", ""]
    {
        for api in ["api.example.org", "api.docker.io", "example", "localhost", "registry2"] {
            assert!(!is_given(api, image), "{image} {api}");
        }
    }
}

#[test]
fn upper_case_and_ports_make_no_difference() {
    assert!(is_given("API.Example.ORG", "registry2.example.org/v2/0123"));
    assert!(is_given("api.example.org:8443", "REGISTRY2.EXAMPLE.ORG:443/v2/0123"));
    assert!(is_given("api.example.org.", "registry2.example.org/v2/0123"));
    assert!(!is_given("api.example.org", "REGISTRY2.EVILEXAMPLE.ORG/v2/0123"));
}

#[test]
fn address_is_given_only_to_the_same_address() {
    assert!(is_given("10.0.0.5", "10.0.0.5:5000/v2/0123"));
    assert!(is_given("10.0.0.5:3000", "10.0.0.5/v2/0123"));
    assert!(is_given("[fd00::1]:80", "[fd00:0::1]:5000/v2/0123"));
    for image in [
        "10.0.0.6/v2",
        "1.10.0.0.5/v2",
        "0.0.5/v2",
        "10.0.5:80/v2",
        "10.0.0.05/v2",
        "0x0a.0.0.5/v2",
        "167772165:80/v2",
        "registry.10.0.0.5/v2",
        "[::ffff:10.0.0.5]/v2",
        "[fd00::2]/v2",
        "[fd00::1/v2",
        "[fd00::1]x/v2",
    ] {
        assert!(!is_given("10.0.0.5", image) && !is_given("[fd00::1]", image), "{image}");
    }
}

#[test]
fn single_label_is_given_only_to_itself() {
    assert!(is_given("localhost", "localhost/v2"));
    assert!(is_given("localhost:3000", "localhost:5000/v2"));
    assert!(is_given("cloud", "cloud:5000/v2"));
    assert!(!is_given("localhost", "registry.localhost/v2"));
    assert!(!is_given("localhost", "127.0.0.1:5000/v2"));
    assert!(!is_given("cloud", "registry.cloud/v2"));
    assert!(!is_given("api.local", "registry.local/v2"), "anybody's machine may be called so");
}

#[test]
fn domain_whose_names_may_be_anybodys_is_not_taken_for_the_apis_own() {
    for (api, other) in [
        ("example.org", "evil.org"),
        ("example.co.uk", "evil.co.uk"),
        ("api.co.uk", "evil.co.uk"),
        ("example.com.au", "evil.com.au"),
        ("me.duckdns.org", "evil.duckdns.org"),
        ("device.ts.net", "evil.ts.net"),
        ("lab.ngrok-free.app", "evil.ngrok-free.app"),
        ("10.0.0.5.nip.io", "11.0.0.5.nip.io"),
        ("ec2-1.us-east-2.compute.amazonaws.com", "ec2-2.us-east-2.compute.amazonaws.com"),
    ] {
        assert!(!is_given(api, &format!("{other}/v2")), "{api} {other}");
        assert!(is_given(api, &format!("{api}/v2")) && is_given(api, &format!("registry.{api}/v2")), "{api}");
    }
}

#[test]
fn domain_of_an_owner_below_such_a_name_is_the_apis_own() {
    for (api, registry) in [
        ("api.example.co.uk", "registry2.example.co.uk"),
        ("api.me.duckdns.org", "registry2.me.duckdns.org"),
        ("api.io.de", "registry2.io.de"),
        ("api.lab.example.org", "registry2.lab.example.org"),
    ] {
        assert!(is_given(api, &format!("{registry}/v2")), "{api}");
    }
    assert!(!is_given("api.lab.example.org", "registry2.example.org/v2"), "one step up, and no further");
}

#[test]
fn host_name_or_password_that_could_not_be_sent_is_refused_by_name() {
    let new =
        |host: &str, name: &str, word: &str| RegistryAccess::new(host, name.to_owned(), word.to_owned());
    for host in
        ["", "https://api.example.org", "api.example.org/x", "u@api.example.org", "a b", "..", "x:y", "1.2"]
    {
        assert_eq!(new(host, "d_1", "k").unwrap_err(), InvalidAccess::Host, "{host}");
    }
    for name in ["", "d_1:k", "d 1", "ö", "a\n", &"a".repeat(257)] {
        assert_eq!(new("a.b.c", name, "k").unwrap_err(), InvalidAccess::Username, "{name}");
    }
    for word in ["", "a\n", "a\0", &"a".repeat(1025)] {
        assert_eq!(new("a.b.c", "d_1", word).unwrap_err(), InvalidAccess::Password);
    }
}

#[test]
fn password_is_in_no_debug_output() {
    let access = access("api.example.org");
    let shown = format!("{access:?} {:?}", access.of_image("registry2.example.org/v2"));
    assert!(shown.contains("d_0123") && !shown.contains("topsecret"), "{shown}");
}

proptest::proptest! {
    #[test]
    fn registry_that_is_given_something_is_always_within_the_domain(registry in "[a-zA-Z0-9.:@_\\[\\]-]{0,24}(example.org)?[a-z.:0-9]{0,8}") {
        let image = format!("{registry}/v2/0123");
        if is_given("api.example.org", &image) {
            let host = registry.split(':').next().unwrap().to_lowercase();
            proptest::prop_assert!(host == "example.org" || host.ends_with(".example.org"), "{}", registry);
        }
    }
}
