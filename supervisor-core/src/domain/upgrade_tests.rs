//! What an older release has stored, hashed and written into labels stays readable and keeps its meaning:
//! an upgrade never restarts an app.

use super::{
    record::AppRecord,
    target::{Healthcheck, Mount, Port, Protocol, RestartPolicy, Service},
    test_samples::{depending_on, record, rendered, service, volume},
};

/// A record as release 0.1.0 wrote it: every field of that release is set.
const RECORD: &str = include_str!("upgrade_record.json");
/// The hashes of its containers, as release 0.1.0 wrote them into their labels.
const HASHES: [(&str, &str); 2] = [
    ("db", "cbf52081049898da2eb5b7305e600ac648c8df557e24ae41f42727b7113804bb"),
    ("web", "1c1d25db2943310469f889ef03284e790462cd0cb21c917ca05c78ef977fc79e"),
];

fn full() -> Service {
    Service {
        command: Some(vec!["run".to_owned()]),
        entrypoint: Some(Vec::new()),
        environment: [("A".to_owned(), "b".to_owned())].into(),
        labels: [("l".to_owned(), "v".to_owned())].into(),
        ports: vec![Port {
            host_address: "127.0.0.1".to_owned(),
            host_port: 80,
            container_port: 8080,
            protocol: Protocol::Tcp,
        }],
        mounts: vec![
            Mount { volume: volume("store"), target: "/store".to_owned(), read_only: true, no_copy: false },
            Mount {
                volume: volume("shared"),
                target: "/shared".to_owned(),
                read_only: false,
                no_copy: false,
            },
        ],
        restart: RestartPolicy::OnFailure(3),
        user: "1:2".to_owned(),
        working_dir: "/w".to_owned(),
        healthcheck: Some(Healthcheck {
            test: vec!["CMD".to_owned(), "true".to_owned()],
            interval_ms: Some(1),
            timeout_ms: Some(2),
            start_period_ms: Some(3),
            retries: Some(4),
        }),
        stop_signal: "SIGINT".to_owned(),
        stop_grace_ms: 1,
        ..depending_on(&["db"])
    }
}

fn sample() -> AppRecord {
    record([("db", service()), ("web", full())])
}

#[test]
fn record_of_an_older_release_is_read_and_written_unchanged() {
    let read: AppRecord = serde_json::from_str(RECORD).unwrap();
    assert_eq!(read, sample());
    assert_eq!(serde_json::to_string(&read).unwrap(), RECORD.trim_end());
}

#[test]
fn hash_of_a_container_of_an_older_release_stays() {
    let wanted = rendered(&sample());
    let hashes = wanted.services.iter().map(|(name, s)| (name.to_string(), s.config_hash.clone()));
    let expected = HASHES.map(|(name, hash)| (name.to_owned(), hash.to_owned()));
    assert_eq!(hashes.collect::<Vec<_>>(), expected);
}
