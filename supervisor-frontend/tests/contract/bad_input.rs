//! Bodies that nobody should send.

use crate::support::{
    core::{Call, FakeCore},
    frontend::{Device, FORM, Frontend, JSON, KEY, short_body_deadline},
    http::{Connection, Response, request},
};

/// Routes that take a body, and whether their errors are Data/Error JSON.
const BODY_ROUTES: [(&str, bool); 14] = [
    ("/v1/restart", false),
    ("/v1/update", false),
    ("/v1/purge", true),
    ("/v1/reboot", true),
    ("/v1/shutdown", true),
    ("/v1/spawn-tty", false),
    ("/v1/despawn-tty", false),
    ("/v1/apps/2167/stop", false),
    ("/v1/apps/2167/start", false),
    ("/v2/applications/2167/restart", false),
    ("/v2/applications/2167/purge", false),
    ("/v2/applications/2167/start-service", false),
    ("/v2/applications/2167/stop-service", false),
    ("/v2/applications/2167/restart-service", false),
];

fn assert_error(response: &Response, status: u16, go: bool, message: &str, context: &str) {
    let json = format!(r#"{{"Data":"Error","Error":"{message}"}}"#);
    let expected = if go {
        (status, "application/json", json.as_str())
    } else {
        (status, "text/plain; charset=utf-8", message)
    };
    assert_eq!(response.seen(), expected, "{context}");
}

async fn both(frontend: &Frontend, body: &str, message: &str) {
    for (path, go) in
        [("/v1/restart", false), ("/v1/spawn-tty", false), ("/v1/despawn-tty", false), ("/v1/purge", true)]
    {
        assert_error(&frontend.post_json(path, body).await, 400, go, message, body);
    }
}

#[tokio::test]
async fn app_id_that_is_none_is_refused_before_core_is_asked() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let frontend = device.frontend().await;
    core.linked().await;
    for value in [
        r#""../../etc""#,
        "-1",
        "0",
        r#""007""#,
        "1.5",
        "1e3",
        "2167.0",
        "12345678901234567890123",
        r#""12345678901234567890123""#,
        "{}",
        "[2167]",
        "true",
        r#""""#,
        "9007199254740992",
    ] {
        both(&frontend, &format!(r#"{{"appId":{value}}}"#), "Invalid app id").await;
    }
    for body in ["{}", "", r#"{"appId":null}"#, r#"{"thing":""}"#] {
        both(&frontend, body, "Missing app id").await;
    }
    both(&frontend, r#"{"appId":007}"#, "Malformed request body").await;
    frontend.post_json("/v1/restart", r#"{"appId":1}"#).await;
    assert_eq!(core.next().await.0, Call::Restart { app_id: 1, force: false }, "nothing came before it");
}

#[tokio::test]
async fn body_that_is_malformed_answers_400_in_the_routes_format() {
    let device = Device::new();
    let frontend = device.frontend().await;
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    let bodies: [&[u8]; 12] = [
        b"{",
        b"nonsense",
        b"[]",
        b"[1]",
        b"null",
        b"1",
        b"\"x\"",
        b"{\"force\":true,\"force\":true}",
        b"{\"a\":{\"b\":1,\"b\":1}}",
        b"{\"a\":\"\xff\"}",
        b"{}}",
        deep.as_bytes(),
    ];
    for (path, go) in BODY_ROUTES {
        for body in bodies {
            let response = frontend.call("POST", path, &[JSON], Some(body)).await;
            assert_error(&response, 400, go, "Malformed request body", path);
        }
        for body in [&b"a=%ff"[..], b"a=1&a=2"] {
            let response = frontend.call("POST", path, &[FORM], Some(body)).await;
            assert_error(&response, 400, go, "Malformed request body", path);
        }
    }
}

#[tokio::test]
async fn body_of_another_content_type_counts_as_none() {
    let device = Device::new();
    let frontend = device.frontend().await;
    for headers in [&["Content-Type: text/plain"][..], &[], &["Content-Type: application/octet-stream"]] {
        let response = frontend.call("POST", "/v1/restart", headers, Some(br#"{"appId":2167}"#)).await;
        assert_eq!(response.seen().2, "Missing app id", "{headers:?}");
    }
    // What `curl -d` sends without a content type of its own.
    let response = frontend.call("POST", "/v1/restart", &[FORM], Some(br#"{"appId":2167}"#)).await;
    assert_eq!(response.seen().2, "Missing app id");
}

fn padded(length: usize) -> Vec<u8> {
    let mut body = br#"{"appId":2167,"pad":""#.to_vec();
    body.resize(length - 2, b'x');
    body.extend_from_slice(b"\"}");
    body
}

#[tokio::test]
async fn body_of_102400_bytes_is_read_and_of_one_more_answers_413() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let frontend = device.frontend().await;
    core.linked().await;
    let whole = frontend.call("POST", "/v1/restart", &[JSON], Some(&padded(102_400))).await;
    assert_eq!(whole.seen().2, "OK");
    for (path, go) in BODY_ROUTES {
        let response = frontend.call("POST", path, &[JSON], Some(&padded(102_401))).await;
        assert_error(&response, 413, go, "Request body too large", path);
    }
}

#[tokio::test]
async fn body_in_chunks_has_the_same_limit() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let frontend = device.frontend().await;
    core.linked().await;
    for (length, status) in [(102_400, 200), (102_401, 413), (1_000_000, 413)] {
        let target = format!("/v1/purge?apikey={KEY}");
        let mut bytes = request("POST", &target, &[JSON, "Transfer-Encoding: chunked"], None);
        for chunk in padded(length).chunks(10_000) {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        assert_eq!(frontend.raw(bytes).await.status, status, "{length}");
    }
}

#[tokio::test]
async fn body_in_an_encoding_or_charset_that_is_not_understood_answers_415() {
    let device = Device::new();
    let frontend = device.frontend().await;
    for (path, go) in BODY_ROUTES {
        for headers in [
            &[JSON, "Content-Encoding: gzip"][..],
            &[JSON, "Content-Encoding: identity", "Content-Encoding: br"],
            &["Content-Type: application/json; charset=utf-16"],
        ] {
            let response = frontend.call("POST", path, headers, Some(b"{}")).await;
            assert_error(&response, 415, go, "Unsupported content encoding or charset", path);
        }
    }
    let identity =
        frontend.call("POST", "/v1/update", &[JSON, "Content-Encoding: identity"], Some(b"{}")).await;
    assert_eq!(identity.status, 204);
}

#[tokio::test]
async fn body_that_does_not_arrive_answers_408() {
    let device = Device::new();
    let frontend = device.frontend_with(short_body_deadline()).await;
    for (path, go) in BODY_ROUTES {
        let mut connection = Connection::open(frontend.address()).await;
        let head =
            format!("POST {path}?apikey={KEY} HTTP/1.1\r\nHost: d\r\n{JSON}\r\nContent-Length: 10\r\n\r\n{{");
        connection.write(head).await;
        let response = connection.read(false).await.unwrap();
        assert_error(&response, 408, go, "Request body did not arrive in time", path);
    }
}

#[tokio::test]
async fn routes_without_a_body_ignore_what_is_sent() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let frontend = device.frontend().await;
    core.linked().await;
    let large = padded(200_000);
    for (method, path, status) in [
        ("GET", "/ping", 200),
        ("POST", "/v1/blink", 200),
        ("POST", "/v1/tcp-ping", 204),
        ("DELETE", "/v1/tcp-ping", 204),
        ("POST", "/v1/regenerate-api-key", 200),
        ("GET", "/v1/device", 200),
    ] {
        for body in [&b"{"[..], &large] {
            assert_eq!(
                frontend.call(method, path, &[JSON], Some(body)).await.status,
                status,
                "{method} {path}"
            );
        }
    }
}
