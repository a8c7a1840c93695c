//! The server over its socket, against what was recorded with a real one.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use fake_cloud::{FakeCloud, Fault, Route};
use serde_json::{Value, json};

const KEY: &str = "8d9a6c83d825b1ea7fac577d2ece0088";
const UUID: &str = "77cbf8a128f9462ea978baadf773817e";

/// Status, head in lower case, and body.
struct Answer(u16, String, Vec<u8>);

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.1.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

fn exchange(cloud: &FakeCloud, line: &str, key: Option<&str>, headers: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(cloud.url().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let key = key.map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{key}{headers}Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    // A connection that breaks off is what some cases are about.
    let _ = stream.read_to_end(&mut answer);
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Answer(0, String::new(), Vec::new());
    };
    let body = answer.split_off(end + 4);
    let head = String::from_utf8(answer).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let head = head.lines().map(|line| {
        line.split_once(": ").map_or(line.to_owned(), |(n, v)| format!("{}: {v}", n.to_lowercase()))
    });
    Answer(status, head.collect::<Vec<_>>().join("\n"), body)
}

fn get_state(cloud: &FakeCloud, headers: &str) -> Answer {
    exchange(cloud, &format!("GET /device/v3/{UUID}/state"), Some(KEY), headers, b"")
}

fn with_device() -> FakeCloud {
    let cloud = FakeCloud::start().unwrap();
    let body =
        json!({ "application": cloud.fleet_id(), "device_type": "intel-nuc", "uuid": UUID, "api_key": KEY });
    let json = "Content-Type: application/json\r\n";
    let key = Some(cloud.provisioning_key());
    let answer = exchange(&cloud, "POST /device/register", key, json, body.to_string().as_bytes());
    assert_eq!(answer.0, 201);
    let said: Value = serde_json::from_slice(&answer.2).unwrap();
    assert_eq!(said, json!({ "id": 1, "uuid": UUID, "api_key": KEY }));
    cloud
}

#[test]
fn state_has_no_releases_until_there_is_one_and_its_etag_answers_304() {
    let cloud = with_device();
    let first = get_state(&cloud, "");
    let state: Value = serde_json::from_slice(&first.2).unwrap();
    let app = state.pointer(&format!("/{UUID}/apps/{}", cloud.fleet_uuid())).unwrap();
    assert_eq!(app.get("releases"), None);
    let tag = first.header("etag").unwrap().to_owned();
    let strong = tag.trim_start_matches("W/");
    for given in [tag.as_str(), strong] {
        assert_eq!(get_state(&cloud, &format!("If-None-Match: {given}\r\n")).0, 304);
    }
    let fresh = format!("If-None-Match: {tag}\r\nCache-Control: no-cache\r\n");
    assert_eq!(get_state(&cloud, &fresh).0, 200);
    let commit = cloud.release(json!({ "services": { "main": { "image": "r/v2/aa" } } }));
    let next = get_state(&cloud, &format!("If-None-Match: {tag}\r\n"));
    let state: Value = serde_json::from_slice(&next.2).unwrap();
    let main = format!("/{UUID}/apps/{}/releases/{commit}/services/main/image", cloud.fleet_uuid());
    assert_eq!(state.pointer(&main), Some(&json!("r/v2/aa")));
}

#[test]
fn long_state_is_packed_under_the_same_etag() {
    let cloud = with_device();
    let long = "x".repeat(2000);
    cloud.release(json!({ "services": { "main": { "image": "r/v2/aa", "environment": { "LONG": long } } } }));
    let (plain, packed) = (get_state(&cloud, ""), get_state(&cloud, "Accept-Encoding: gzip\r\n"));
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(plain.header("etag"), packed.header("etag"));
    assert!(packed.2.len() < plain.2.len() / 2);
}

#[test]
fn unknown_and_deleted_devices_are_told_304_without_an_etag() {
    let cloud = with_device();
    let other = exchange(&cloud, "GET /device/v3/c8d0/state", Some(KEY), "", b"");
    assert_eq!((other.0, other.header("etag")), (304, None));
    assert_eq!(exchange(&cloud, &format!("GET /device/v3/{UUID}/state"), Some("0"), "", b"").0, 401);
    cloud.delete_device(UUID);
    let gone = get_state(&cloud, "");
    assert_eq!((gone.0, gone.header("etag")), (304, None));
}

#[test]
fn log_stream_is_answered_at_its_end_and_refuses_another_content_type() {
    let cloud = with_device();
    let line = format!("POST /device/v2/{UUID}/log-stream");
    let body = b"{\"message\":\"a\",\"timestamp\":1}\n{\"message\":\"b\",\"timestamp\":2,\"uuid\":\"x\"}\n";
    let sent = exchange(&cloud, &line, Some(KEY), "Content-Type: application/x-ndjson\r\n", body);
    assert_eq!(sent.0, 201);
    let kept = cloud.look(|world| world.devices().next().unwrap().log.len());
    assert_eq!(kept, 1, "a line that names a uuid is dropped");
    assert_eq!(exchange(&cloud, &line, Some(KEY), "Content-Type: application/json\r\n", body).0, 400);
    assert_eq!(exchange(&cloud, &line, Some("0"), "Content-Type: application/x-ndjson\r\n", body).0, 401);
}

#[test]
fn faults_come_in_their_order_and_then_the_right_answer() {
    let cloud = with_device();
    let faults = [Fault::Status(429, Some(10)), Fault::Truncated, Fault::Closed, Fault::Body(b"[]".to_vec())];
    cloud.fail(Route::State, faults);
    let refused = get_state(&cloud, "");
    assert_eq!((refused.0, refused.header("retry-after")), (429, Some("10")));
    let half = get_state(&cloud, "");
    assert!(half.2.len() < half.header("content-length").unwrap().parse::<usize>().unwrap());
    assert!(get_state(&cloud, "").2.is_empty());
    assert_eq!(get_state(&cloud, "").2, b"[]");
    assert_eq!(get_state(&cloud, "").0, 200);
    let statuses =
        cloud.look(|world| world.requests(Route::State).map(|seen| seen.status).collect::<Vec<_>>());
    assert_eq!(statuses.len(), 5);
}

#[test]
fn cloud_that_was_paused_answers_again_with_what_it_held() {
    let mut cloud = with_device();
    cloud.pause();
    assert!(TcpStream::connect(cloud.url().trim_start_matches("http://")).is_err());
    cloud.resume().unwrap();
    assert_eq!(get_state(&cloud, "").0, 200);
}

#[test]
fn key_of_a_device_is_looked_up_and_exchanged_by_whom_the_server_lets() {
    let cloud = with_device();
    let json = "Content-Type: application/json\r\n";
    let look_up = |key: &str| {
        exchange(&cloud, &format!("GET /v7/device(uuid='{UUID}')?$select=id"), Some(key), "", b"")
    };
    let change = |key: &str| {
        let line = "POST /api-key/device/1/device-key";
        exchange(&cloud, line, Some(key), json, br#"{"apiKey": "4cdf48b2e74962d7166953b43717bff2"}"#)
    };
    let own = look_up(KEY);
    assert_eq!((own.0, own.2.as_slice()), (200, br#"{"d":[{"id":1}]}"#.as_slice()));
    assert_eq!(own.header("cache-control"), Some("no-cache"));
    let filter = format!("GET /v7/device?$select=id,uuid&$filter=uuid%20eq%20'{UUID}'");
    let refused = exchange(&cloud, &filter, Some(cloud.provisioning_key()), "", b"");
    assert_eq!((refused.0, refused.2.len()), (401, 0));
    for key in [cloud.provisioning_key(), KEY, "nobody"] {
        assert_eq!(change(key).0, 401, "{key}");
    }
    let changed = change(cloud.user_key());
    assert_eq!((changed.0, changed.2.as_slice()), (200, br#""4cdf48b2e74962d7166953b43717bff2""#.as_slice()));
    assert_eq!(changed.header("etag").map(|etag| &etag[..5]), Some("W/\"22"));
    assert_eq!(look_up(KEY).0, 401, "the key before is none any more");
    assert_eq!(exchange(&cloud, &filter, Some(cloud.user_key()), "", b"").0, 200);
    cloud.allow_exchange();
    assert_eq!((look_up(cloud.provisioning_key()).0, change(cloud.provisioning_key()).0), (200, 200));
}
