//! Who gets in.

use crate::support::{
    core::FakeCore,
    frontend::{Device, KEY},
    http::{Connection, request},
};

const UNAUTHORIZED: (u16, &str, &str) = (401, "text/plain; charset=utf-8", "Unauthorized");

/// Every route but `/v1/healthy`, which wants no key.
const ROUTES: [(&str, &str); 24] = [
    ("GET", "/ping"),
    ("POST", "/v1/blink"),
    ("POST", "/v1/update"),
    ("POST", "/v1/reboot"),
    ("POST", "/v1/shutdown"),
    ("POST", "/v1/purge"),
    ("POST", "/v1/restart"),
    ("POST", "/v1/tcp-ping"),
    ("DELETE", "/v1/tcp-ping"),
    ("POST", "/v1/regenerate-api-key"),
    ("GET", "/v1/device"),
    ("GET", "/v1/apps/2167"),
    ("POST", "/v1/apps/2167/stop"),
    ("POST", "/v1/apps/2167/start"),
    ("POST", "/v2/applications/2167/restart"),
    ("POST", "/v2/applications/2167/purge"),
    ("POST", "/v2/applications/2167/start-service"),
    ("POST", "/v2/applications/2167/stop-service"),
    ("POST", "/v2/applications/2167/restart-service"),
    ("GET", "/v2/applications/2167/state"),
    ("GET", "/v2/state/status"),
    ("GET", "/v2/version"),
    ("GET", "/unknown"),
    ("PATCH", "/ping"),
];

#[tokio::test]
async fn routes_without_the_key_answer_401_whatever_they_are() {
    let device = Device::new();
    let frontend = device.frontend().await;
    for (method, path) in ROUTES {
        for query in [
            "",
            "?apikey=",
            "?apikey=wrong",
            "?apikey=bananas&apikey=bananas",
            "?ApiKey=bananas",
            "?APIKEY=bananas",
            "?apikey=bananas&%61pikey=x",
            "?apikey[]=bananas",
        ] {
            let response = frontend.raw(request(method, &format!("{path}{query}"), &[], None)).await;
            assert_eq!(response.seen(), UNAUTHORIZED, "{method} {path}{query}");
        }
    }
    let options = frontend.raw(request("OPTIONS", "/ping", &[], None)).await;
    assert_eq!(options.seen(), UNAUTHORIZED);
}

#[tokio::test]
async fn key_in_query_or_header_opens_a_route() {
    let device = Device::new();
    let frontend = device.frontend().await;
    for (target, header) in [
        ("/ping?apikey=bananas", "X: y"),
        ("/ping?a=b&apikey=%62ananas", "X: y"),
        ("/ping?apikey=bananas", "Authorization: Bearer wrong"),
        ("/ping", "Authorization: Bearer bananas"),
        ("/ping", "authorization: bearer bananas"),
        ("/ping", "Authorization: ApiKey bananas"),
        ("/ping?ApiKey=wrong", "Authorization: APIKEY bananas"),
    ] {
        assert_eq!(
            frontend.raw(request("GET", target, &[header], None)).await.status,
            200,
            "{target} {header}"
        );
    }
}

#[tokio::test]
async fn header_of_another_form_or_beside_a_wrong_query_does_not_open_a_route() {
    let device = Device::new();
    let frontend = device.frontend().await;
    for (target, headers) in [
        ("/ping?apikey=wrong", &["Authorization: Bearer bananas"][..]),
        ("/ping?apikey=", &["Authorization: Bearer bananas"]),
        ("/ping", &["Authorization: Basic bananas"]),
        ("/ping", &["Authorization: bananas"]),
        ("/ping", &["Authorization: Bearer"]),
        ("/ping", &["Authorization: Bearer bananas", "Authorization: Bearer bananas"]),
    ] {
        assert_eq!(
            frontend.raw(request("GET", target, headers, None)).await.seen(),
            UNAUTHORIZED,
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn wrong_keys_by_the_thousand_are_all_refused() {
    let device = Device::new();
    let frontend = device.frontend().await;
    let mut connection = Connection::open(frontend.address()).await;
    for number in 0..10_000 {
        connection.write(request("GET", &format!("/ping?apikey={number:064x}"), &[], None)).await;
        assert_eq!(connection.read(false).await.unwrap().status, 401);
    }
    assert_eq!(frontend.get("/ping").await.status, 200);
}

#[tokio::test]
async fn request_without_a_key_is_answered_before_its_body_is_read() {
    let device = Device::new();
    let frontend = device.frontend().await;
    let mut connection = Connection::open(frontend.address()).await;
    connection.write("POST /v1/purge HTTP/1.1\r\nHost: d\r\nContent-Length: 100000\r\n\r\n").await;
    assert_eq!(connection.read(false).await.unwrap().seen(), UNAUTHORIZED);
}

#[tokio::test]
async fn key_generated_at_first_start_survives_a_restart() {
    let device = Device::new();
    let first = device.frontend_with_own_key().await;
    let key = device.stored_key();
    assert_eq!(key.len(), 64);
    first.stop().await;
    let second = device.frontend_with_own_key().await;
    let response = second.raw(request("GET", &format!("/ping?apikey={key}"), &[], None)).await;
    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn key_file_that_is_torn_is_set_aside_and_replaced() {
    let device = Device::new();
    std::fs::create_dir(device.path("state")).unwrap();
    std::fs::write(device.path("state/api-key"), "torn").unwrap();
    let frontend = device.frontend_with_own_key().await;
    let key = device.stored_key();
    assert_eq!(frontend.raw(request("GET", &format!("/ping?apikey={key}"), &[], None)).await.status, 200);
    assert_eq!(std::fs::read_to_string(device.path("state/api-key.corrupt-1")).unwrap(), "torn");
}

#[tokio::test]
async fn key_store_that_cannot_be_made_answers_503_on_every_route() {
    let device = Device::new();
    std::fs::write(device.path("state"), "in the way").unwrap();
    let frontend = device.frontend_with_own_key().await;
    for (method, path) in ROUTES {
        let response = frontend.raw(request(method, &format!("{path}?apikey=x"), &[], None)).await;
        assert_eq!(response.seen(), (503, "text/plain; charset=utf-8", "Key store unavailable"), "{path}");
    }
}

#[tokio::test]
async fn regenerate_without_core_replaces_the_key_at_once() {
    let device = Device::new();
    let frontend = device.frontend_with_own_key().await;
    let old = device.stored_key();
    let target = |key: &str| format!("/v1/regenerate-api-key?apikey={key}");
    let response = frontend.raw(request("POST", &target(&old), &[], None)).await;
    let new = response.body.clone();
    assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(new.len() == 64 && new.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{new}");
    assert_eq!(frontend.raw(request("POST", &target(&old), &[], None)).await.seen(), UNAUTHORIZED);
    assert_eq!(frontend.raw(request("GET", &format!("/ping?apikey={new}"), &[], None)).await.status, 200);
    assert_eq!(device.stored_key(), new);
}

#[tokio::test]
async fn regenerate_that_cannot_be_persisted_keeps_the_old_key() {
    let device = Device::new();
    let frontend = device.frontend_with_own_key().await;
    let key = device.stored_key();
    std::fs::remove_dir_all(device.path("state")).unwrap();
    std::fs::write(device.path("state"), "in the way").unwrap();
    let response =
        frontend.raw(request("POST", &format!("/v1/regenerate-api-key?apikey={key}"), &[], None)).await;
    assert_eq!(response.seen(), (503, "text/plain; charset=utf-8", "Key store unavailable"));
    assert_eq!(frontend.raw(request("GET", &format!("/ping?apikey={key}"), &[], None)).await.status, 200);
}

#[tokio::test]
async fn regenerate_with_a_fixed_key_returns_it() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let frontend = device.frontend().await;
    assert_eq!(core.linked().await, KEY);
    let response = frontend.call("POST", "/v1/regenerate-api-key", &[], None).await;
    assert_eq!(response.seen(), (200, "text/plain; charset=utf-8", KEY));
}
