//! What is refused, by path and words.

use serde_json::{Value, json};

use super::{lines, refusal, with};

#[test]
fn unknown_field_at_any_level_is_refused_by_its_path() {
    for (document, path) in [
        (json!({"services": {"web": {"image": "a"}}, "gizmos": {}}), "gizmos"),
        (with("gizmo", json!(1)), "services.web.gizmo"),
        (with("healthcheck", json!({"gizmo": 1})), "services.web.healthcheck.gizmo"),
        (with("ports", json!([{"target": 1, "gizmo": 1}])), "services.web.ports[0].gizmo"),
        (
            with("volumes", json!([{"type": "volume", "source": "data", "target": "/d", "gizmo": 1}])),
            "services.web.volumes[0].gizmo",
        ),
        (
            with("depends_on", json!({"db": {"condition": "service_started", "gizmo": 1}})),
            "services.web.depends_on.db.gizmo",
        ),
        (json!({"services": {"web": {"image": "a"}}, "volumes": {"v": {"gizmo": 1}}}), "volumes.v.gizmo"),
    ] {
        assert_eq!(lines(&document), [format!("{path} is not supported yet")]);
    }
}

#[test]
fn known_refused_field_says_why() {
    assert_eq!(
        refusal("container_name", json!("x")),
        "services.web.container_name is not supported yet: the supervisor names its containers itself"
    );
    let dotted = json!({"services": {"a.b": {"image": "a", "build": "."}}});
    assert_eq!(
        lines(&dotted),
        [
            "services.a.b.build is not supported yet: images are built elsewhere; name the built one with image"
        ]
    );
}

#[test]
fn all_refusals_of_a_document_come_together_in_order() {
    let document = json!({"include": [], "services": {"web": {"privileged": "maybe", "restart": "maybe"}}});
    let paths: Vec<_> =
        lines(&document).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(paths, ["include", "services.web", "services.web.privileged", "services.web.restart"]);
}

#[test]
fn bad_value_of_a_field_is_refused_once() {
    let refused: [(&str, Vec<Value>); 14] = [
        ("image", vec![json!(""), json!(1), json!("a b"), json!("-a"), json!("a\n")]),
        ("command", vec![json!(1), json!({}), json!([1]), json!("a 'b"), json!("a | b"), json!("a\\")]),
        ("environment", vec![json!("A=1"), json!(["A"]), json!({"A": null}), json!(["=1"]), json!({"": 1})]),
        ("environment", vec![json!({"A=B": 1}), json!({"A": []}), json!(["A=1", "A=2"]), json!({"A": "\0"})]),
        ("labels", vec![json!(1), json!(["=1"]), json!([1]), json!({"a": {}})]),
        (
            "ports",
            [
                "0", "65536", "a", "", "80:", ":80", "80/icmp", "1-2:80", "2-1", "x:80:80", "1:2:3:4", "80/",
                "+1:80",
            ]
            .map(|text| json!([text]))
            .to_vec(),
        ),
        ("ports", vec![json!(80), json!([true]), json!([1.5]), json!([-1]), json!(["1-65535"])]),
        ("ports", vec![json!([{"published": 80}]), json!([{"target": 0}]), json!([{"target": "1-2"}])]),
        ("ports", vec![json!([{"target": 1, "mode": "x"}]), json!([{"target": 1, "protocol": "x"}])]),
        (
            "restart",
            vec![json!(false), json!("maybe"), json!("on-failure:"), json!("on-failure:-1"), json!("no:1")],
        ),
        ("user", vec![json!(""), json!("a:"), json!(":a"), json!("a b"), json!("a:b:c"), json!([])]),
        ("working_dir", vec![json!(""), json!("a"), json!("/a/../b"), json!(1)]),
        (
            "stop_signal",
            vec![json!(""), json!("0"), json!("65"), json!("SIGNOPE"), json!("term"), json!("RTMIN+99")],
        ),
        ("stop_grace_period", vec![json!(10), json!("10"), json!(""), json!("-1s"), json!("1d")]),
    ];
    for (field, values) in refused {
        for value in values {
            let line = refusal(field, value.clone());
            assert!(line.starts_with(&format!("services.web.{field}")), "{value}: {line}");
        }
    }
}

#[test]
fn bad_healthcheck_is_refused() {
    for (value, path) in [
        (json!([]), ""),
        (json!({"test": []}), ".test"),
        (json!({"test": ["a"]}), ".test"),
        (json!({"test": ["CMD"]}), ".test"),
        (json!({"test": ["NONE", "a"]}), ".test"),
        (json!({"retries": -1}), ".retries"),
        (json!({"retries": 1.5}), ".retries"),
        (json!({"interval": 5}), ".interval"),
        (json!({"disable": "yes"}), ".disable"),
        (json!({"disable": true, "test": "a"}), ""),
    ] {
        let line = refusal("healthcheck", value.clone());
        assert!(line.starts_with(&format!("services.web.healthcheck{path} ")), "{value}: {line}");
    }
}

#[test]
fn mount_that_cannot_be_made_is_refused_with_the_reason() {
    let long = |mut mount: Value, part: &str, value: Value| {
        mount[part] = value;
        mount
    };
    let bind = json!({"type": "bind", "source": "/x", "target": "/d"});
    let volume = json!({"type": "volume", "source": "data", "target": "/d"});
    let tmpfs = json!({"type": "tmpfs", "target": "/d"});
    for (value, why) in [
        (json!("./x:/d"), "not absolute"),
        (json!("~/x:/d"), "not absolute"),
        (json!("../x:/d"), "not absolute"),
        (json!("/x/../y:/d"), ".. or a colon"),
        (json!("/x:/d:z"), "only ro, rw and propagation"),
        (json!("/x:/d:nocopy"), "only ro, rw and propagation"),
        (json!({"type": "bind", "target": "/d"}), "no source"),
        (json!({"type": "bind", "source": "data", "target": "/d"}), "not absolute"),
        (json!({"type": "volume", "source": "/x", "target": "/d"}), "type: bind"),
        (long(bind.clone(), "bind", json!({"propagation": "odd"})), "only private"),
        (long(bind.clone(), "bind", json!({"create_host_path": "x"})), "true or false"),
        (long(bind, "volume", json!({"nocopy": true})), "no effect on a mount of type bind"),
        (long(volume, "tmpfs", json!({"size": 1})), "no effect on a mount of type volume"),
        (long(tmpfs.clone(), "tmpfs", json!({"mode": 1777})), "octal"),
        (long(tmpfs.clone(), "tmpfs", json!({"mode": "999"})), "octal"),
        (long(tmpfs, "source", json!("data")), "no effect on a mount of type tmpfs"),
        (json!("/d"), "anonymous"),
        (json!(":/d"), "anonymous"),
        (json!({"type": "volume", "target": "/d"}), "anonymous"),
        (json!({"type": "npipe", "target": "/d"}), "only volume, bind and tmpfs"),
        (json!({"source": "data", "target": "/d"}), "no type"),
        (json!({"type": "volume", "source": "data"}), "no target"),
        (json!("data"), "no target"),
        (json!("data:/d:z"), "only ro, rw and nocopy"),
        (json!("data:d"), "absolute target path"),
        (json!("data:/"), "absolute target path"),
        (json!("data:/a/../b"), ".."),
        (json!("nope:/d"), "not declared"),
        (json!("a b:/d"), "volume name"),
        (json!(1), "must be a string or a mapping"),
    ] {
        let line = refusal("volumes", json!([value]));
        assert!(line.contains(why), "{value}: {line}");
    }
    for twice in ["logs:/d/", "/srv:/d"] {
        let line = refusal("volumes", json!(["data:/d", twice]));
        assert_eq!(line, "services.web.volumes[1] mounts a second volume on /d");
    }
    let both = json!({"services": {"web": {"image": "a", "tmpfs": "/d", "volumes": ["/srv:/d"]}}});
    assert_eq!(lines(&both), ["services.web.tmpfs mounts a second thing on /d"]);
}

#[test]
fn network_mode_of_another_namespace_is_refused() {
    for mode in ["default", "mynet", ""] {
        assert!(refusal("network_mode", json!(mode)).contains("only host, none and bridge"));
    }
    for field in ["network_mode", "pid", "ipc"] {
        for mode in ["container:x", "service:db"] {
            assert!(refusal(field, json!(mode)).contains("cannot join another container"), "{field} {mode}");
        }
    }
    let both = json!({"services": {"web": {"image": "a", "network_mode": "host", "ports": ["80:80"]}}});
    assert_eq!(lines(&both), ["services.web.ports has no effect with network_mode host: remove one of them"]);
}

#[test]
fn host_port_that_is_used_twice_is_refused() {
    for (one, other) in [
        ("80:80", "80:81"),
        ("80:80", "127.0.0.1:80:81"),
        ("0.0.0.0:80:80", "127.0.0.1:80:81"),
        ("[::]:80:80", "[::1]:80:80"),
        ("79-81:79-81", "80:80"),
    ] {
        let service = |port: &str| json!({"image": "a", "ports": [port]});
        let document = json!({"services": {"a": service(one), "b": service(other)}});
        let expected = "services.b.ports publishes host port 80/tcp, which a publishes already";
        assert_eq!(lines(&document), [expected], "{one} {other}");
    }
}

#[test]
fn dependency_that_is_missing_conditional_or_circular_is_refused() {
    assert!(refusal("depends_on", json!(["nope"])).contains("no service of this file"));
    assert!(refusal("depends_on", json!(["web"])).contains("circle"));
    let healthy = json!({"db": {"condition": "ready"}});
    assert_eq!(
        refusal("depends_on", healthy),
        "services.web.depends_on.db.condition is \"ready\", not service_started, service_healthy or service_completed_successfully"
    );
    assert!(refusal("depends_on", json!({"db": {}})).contains("no condition"));
    let on = |name: &str| json!({"image": "a", "depends_on": [name]});
    let circle = json!({"services": {"a": on("b"), "b": on("c"), "c": on("b"), "d": {"image": "a"}}});
    let found = lines(&circle);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("services.b.depends_on leads back"), "{found:?}");
}

#[test]
fn variable_in_any_value_is_refused() {
    for text in ["$X", "${X}", "a${X:-b}", "$", "a$$$b", "$1"] {
        for value in [json!([text]), json!(text)] {
            assert!(refusal("command", value).contains("$$ for a literal $"), "{text}");
        }
        assert!(refusal("environment", json!({"A": text})).contains("services.web.environment.A contains"));
    }
}

#[test]
fn document_without_shape_is_refused() {
    for (document, expected) in [
        (json!(null), "the document must be a mapping"),
        (json!([]), "the document must be a mapping"),
        (json!({}), "services is empty: an app has at least one service"),
        (json!({"services": null}), "services is empty: an app has at least one service"),
        (json!({"services": []}), "services must be a mapping"),
        (json!({"services": {}}), "services is empty: an app has at least one service"),
        (json!({"services": {"x-a b": {}}}), "services.x-a b is no service name"),
        (json!({"services": {"a": null}}), "services.a must be a mapping"),
        (json!({"services": {"a": {}}}), "services.a has no image"),
        (json!({"services": {"a": {"image": "b"}}, "name": ""}), "name must have 1 to 255 bytes"),
        (json!({"services": {"a": {"image": "b"}}, "volumes": []}), "volumes must be a mapping"),
        (
            json!({"services": {"a": {"image": "b"}}, "volumes": {"../v": null}}),
            "volumes.../v is no volume name",
        ),
        (json!({"services": {"../a": {"image": "b"}}}), "services.../a is no service name"),
        (json!({"services": {"a\n\u{1b}": {"image": "b"}}}), "services.a\\n\\u{1b} is no service name"),
    ] {
        let found = lines(&document);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{document}: {found:?}");
    }
}
