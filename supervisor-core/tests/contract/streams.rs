//! Streams, and the end of the server while they are open.

use std::time::Duration;

use supervisor_core::ports::engine::Reading;
use supervisor_proto::v1::{
    AppRequest, ErrorReason, GetConnectivityRequest, LogsRequest, SetHeartbeatRequest, SetVpnRequest,
    WatchConnectivityRequest, WatchRequest,
};
use tokio::{io::AsyncReadExt as _, net::UnixStream, time::timeout};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{
    fakes::{APP, Fault, World},
    served::Served,
};

/// Long enough for a busy machine, and no more than an init system waits.
const END: Duration = Duration::from_mins(1);

#[tokio::test]
async fn watch_gives_the_state_now_then_changes_and_ends_with_core() {
    let served = Served::on(World::with_app(APP).await);
    let client = served.client();
    let mut watch = client.watch(WatchRequest {}, "-").await.unwrap();
    assert_eq!(watch.message().await.unwrap().unwrap().apps[0].app_id, APP);
    client.restart(AppRequest { app_id: APP, ..AppRequest::default() }, "-").await.unwrap();
    let restarted = async {
        loop {
            let state = watch.message().await.unwrap().unwrap();
            if state.apps[0].services[0].container_id == "c2" {
                return;
            }
        }
    };
    timeout(END, restarted).await.unwrap();
    served.world.closing.send_replace(true);
    timeout(END, async { while watch.message().await.unwrap().is_some() {} }).await.unwrap();
    timeout(END, served.task).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn connectivity_is_told_now_and_when_it_changes() {
    let served = Served::new();
    let client = served.client();
    let mut watch = client.watch_connectivity(WatchConnectivityRequest {}, "-").await.unwrap();
    assert!(watch.message().await.unwrap().unwrap().online);
    served.connectivity.send_modify(|state| state.online = false);
    assert!(!watch.message().await.unwrap().unwrap().online);
    client.set_heartbeat(SetHeartbeatRequest { enabled: false }, "-").await.unwrap();
    assert!(!client.get_connectivity(GetConnectivityRequest {}, "-").await.unwrap().heartbeat_enabled);
}

#[tokio::test]
async fn vpn_is_started_and_stopped_and_a_host_that_cannot_is_said_so() {
    let served = Served::new();
    let client = served.client();
    let set = |enabled| client.set_vpn(SetVpnRequest { enabled }, "-");
    set(false).await.unwrap();
    set(true).await.unwrap();
    assert_eq!(served.world.device.calls(), ["VPN up=false", "VPN up=true"]);
    served.world.device.fault_on("VPN", Fault::Absent);
    assert_eq!(set(true).await.unwrap_err().reason(), Some(ErrorReason::LogindUnavailable));
}

#[tokio::test]
async fn logs_ask_the_engine_for_the_part_that_is_asked_for() {
    let served = Served::on(World::with_app(APP).await);
    let request = LogsRequest {
        app_id: APP,
        tail_lines: Some(5),
        timestamps: true,
        since_ms: Some(7),
        ..LogsRequest::default()
    };
    let mut logs = served.client().logs(request, "-").await.unwrap();
    logs.message().await.unwrap().unwrap();
    let reading = Reading { follow: false, tail: Some(5), since_ns: Some(7_000_000), timed: true };
    assert_eq!(served.world.device.state().output_asked, Some(reading));
}

#[tokio::test]
async fn end_comes_although_streams_and_silent_peers_stay_connected() {
    let served = Served::on(World::with_app(APP).await);
    let client = served.client();
    let _watch = client.watch(WatchRequest {}, "-").await.unwrap();
    let logs = LogsRequest { app_id: APP, follow: true, ..LogsRequest::default() };
    let mut logs = client.logs(logs, "-").await.unwrap();
    assert_eq!(logs.message().await.unwrap().unwrap().data, b"hello from c1\n");
    let mut health = HealthClient::new(served.channel().await);
    let mut health = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(health.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let mut silent = UnixStream::connect(served.socket()).await.unwrap();
    // The server's first bytes show that it has accepted the connection.
    silent.read_u8().await.unwrap();
    served.world.closing.send_replace(true);
    timeout(END, served.task).await.expect("the server ends").unwrap().unwrap();
}
