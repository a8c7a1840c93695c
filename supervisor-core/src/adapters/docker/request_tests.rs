use std::collections::BTreeMap;

use super::*;
use crate::domain::settings::Settings;

fn spec() -> ContainerSpec {
    ContainerSpec {
        name: "web_1_2_c".to_owned(),
        image: "demo:1".to_owned(),
        command: None,
        entrypoint: None,
        environment: BTreeMap::from([("A".to_owned(), "b=c".to_owned())]),
        labels: BTreeMap::from([("l".to_owned(), "v".to_owned())]),
        ports: Vec::new(),
        binds: Vec::new(),
        network: Network::Host,
        endpoints: Vec::new(),
        extra_network: None,
        restart: RestartPolicy::Always,
        user: String::new(),
        working_dir: String::new(),
        healthcheck: None,
        stop_signal: String::new(),
        stop_grace_ms: 10_000,
        settings: Settings::default(),
    }
}

#[test]
fn body_of_a_plain_container_leaves_the_image_its_own_settings() {
    assert_eq!(
        create_body(&spec()),
        json!({
            "Image": "demo:1",
            "Env": ["A=b=c"],
            "Labels": { "l": "v" },
            "StopTimeout": 10,
            "ExposedPorts": {},
            "HostConfig": {
                "NetworkMode": "host",
                "RestartPolicy": { "Name": "always" },
                "Mounts": [],
                "PortBindings": {},
            },
        })
    );
}

fn full() -> ContainerSpec {
    ContainerSpec {
        command: Some(vec!["run".to_owned()]),
        entrypoint: Some(vec!["/init".to_owned()]),
        ports: vec![
            Port {
                host_address: "127.0.0.1".to_owned(),
                host_port: 80,
                container_port: 8080,
                protocol: Protocol::Tcp,
            },
            Port { host_address: String::new(), host_port: 0, container_port: 8080, protocol: Protocol::Tcp },
            Port { host_address: String::new(), host_port: 53, container_port: 53, protocol: Protocol::Udp },
        ],
        binds: vec![
            Bind {
                source: "/resin-data/1".to_owned(),
                target: "/data".to_owned(),
                read_only: false,
                no_copy: false,
            },
            Bind { source: "1_db".to_owned(), target: "/db".to_owned(), read_only: true, no_copy: false },
        ],
        network: Network::Named { name: "1_default".to_owned(), alias: "web".to_owned() },
        restart: RestartPolicy::OnFailure(3),
        user: "7:8".to_owned(),
        working_dir: "/w".to_owned(),
        healthcheck: Some(Healthcheck {
            test: vec!["CMD".to_owned(), "true".to_owned()],
            interval_ms: Some(1500),
            timeout_ms: None,
            start_period_ms: Some(2),
            retries: Some(4),
        }),
        stop_signal: "SIGINT".to_owned(),
        stop_grace_ms: 1001,
        ..spec()
    }
}

#[test]
fn body_carries_every_setting_in_the_engines_units() {
    let body = create_body(&full());
    assert_eq!(body["Cmd"], json!(["run"]));
    assert_eq!(body["Entrypoint"], json!(["/init"]));
    assert_eq!(body["User"], "7:8");
    assert_eq!(body["WorkingDir"], "/w");
    assert_eq!(body["StopSignal"], "SIGINT");
    assert_eq!(body["StopTimeout"], 2);
    assert_eq!(
        body["Healthcheck"],
        json!({ "Test": ["CMD", "true"], "Interval": 1_500_000_000_u64, "StartPeriod": 2_000_000, "Retries": 4 })
    );
    assert_eq!(body["ExposedPorts"], json!({ "8080/tcp": {}, "53/udp": {} }));
    assert_eq!(
        body["HostConfig"],
        json!({
            "NetworkMode": "1_default",
            "RestartPolicy": { "Name": "on-failure", "MaximumRetryCount": 3 },
            "Mounts": [
                { "Type": "bind", "Source": "/resin-data/1", "Target": "/data", "ReadOnly": false },
                { "Type": "volume", "Source": "1_db", "Target": "/db", "ReadOnly": true },
            ],
            "PortBindings": {
                "8080/tcp": [
                    { "HostIp": "127.0.0.1", "HostPort": "80" },
                    { "HostIp": "", "HostPort": "" },
                ],
                "53/udp": [{ "HostIp": "", "HostPort": "53" }],
            },
        })
    );
    assert_eq!(
        body["NetworkingConfig"],
        json!({ "EndpointsConfig": { "1_default": { "Aliases": ["web"] } } })
    );
}

#[test]
fn entrypoint_that_is_empty_is_told_as_none() {
    let spec = ContainerSpec { entrypoint: Some(Vec::new()), ..spec() };
    assert_eq!(create_body(&spec)["Entrypoint"], json!([""]));
}
