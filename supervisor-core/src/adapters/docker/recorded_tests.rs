//! Answers as Docker and Podman gave them, shortened to what is read of them.

use std::collections::BTreeMap;

use super::recorded::{Recorded, Recording};
use crate::{
    domain::{
        network::{Endpoint, NetworkOptions},
        observed::ContainerId,
        target::RestartPolicy,
    },
    ports::engine::{Engine as _, EngineError, NetworkRemoval},
};

const DOCKER: Recording = (
    "GET /version",
    200,
    r#"{"Components":[{"Name":"Engine"}],"Version":"28.5.2","ApiVersion":"1.51","MinAPIVersion":"1.24"}"#,
);
const PODMAN: Recording = (
    "GET /version",
    200,
    r#"{"Components":[{"Name":"Podman Engine"}],"Version":"5.4.2","ApiVersion":"1.41","MinAPIVersion":"1.24"}"#,
);
const SUBNET_TAKEN: &str = r#"{"cause":"subnet 10.114.104.0/25 is already used on the host or by another config","message":"subnet 10.114.104.0/25 is already used on the host or by another config","response":500}"#;

fn id() -> ContainerId {
    ContainerId("6f566aec".to_owned())
}

async fn health(recordings: Vec<Recording>) -> String {
    let recorded = Recorded::serve(recordings);
    recorded.engine.containers(&[]).await.unwrap().pop().unwrap().health
}

#[tokio::test]
async fn health_that_the_list_tells_is_read_there() {
    let list = r#"[{"Id":"fa503340","Names":["/c1"],"State":"running","Status":"Up 3 seconds (healthy)"}]"#;
    assert_eq!(health(vec![DOCKER, ("GET /containers/json", 200, list)]).await, "healthy");
}

#[tokio::test]
async fn health_that_the_list_lacks_is_asked_for() {
    let list = r#"[{"Id":"6f566aec","Names":["/c1"],"State":"running","Status":"Up 3 seconds"}]"#;
    let inspected = r#"{"State":{"Status":"running","Health":{"Status":"healthy","FailingStreak":0}}}"#;
    let listed = ("GET /containers/json", 200, list);
    assert_eq!(
        health(vec![PODMAN, listed, ("GET /containers/6f566aec/json", 200, inspected)]).await,
        "healthy"
    );
    // It was removed meanwhile.
    let gone = ("GET /containers/6f566aec/json", 404, r#"{"message":"no such container"}"#);
    assert_eq!(health(vec![PODMAN, listed, gone]).await, "");
}

#[tokio::test]
async fn network_that_is_there_already_counts_as_made_where_it_bears_our_labels() {
    let there = r#"{"cause":"network already exists","message":"network name n1 already used: network already exists","response":500}"#;
    let labels = BTreeMap::from([("io.balena.app-id".to_owned(), "1".to_owned())]);
    for (listed, is_ours) in [
        (r#"[{"Name":"n1","Labels":{"io.balena.app-id":"1"}}]"#, true),
        (r#"[{"Name":"n1","Labels":{"io.balena.app-id":"2"}}]"#, false),
        (r#"[{"Name":"n2","Labels":{"io.balena.app-id":"1"}}]"#, false),
    ] {
        let there = ("POST /networks/create", 500, there);
        let recorded = Recorded::serve(vec![PODMAN, there, ("GET /networks", 200, listed)]);
        let made = recorded.engine.create_network("n1", &NetworkOptions::default(), &labels).await;
        assert_eq!(made.is_ok(), is_ours, "{made:?}");
    }
}

#[tokio::test]
async fn supervisor_network_on_a_taken_subnet_is_asked_for_without_it() {
    let refused = ("POST /networks/create", 500, SUBNET_TAKEN);
    let made = ("POST /networks/create", 201, r#"{"Id":"0f151cfb","Warning":""}"#);
    let recorded = Recorded::serve(vec![PODMAN, refused, made, ("GET /networks", 200, "[]")]);
    let created = recorded.engine.create_supervisor_network(&BTreeMap::new()).await;
    assert!(created.is_ok(), "{created:?}");
    let asked = recorded.asked.lock().unwrap();
    assert_eq!(asked.iter().filter(|line| line.starts_with("POST /networks/create")).count(), 2, "{asked:?}");
}

#[tokio::test]
async fn container_that_is_connected_already_counts_as_connected() {
    let message = r#"{"message":"container 6f566aec is already connected to network \"n1\": network is already connected","response":500}"#;
    let recorded = Recorded::serve(vec![PODMAN, ("POST /networks/n1/connect", 500, message)]);
    let endpoint = Endpoint { network: "n1".to_owned(), ..Endpoint::default() };
    let connected = recorded.engine.connect(&endpoint, &id()).await;
    assert!(connected.is_ok(), "{connected:?}");
}

#[tokio::test]
async fn network_in_use_is_left() {
    let used = r#"{"message":"\"n1\" has associated containers with it. Use -f to forcibly delete containers and pods: network is being used","response":500}"#;
    let recorded = Recorded::serve(vec![PODMAN, ("DELETE /networks/n1", 500, used)]);
    assert_eq!(recorded.engine.remove_network("n1").await.unwrap(), NetworkRemoval::InUse);
}

#[tokio::test]
async fn start_of_a_program_that_is_not_there_is_refused_for_good() {
    let absent = r#"{"message":"crun: executable file `/a` not found: No such file or directory: OCI runtime attempted to invoke a command that was not found","response":500}"#;
    let other =
        r#"{"message":"crun: mount /a: No such file or directory: OCI runtime error","response":500}"#;
    for (message, expected) in [(absent, 400), (other, 500)] {
        let recorded = Recorded::serve(vec![PODMAN, ("POST /containers/6f566aec/start", 500, message)]);
        let started = recorded.engine.start(&id()).await;
        assert!(
            matches!(started, Err(EngineError::Refused { status, .. }) if status == expected),
            "{started:?}"
        );
    }
}

#[tokio::test]
async fn engine_that_cannot_change_a_restart_policy_does_not_stop_a_stop() {
    let recorded = Recorded::serve(vec![PODMAN]);
    let changed = recorded.engine.set_restart(&id(), RestartPolicy::No).await;
    assert!(changed.is_ok(), "{changed:?}");
}
