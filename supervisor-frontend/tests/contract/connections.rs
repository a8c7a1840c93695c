//! What connections may do.

use std::time::Duration;

use supervisor_frontend::server::Limits;

use crate::support::{
    core::{Call, FakeCore, Script},
    frontend::{Device, JSON, KEY},
    http::{Connection, request},
    port::Port,
};

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let device = Device::new();
    let frontend = device.frontend().await;
    let mut connection = Connection::open(frontend.address()).await;
    let mut bytes = vec![];
    for target in ["/ping", "/nope", "/v1/blink", "/ping?apikey=bananas", "/nope?apikey=bananas"] {
        bytes.extend(request("GET", target, &[], None));
    }
    bytes.extend(request("POST", &format!("/v1/restart?apikey={KEY}"), &[JSON], Some(b"{}")));
    bytes.extend(request("GET", &format!("/ping?apikey={KEY}"), &[], None));
    connection.write(bytes).await;
    let mut statuses = vec![];
    for _ in 0..7 {
        statuses.push(connection.read(false).await.unwrap().status);
    }
    assert_eq!(statuses, [401, 401, 401, 200, 404, 400, 200]);
}

#[tokio::test]
async fn head_that_does_not_arrive_is_given_up() {
    let device = Device::new();
    let limits = Limits { head_deadline: Duration::from_millis(50), ..Limits::default() };
    let frontend = device.frontend_with(limits).await;
    let mut connection = Connection::open(frontend.address()).await;
    connection.write("GET /ping HTTP/1.1\r\nHost:").await;
    let answer = connection.read(false).await;
    assert!(answer.is_none_or(|response| response.status == 408));
    assert!(connection.is_closed().await);
}

#[tokio::test]
async fn head_that_is_too_large_or_malformed_is_refused() {
    let device = Device::new();
    let frontend = device.frontend().await;
    let many = "X: y\r\n".repeat(200);
    for head in [
        format!("GET /ping?apikey={KEY} HTTP/1.1\r\nHost: d\r\n{many}\r\n"),
        format!("GET /ping?apikey={KEY} HTTP/1.1\r\nHost: d\r\nX: {}\r\n\r\n", "y".repeat(300_000)),
        "nonsense\r\n\r\n".to_owned(),
        format!("POST /v1/blink?apikey={KEY} HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
        format!(
            "POST /v1/blink?apikey={KEY} HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
    ] {
        let mut connection = Connection::open(frontend.address()).await;
        connection.write(&head).await;
        let answer = connection.read(false).await;
        let start: String = head.chars().take(90).collect();
        assert!(
            answer.as_ref().is_none_or(|response| (400..500).contains(&response.status)),
            "{start} {answer:?}"
        );
    }
    assert_eq!(frontend.get("/ping").await.status, 200);
}

#[tokio::test]
async fn stop_finishes_the_request_in_flight() {
    let device = Device::new();
    let mut core = FakeCore::start_with(&device.socket(), Script { hangs: true, ..Script::default() });
    let port = Port::take();
    let frontend = device.frontend_of(Limits::default(), |config| config.listen = port.address).await;
    core.linked().await;
    let address = frontend.address();
    let mut busy = Connection::open(address).await;
    busy.write(request("POST", &format!("/v1/restart?apikey={KEY}"), &[JSON], Some(br#"{"appId":1}"#))).await;
    core.until(|call| matches!(call, Call::Restart { .. })).await;
    let stopped = tokio::spawn(frontend.stop());
    // The worker drains: whatever it decides about the waiting call comes as a whole answer.
    core.kill();
    assert_eq!(busy.read(false).await.unwrap().status, 503);
    stopped.await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn stop_does_not_wait_for_idle_connections() {
    let device = Device::new();
    let limits =
        Limits { keep_alive: Duration::from_hours(1), drain: Duration::from_hours(1), ..Limits::default() };
    let frontend = device.frontend_with(limits).await;
    let mut idle = Connection::open(frontend.address()).await;
    idle.write(request("GET", &format!("/ping?apikey={KEY}"), &[], None)).await;
    assert_eq!(idle.read(false).await.unwrap().status, 200);
    tokio::time::timeout(crate::support::http::PATIENCE, frontend.stop()).await.expect("stop waits");
    assert!(idle.is_closed().await);
}
