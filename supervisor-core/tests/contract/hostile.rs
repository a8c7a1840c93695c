//! Peers that do not speak the contract.

use prost::Message as _;
use supervisor_proto::v1::{HelloRequest, ListRequest};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
};
use tokio_stream::StreamExt as _;
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest,
};

use crate::{raw::call, served::Served};

async fn says(served: &Served, bytes: &[u8]) {
    let mut peer = UnixStream::connect(served.socket()).await.unwrap();
    // The server may have hung up before everything was written.
    let _ = peer.write_all(bytes).await;
    let _ = peer.shutdown().await;
    let mut answer = Vec::new();
    let _ = peer.read_to_end(&mut answer).await;
}

#[tokio::test]
async fn peer_that_speaks_something_else_is_hung_up_on_and_others_are_served() {
    let served = Served::new();
    let client = served.client();
    client.list(ListRequest {}, "-").await.unwrap();
    says(&served, &vec![0xff; 100_000]).await;
    says(&served, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    says(&served, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff").await;
    says(&served, b"").await;
    client.list(ListRequest {}, "-").await.unwrap();
    served.client().hello().await.unwrap();
}

#[tokio::test]
async fn hundred_half_open_connections_do_not_keep_others_out() {
    let served = Served::new();
    let mut open = Vec::new();
    for _ in 0..100 {
        let mut peer = UnixStream::connect(served.socket()).await.unwrap();
        peer.write_all(b"PRI * HT").await.unwrap();
        open.push(peer);
    }
    served.client().list(ListRequest {}, "-").await.unwrap();
    drop(open);
    served.client().list(ListRequest {}, "-").await.unwrap();
}

#[tokio::test]
async fn message_that_is_too_large_or_no_message_is_refused_and_the_connection_serves_on() {
    let served = Served::new();
    let channel = served.channel().await;
    let method = "/supervisor.core.v1.Contract/Hello";
    let huge = HelloRequest { contract_version: 1, client: "x".repeat(5 << 20) }.encode_to_vec();
    assert!(call(&channel, method, huge).await.is_err());
    assert!(call(&channel, method, vec![0xff; 64]).await.is_err());
    call(&channel, "/supervisor.core.v1.Apps/List", Vec::new()).await.unwrap();
}

#[tokio::test]
async fn reflection_lists_the_contract() {
    let served = Served::new();
    let mut client = ServerReflectionClient::new(served.channel().await);
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = client.server_reflection_info(tokio_stream::once(request)).await.unwrap();
    let answer = answers.into_inner().next().await.unwrap().unwrap();
    let text = format!("{answer:?}");
    for service in ["supervisor.core.v1.Apps", "supervisor.core.v1.Power", "grpc.health.v1.Health"] {
        assert!(text.contains(service), "{service}: {text}");
    }
}
