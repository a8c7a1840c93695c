//! Every route as the cloud's proxy asks for it, and what the proxy makes of the answer.

use serde_json::Value;
use supervisor_frontend::routes;
use supervisor_proto::v1::{
    AppDescription, ErrorReason,
    ErrorReason::{
        AppNotFound, ContainerNotRunning, ContractMismatch, EngineRefused, EngineUnavailable, FrontendAbsent,
        Internal, InvalidArgument, LimitReached, LogindUnavailable, NoShell, PeerDenied, PolicyRefused,
        PowerRefused, StillInProgress, StoreUnavailable, UnsafePath, UpdatesLocked,
    },
};

use crate::support::{
    core::FakeCore,
    frontend::{Device, Frontend, KEY},
    http::Response,
};

const HOST: &str = "77cbf8a128f9462ea978baadf773817e.balena:48484";
const REASONS: [ErrorReason; 18] = [
    AppNotFound,
    ContainerNotRunning,
    ContractMismatch,
    EngineRefused,
    EngineUnavailable,
    FrontendAbsent,
    Internal,
    InvalidArgument,
    LimitReached,
    LogindUnavailable,
    NoShell,
    PeerDenied,
    PolicyRefused,
    PowerRefused,
    StillInProgress,
    StoreUnavailable,
    UnsafePath,
    UpdatesLocked,
];
/// What a caller's `data` may be; none is an empty body without a content type.
const DATA: [Option<&str>; 8] = [
    None,
    Some("{}"),
    Some(r#"{"appId":2167}"#),
    Some(r#"{"appId":"2167","force":true}"#),
    Some(r#"{"appId":2167,"serviceName":"main"}"#),
    Some(r#"{"appId":2167,"imageId":7}"#),
    Some(r#"{"appId":"_(\"é","serviceName":"_(\"é"}"#),
    Some("[1]"),
];

/// Method and path of every route.
fn routes() -> Vec<(&'static str, String)> {
    let each = |(path, allow): (&str, &'static str)| {
        let path = path.replace("{app_id}", "2167");
        let methods = allow.split(", ").filter(|method| !["HEAD", "OPTIONS"].contains(method));
        methods.map(|method| (method, path.clone())).collect::<Vec<_>>()
    };
    routes::paths().flat_map(each).collect()
}

/// A request as it arrives through the tunnel.
async fn through_the_tunnel(frontend: &Frontend, method: &str, path: &str, data: Option<&str>) -> Response {
    let body = match data {
        Some(data) => {
            format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{data}", data.len())
        }
        None if method == "GET" => "\r\n".to_owned(),
        None => "content-length: 0\r\n\r\n".to_owned(),
    };
    let head = format!("{method} {path}?apikey={KEY} HTTP/1.1\r\nhost: {HOST}\r\nConnection: close\r\n");
    frontend.raw(format!("{head}{body}").into_bytes()).await
}

/// What the caller of the cloud gets: status and body, or what the proxy could not pass on.
fn proxied(answer: &Response) -> Result<(u16, String), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || ":'.?!,/-".contains(c);
    let kind = answer.header("content-type").map(|kind| kind.split(';').next().unwrap_or_default().trim());
    match kind {
        None if answer.body.is_empty() => Ok((answer.status, String::new())),
        None => Err("the body is dropped".to_owned()),
        Some("application/json") => match serde_json::from_str::<Value>(&answer.body) {
            Ok(_) => Ok((answer.status, answer.body.clone())),
            Err(error) => Err(error.to_string()),
        },
        Some("text/plain" | "text/html") if answer.body.chars().all(is_plain) => {
            Ok((answer.status, answer.body.clone()))
        }
        Some(other) => Err(format!("{other} is not passed on")),
    }
}

#[track_caller]
fn assert_passes(answer: &Response, what: &str) -> (u16, String) {
    proxied(answer).unwrap_or_else(|why| panic!("{what}: {why}: {answer:?}"))
}

fn describe(core: &FakeCore) {
    let app = AppDescription { app_id: 2167, ..AppDescription::default() };
    core.shared.described.lock().unwrap().insert(2167, app);
}

#[test]
fn model_of_the_proxy_is_as_strict_as_the_proxy() {
    let answer = |kind: Option<&str>, body: &str| Response {
        status: 200,
        headers: kind.map(|kind| ("content-type".to_owned(), kind.to_owned())).into_iter().collect(),
        body: body.to_owned(),
    };
    let text = Some("text/plain; charset=utf-8");
    assert!(proxied(&answer(text, "Updates are locked: /data/x.lock, isn't it?")).is_ok());
    for (kind, body) in [
        (text, "a_b"),
        (text, "\"quoted\""),
        (Some("text/html"), "<p>"),
        (Some("application/json"), "{"),
        (Some("application/octet-stream"), "x"),
        (None, "x"),
    ] {
        assert!(proxied(&answer(kind, body)).is_err(), "{kind:?} {body}");
    }
}

#[tokio::test]
async fn every_route_with_any_data_passes_the_proxy() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    describe(&core);
    let frontend = device.frontend().await;
    core.linked().await;
    for (method, path) in routes() {
        for data in DATA {
            let answer = through_the_tunnel(&frontend, method, &path, data).await;
            let (status, _) = assert_passes(&answer, &format!("{method} {path} {data:?}"));
            assert!(status != 401 && status != 405 && status < 500, "{method} {path} {data:?}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn every_route_passes_the_proxy_whatever_core_refuses_it_for() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    describe(&core);
    let frontend = device.frontend().await;
    core.linked().await;
    for reason in REASONS {
        core.script(|script| {
            script.failure = Some((reason, "services.\"main\".cap_add", "no_thing (\"x\") é; {}"));
        });
        for (method, path) in routes() {
            for data in [None, Some(r#"{"appId":2167,"serviceName":"main"}"#)] {
                let answer = through_the_tunnel(&frontend, method, &path, data).await;
                assert_passes(&answer, &format!("{reason:?} {method} {path} {data:?}"));
            }
        }
    }
}

#[tokio::test]
async fn every_route_without_core_passes_the_proxy() {
    let device = Device::new();
    let frontend = device.frontend().await;
    for (method, path) in routes() {
        for data in [None, Some(r#"{"appId":2167}"#)] {
            let answer = through_the_tunnel(&frontend, method, &path, data).await;
            assert_passes(&answer, &format!("{method} {path} {data:?}"));
        }
    }
}

#[tokio::test]
async fn path_method_or_body_that_no_route_takes_passes_the_proxy() {
    let device = Device::new();
    let frontend = device.frontend().await;
    let long = format!(r#"{{"x":"{}"}}"#, "x".repeat(200_000));
    for (method, path, data, status) in [
        ("POST", "/nope_(\")", None, 404),
        ("PUT", "/v1/restart", Some("{}"), 405),
        ("PATCH", "/ping", Some("{}"), 405),
        ("HEAD", "/ping", None, 200),
        ("POST", "/v1/restart", Some(long.as_str()), 413),
        ("POST", "/v1/purge", Some(long.as_str()), 413),
        ("POST", "/v1/restart", Some("{\"appId\":"), 400),
    ] {
        let answer = through_the_tunnel(&frontend, method, path, data).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        if method != "HEAD" {
            assert_passes(&answer, &format!("{method} {path}"));
        }
    }
    let head = format!("POST /v1/update?apikey=wrong HTTP/1.1\r\nhost: {HOST}\r\nConnection: close\r\n");
    let answer = frontend.raw(format!("{head}content-length: 0\r\n\r\n").into_bytes()).await;
    assert_eq!(assert_passes(&answer, "wrong key"), (401, "Unauthorized".to_owned()));
}
