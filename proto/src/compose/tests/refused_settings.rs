//! Which settings of containers and volumes are refused, by path and words.

use serde_json::{Value, json};

use super::{lines, refusal, with};

fn assert_refused(bad: &[(&str, Vec<Value>)]) {
    for (field, values) in bad {
        for value in values {
            for line in lines(&with(field, value.clone())) {
                assert!(line.starts_with(&format!("services.web.{field}")), "{value}: {line}");
            }
        }
    }
}

#[test]
fn bad_process_or_privilege_is_refused_by_its_name() {
    assert_refused(&[
        ("init", vec![json!("yes"), json!(1)]),
        ("read_only", vec![json!("true")]),
        ("privileged", vec![json!(1)]),
        ("cap_add", vec![json!("ALL"), json!(["a b"]), json!([""]), json!([1])]),
        (
            "security_opt",
            vec![json!(["seccomp=/x.json"]), json!(["seccomp"]), json!(["odd=1"]), json!(["apparmor"])],
        ),
        (
            "devices",
            ["dev", "/dev/a:/dev/b:x", "/a:/b:r:w", "/dev/../x", "/dev/a:"].map(|t| json!([t])).to_vec(),
        ),
        ("devices", vec![json!([{"target": "/dev/a"}]), json!([{"source": "/dev/a", "permissions": "x"}])]),
        ("device_cgroup_rules", ["c 1:3", "x 1:3 r", "c 1:3 x", "c 1 r"].map(|text| json!([text])).to_vec()),
        ("group_add", vec![json!("a"), json!([""]), json!([true, []])]),
        ("pid", vec![json!("private"), json!("")]),
        ("ipc", vec![json!("odd")]),
        ("uts", vec![json!("private")]),
        ("userns_mode", vec![json!("private")]),
        ("cgroup", vec![json!("odd")]),
        ("sysctls", vec![json!(["a"]), json!({"a": null}), json!(["a=1", "a=2"])]),
    ]);
}

#[test]
fn bad_resource_is_refused_by_its_name() {
    assert_refused(&[
        ("mem_limit", vec![json!("x"), json!(-1), json!("1q"), json!([])]),
        ("memswap_limit", vec![json!(-2)]),
        ("mem_swappiness", vec![json!(101), json!("x")]),
        ("cpus", vec![json!("x"), json!(-1), json!("0.0000000001")]),
        ("cpu_shares", vec![json!(-1), json!(1.5)]),
        ("cpuset", vec![json!("a"), json!("1-"), json!("")]),
        ("pids_limit", vec![json!(-2), json!("x")]),
        ("oom_score_adj", vec![json!(1001), json!("x")]),
        ("ulimits", vec![json!({"NOFILE": 1}), json!({"nofile": {"soft": 1}}), json!({"nofile": "x"})]),
        ("ulimits", vec![json!({"nofile": {"soft": 2, "hard": 1}}), json!({"nofile": -2}), json!([])]),
        ("gpus", vec![json!("some"), json!([{"count": 0}]), json!([{"count": 1, "device_ids": ["0"]}])]),
    ]);
}

#[test]
fn bad_name_place_or_count_is_refused_by_its_name() {
    assert_refused(&[
        ("hostname", vec![json!("a b"), json!("-a"), json!("")]),
        ("dns", vec![json!("dns.example.org"), json!(["x"])]),
        ("extra_hosts", vec![json!(["db"]), json!({"db": "x"}), json!(["a b:10.0.0.1"]), json!([""])]),
        ("logging", vec![json!("x"), json!({"driver": ""}), json!({"options": {"a": null}})]),
        (
            "tmpfs",
            vec![
                json!("run"),
                json!("/run:odd"),
                json!(["/run", "/run"]),
                json!("/run:size=x"),
                json!("/run:mode=a"),
            ],
        ),
        ("scale", vec![json!(2), json!(0)]),
    ]);
    for (field, value) in [("pull_policy", "always"), ("pull_policy", "never"), ("expose", "x")] {
        let value = if field == "expose" { json!([value]) } else { json!(value) };
        assert!(refusal(field, value).starts_with(&format!("services.web.{field}")));
    }
}

#[test]
fn deploy_that_needs_a_cluster_or_contradicts_the_service_is_refused() {
    for (value, path) in [
        (json!({"replicas": 2}), "deploy.replicas must be 1"),
        (json!({"mode": "global"}), "deploy.mode is \"global\""),
        (json!({"restart_policy": {}}), "deploy.restart_policy is not supported yet: use restart"),
        (json!({"resources": {"limits": {"memory": "2m"}}}), "deploy.resources.limits.memory contradicts"),
        (json!({"resources": {"limits": {"pids": 2}}}), "deploy.resources.limits.pids contradicts"),
        (json!({"resources": {"limits": {"cpus": "x"}}}), "deploy.resources.limits.cpus must be"),
        (
            json!({"resources": {"reservations": {"devices": [{}]}}}),
            "deploy.resources.reservations.devices[0] has no",
        ),
    ] {
        let service = json!({"image": "a", "mem_limit": "1m", "pids_limit": 1, "deploy": value});
        let found = lines(&json!({"services": {"web": service}}));
        let expected = format!("services.web.{path}");
        // Which of two contradicting fields is named depends on their order.
        let other = expected.contains("contradicts") && found[0].contains("contradicts");
        assert!(found.len() == 1 && (found[0].starts_with(&expected) || other), "{value}: {found:?}");
    }
    let both = json!({"services": {"web": {"image": "a", "cpus": 1, "cpu_quota": 1}}});
    assert!(lines(&both)[0].starts_with("services.web.cpus says the same as cpu_quota"));
    let names = json!({"services": {"web": {"image": "a", "uts": "host", "hostname": "x"}}});
    assert!(lines(&names)[0].starts_with("services.web.hostname has no effect"));
}

#[test]
fn volume_with_a_bad_field_is_refused() {
    for (volume, path) in [
        (json!({"name": "../x"}), ".name is no volume name"),
        (json!({"driver": ""}), ".driver must"),
        (json!({"driver_opts": {"a": null}}), ".driver_opts.a has no value"),
        (json!({"labels": [1]}), ".labels[0] must"),
        (json!({"external": {}}), ".external must"),
        (json!({"external": true, "driver": "local"}), ".driver has no effect on an external volume"),
    ] {
        let found = lines(&json!({"services": {"a": {"image": "b"}}, "volumes": {"v": volume}}));
        assert!(found.len() == 1 && found[0].starts_with(&format!("volumes.v{path}")), "{found:?}");
    }
}
