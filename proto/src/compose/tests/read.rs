//! Every field that is read, in all its spellings.

use serde_json::json;

use super::{accepted, map, web};
use crate::{
    compose::{Dollars, read_service},
    ids::AppId,
    v1::{Healthcheck, Mount, Port, StringList, restart::Policy},
};

fn words(items: &[&str]) -> StringList {
    StringList { items: items.iter().map(ToString::to_string).collect() }
}

#[test]
fn image_alone_is_a_service_with_the_image_s_own_settings() {
    let service = web("image", json!("host:5000/a/b:1@sha256:00ff"));
    assert_eq!(
        service,
        crate::v1::Service { image: "host:5000/a/b:1@sha256:00ff".into(), ..Default::default() }
    );
}

#[test]
fn command_and_entrypoint_as_list_or_string_are_words() {
    for (value, expected) in [
        (json!(["a", "b c"]), Some(words(&["a", "b c"]))),
        (json!("a 'b c'"), Some(words(&["a", "b c"]))),
        (json!([]), Some(words(&[]))),
        (json!(""), Some(words(&[]))),
        (json!(null), None),
        (json!(["$$x"]), Some(words(&["$x"]))),
    ] {
        assert_eq!(web("command", value.clone()).command, expected, "{value}");
        assert_eq!(web("entrypoint", value.clone()).entrypoint, expected, "{value}");
    }
}

#[test]
fn environment_as_mapping_or_list_is_pairs() {
    let expected = map(&[("A", "1"), ("B", "x=y"), ("C", "true"), ("D", "1.5"), ("E", "")]);
    let mapping = json!({"A": 1, "B": "x=y", "C": true, "D": 1.5, "E": ""});
    assert_eq!(web("environment", mapping).environment, expected);
    let list = json!(["A=1", "B=x=y", "C=true", "D=1.5", "E="]);
    assert_eq!(web("environment", list).environment, expected);
    assert_eq!(web("environment", json!({"RESIN_X": "1"})).environment, map(&[("RESIN_X", "1")]));
}

#[test]
fn labels_without_value_are_empty() {
    let expected = map(&[("a.b", "1"), ("c", "")]);
    assert_eq!(web("labels", json!({"a.b": 1, "c": null})).labels, expected);
    assert_eq!(web("labels", json!(["a.b=1", "c"])).labels, expected);
}

#[test]
fn ports_in_every_spelling_are_ports() {
    let port = |host_address: &str, host_port: u32, container_port: u32, protocol: &str| Port {
        host_address: host_address.into(),
        host_port,
        container_port,
        protocol: protocol.into(),
    };
    for (value, expected) in [
        (json!(80), vec![port("", 0, 80, "tcp")]),
        (json!("80"), vec![port("", 0, 80, "tcp")]),
        (json!("8080:80"), vec![port("", 8080, 80, "tcp")]),
        (json!("8080:80/udp"), vec![port("", 8080, 80, "udp")]),
        (json!("127.0.0.1:8080:80"), vec![port("127.0.0.1", 8080, 80, "tcp")]),
        (json!("127.0.0.1::80/sctp"), vec![port("127.0.0.1", 0, 80, "sctp")]),
        (json!("[::1]:8080:80"), vec![port("::1", 8080, 80, "tcp")]),
        (json!("80-81"), vec![port("", 0, 80, "tcp"), port("", 0, 81, "tcp")]),
        (json!("90-91:80-81"), vec![port("", 90, 80, "tcp"), port("", 91, 81, "tcp")]),
        (json!({"target": 80}), vec![port("", 0, 80, "tcp")]),
        (
            json!({"target": "80", "published": "8080", "host_ip": "::1", "protocol": "udp", "mode": "host", "x-a": 1}),
            vec![port("::1", 8080, 80, "udp")],
        ),
    ] {
        assert_eq!(web("ports", json!([value])).ports, expected, "{value}");
    }
}

#[test]
fn host_ports_on_different_addresses_or_protocols_do_not_conflict() {
    let ports = json!(["127.0.0.1:80:80", "127.0.0.2:80:80", "[::]:80:80", "80:80/udp", "80", "81"]);
    assert_eq!(web("ports", ports).ports.len(), 6);
}

#[test]
fn volumes_in_every_spelling_are_mounts() {
    let mount = |target: &str, read_only| Mount {
        volume: "data".into(),
        target: target.into(),
        read_only,
        no_copy: false,
    };
    for (value, expected) in [
        (json!("data:/d"), mount("/d", false)),
        (json!("data:/d/:ro"), mount("/d", true)),
        (json!("data://d/./e:rw"), mount("/d/e", false)),
        (json!({"type": "volume", "source": "data", "target": "/d"}), mount("/d", false)),
        (json!({"type": "volume", "source": "data", "target": "/d", "read_only": true}), mount("/d", true)),
    ] {
        assert_eq!(web("volumes", json!([value])).volumes, [expected], "{value}");
    }
}

#[test]
fn network_mode_is_kept() {
    for mode in ["host", "none", "bridge"] {
        assert_eq!(web("network_mode", json!(mode)).network_mode, mode);
    }
}

#[test]
fn restart_is_a_policy_with_tries() {
    for (text, policy, tries) in [
        ("no", Policy::No, 0),
        ("always", Policy::Always, 0),
        ("on-failure", Policy::OnFailure, 0),
        ("on-failure:5", Policy::OnFailure, 5),
        ("unless-stopped", Policy::UnlessStopped, 0),
    ] {
        let restart = web("restart", json!(text)).restart.unwrap();
        assert_eq!((restart.policy(), restart.maximum_retry_count), (policy, tries), "{text}");
    }
}

#[test]
fn depends_on_as_list_or_mapping_is_names() {
    for value in [json!(["db"]), json!(["db", "db"]), json!({"db": {"condition": "service_started"}})] {
        assert_eq!(web("depends_on", value).depends_on, ["db"]);
    }
}

#[test]
fn depends_on_with_more_than_a_start_says_what_is_asked() {
    use crate::v1::{DependencyCondition, dependency_condition::State};
    for (value, state, optional, restart) in [
        (json!({"condition": "service_healthy"}), State::Healthy, false, false),
        (
            json!({"condition": "service_completed_successfully", "required": true}),
            State::Completed,
            false,
            false,
        ),
        (json!({"condition": "service_healthy", "required": false}), State::Healthy, true, false),
        (json!({"condition": "service_started", "restart": true}), State::Unspecified, false, true),
    ] {
        let service = web("depends_on", json!({"db": value}));
        let expected = DependencyCondition { state: state.into(), optional, restart };
        assert_eq!(service.dependency_conditions["db"], expected);
        assert_eq!(service.depends_on, ["db"]);
    }
    let absent = json!({"gone": {"condition": "service_started", "required": false}});
    assert_eq!(web("depends_on", absent).depends_on, ["gone"]);
}

#[test]
fn user_and_working_dir_are_kept() {
    for (value, user) in [(json!("www"), "www"), (json!("1000:www"), "1000:www"), (json!(1000), "1000")] {
        assert_eq!(web("user", value).user, user);
    }
    assert_eq!(web("working_dir", json!("/a/b")).working_dir, "/a/b");
}

#[test]
fn healthcheck_is_read_in_full() {
    let value = json!({
        "test": "curl -f x || exit 1", "interval": "1m30s", "timeout": "10s", "start_period": "500ms", "retries": 3,
        "disable": false,
    });
    let expected = Healthcheck {
        test: vec!["CMD-SHELL".into(), "curl -f x || exit 1".into()],
        interval_ms: Some(90_000),
        timeout_ms: Some(10_000),
        start_period_ms: Some(500),
        retries: Some(3),
    };
    assert_eq!(web("healthcheck", value).healthcheck, Some(expected));
}

#[test]
fn healthcheck_tests_in_every_spelling_are_words() {
    for (value, expected) in [
        (json!({"test": ["CMD", "a", "b"]}), vec!["CMD", "a", "b"]),
        (json!({"test": ["CMD-SHELL", "a b"]}), vec!["CMD-SHELL", "a b"]),
        (json!({"test": ["NONE"]}), vec!["NONE"]),
        (json!({"disable": true}), vec!["NONE"]),
        (json!({"interval": "5s"}), vec![]),
    ] {
        assert_eq!(web("healthcheck", value.clone()).healthcheck.unwrap().test, expected, "{value}");
    }
}

#[test]
fn stop_signal_and_grace_period_are_kept() {
    for signal in ["SIGTERM", "INT", "SIGRTMIN+3", "RTMAX-1", "9"] {
        assert_eq!(web("stop_signal", json!(signal)).stop_signal, signal);
    }
    assert_eq!(web("stop_signal", json!(15)).stop_signal, "15");
    assert_eq!(web("stop_grace_period", json!("1m")).stop_grace_period_ms, Some(60_000));
    assert_eq!(web("stop_grace_period", json!("0s")).stop_grace_period_ms, Some(0));
}

#[test]
fn top_level_is_read_in_full() {
    let document = accepted(&json!({
        "version": "3.8", "name": "demo", "x-any": {"$": "${thing}"},
        "services": {"web": {"image": "a", "x-b": 1}},
        "volumes": {"a": null, "b": {}, "c": {"external": true}, "d": {"external": true, "name": "other", "x-c": 1}},
    }));
    assert_eq!(document.name.as_deref(), Some("demo"));
    assert_eq!(document.volumes.len(), 4);
    assert!(!document.volumes["b"].external);
    assert!(document.volumes["c"].external);
    assert_eq!(document.volumes["d"].external_name, "other");
    let target = document.into_target(AppId::new(7).unwrap(), "x".to_owned());
    assert_eq!((target.app_id, target.name.as_str(), target.release_id), (7, "x", 0));
    assert_eq!(target.services["web"].image, "a");
}

#[test]
fn service_of_a_cloud_target_keeps_its_dollars() {
    let value = json!({"image": "a", "environment": {"A": "$x ${y} $$"}});
    let service = read_service("composition.services.web", &value, Dollars::Literal).unwrap();
    assert_eq!(service.environment, map(&[("A", "$x ${y} $$")]));
    let value = json!({"image": "a", "links": ["b"]});
    let refusals = read_service("composition.services.web", &value, Dollars::Literal).unwrap_err();
    assert!(refusals.to_string().starts_with("composition.services.web.links is not supported yet"));
}
