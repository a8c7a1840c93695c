//! Who may see a terminal, and what the page's answers carry.

use crate::support::{
    frontend::KEY,
    http::Connection,
    terminal::{Stage, get},
    websocket::WebSocket,
};

#[tokio::test]
async fn page_exchanges_the_token_for_a_cookie_and_tells_nobody() {
    let stage = Stage::new().await;
    let link = stage.spawn().await;
    let page = link.page().await;
    let answer = &page.answer;
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.ends_with(&format!("; Path={}; HttpOnly; SameSite=Strict", page.path)), "{cookie}");
    assert!(!cookie.contains(&link.token) && !answer.body.contains(&link.token));
    assert!(!answer.body.contains(page.cookie.split_once('=').unwrap().1));
    assert!(answer.body.contains(&format!("data-session=\"{}\"", page.path)));
}

#[tokio::test]
async fn page_allows_nothing_but_its_own_listener() {
    let stage = Stage::new().await;
    let link = stage.spawn().await;
    let (one, other) = (link.page().await.answer, link.page().await.answer);
    let policy = one.header("content-security-policy").unwrap();
    for part in ["default-src 'none'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert_ne!(policy, other.header("content-security-policy").unwrap(), "a nonce is used once");
    let nonce = policy.split_once("'nonce-").unwrap().1.split_once('\'').unwrap().0;
    assert!(one.body.contains(&format!("nonce=\"{nonce}\"")));
    assert!(!one.body.contains("://"), "no request to anybody else");
}

#[tokio::test]
async fn page_for_a_reload_gives_no_cookie() {
    let stage = Stage::new().await;
    let page = stage.spawn().await.page().await;
    let again = get(page.address, &page.path, &[]).await;
    assert_eq!((again.status, again.header("set-cookie")), (200, None));
}

#[tokio::test]
async fn terminal_is_alive_for_who_has_its_cookie_while_it_lives() {
    let stage = Stage::new().await;
    let page = stage.spawn().await.page().await;
    let alive = format!("{}alive", page.path);
    assert_eq!(get(page.address, &alive, &[&page.cookie]).await.status, 204);
    assert_eq!(get(page.address, &alive, &[]).await.status, 404, "a page without the cookie may give up");
    stage.frontend.post_json("/v1/despawn-tty", crate::support::terminal::APP).await;
    assert_eq!(get(page.address, &alive, &[&page.cookie]).await.status, 404);
}

#[tokio::test]
async fn assets_of_the_page_are_there_and_may_be_kept() {
    let stage = Stage::new().await;
    let page = stage.spawn().await.page().await;
    let scripts: Vec<&str> =
        page.answer.body.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert!(scripts.len() >= 4, "{scripts:?}");
    for path in &scripts {
        let asset = get(page.address, path, &[]).await;
        assert_eq!((asset.status, asset.header("content-encoding")), (200, Some("gzip")), "{path}");
        assert!(asset.header("cache-control").unwrap().contains("immutable"));
        let tag = format!("If-None-Match: {}", asset.header("etag").unwrap());
        assert_eq!(get(page.address, path, &[&tag]).await.status, 304, "{path}");
    }
    let folder = scripts[0].rsplit_once('/').unwrap().0;
    for (name, kind) in
        [("xterm.mjs", "text/javascript"), ("xterm.css", "text/css"), ("icon.svg", "image/svg+xml")]
    {
        let asset = get(page.address, &format!("{folder}/{name}"), &[]).await;
        assert!(asset.header("content-type").unwrap().starts_with(kind), "{name}");
    }
    assert_eq!(get(page.address, "/assets/other/xterm.mjs", &[]).await.status, 404);
}

#[tokio::test]
async fn terminals_listener_serves_nothing_else_and_the_api_no_terminal() {
    let stage = Stage::new().await;
    let page = stage.spawn().await.page().await;
    let wrong = format!("/{}", "0".repeat(64));
    let key = format!("/ping?apikey={KEY}");
    for path in [
        "/",
        &wrong,
        &key,
        "/ping",
        "/v1/device",
        "/v1/spawn-tty",
        "/s/",
        "/s/0000000000000000/",
        "/s/0000000000000000/socket",
        "/assets/",
        "/favicon.ico",
        "//",
        "/%2e%2e/",
    ] {
        let answer = get(page.address, path, &[]).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    }
    for path in [page.path.as_str(), &page.socket()] {
        assert_eq!(stage.frontend.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn socket_without_the_cookie_or_from_another_origin_is_403() {
    let stage = Stage::new().await;
    let page = stage.spawn().await.page().await;
    let other = stage.frontend.post_json("/v1/spawn-tty", r#"{"appId":7}"#).await;
    let other = crate::support::terminal::Link::of(&other.body).page().await;
    let (cookie, origin) = (page.cookie.as_str(), page.origin());
    let wrong = format!("Cookie: terminal={}", "0".repeat(64));
    for headers in [
        &[][..],
        &[origin.as_str()],
        &[cookie],
        &[cookie, "Origin: null"],
        &[cookie, "Origin: http://evil.example.org"],
        &[cookie, "Origin: http://127.0.0.1"],
        &[cookie, &origin, &origin],
        &[&wrong, &origin],
        &[&other.cookie, &origin],
    ] {
        let (status, _) = WebSocket::connect(page.address, &page.socket(), headers).await;
        assert_eq!(status, 403, "{headers:?}");
    }
    let (status, _) =
        WebSocket::connect(page.address, &page.socket(), &["Cookie: a=b", cookie, &origin]).await;
    assert_eq!(status, 101);
}

#[tokio::test]
async fn answer_of_the_terminals_listener_carries_the_headers_that_protect_it_whatever_it_says() {
    let stage = Stage::new().await;
    let page = stage.spawn().await.page().await;
    let socket = page.socket();
    let own = [page.cookie.as_str(), &page.origin()].join("\r\n");
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade";
    let head =
        |line: &str, headers: &str| format!("{line} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n\r\n", page.address);
    for (status, request) in [
        (404, head("GET /nothing", "")),
        (404, head("GET /%ff", "")),
        (404, head("POST /x", "Content-Length: 0")),
        (404, head("DELETE /s/x/socket", "")),
        (404, head("OPTIONS *", "")),
        (404, head("GET /assets/1/x", "")),
        (403, head(&format!("GET {socket}"), upgrade)),
        // With cookie and origin, and no handshake, or a wrong one.
        (400, head(&format!("GET {socket}"), &own)),
        (400, head(&format!("GET {socket}"), &format!("{own}\r\n{upgrade}"))),
        (426, head(&format!("GET {socket}"), &format!("{own}\r\n{upgrade}\r\nSec-WebSocket-Version: 12"))),
        (400, head(&format!("GET {socket}"), &format!("{own}\r\n{upgrade}\r\nSec-WebSocket-Version: 13"))),
        (404, head(&format!("POST {socket}"), &format!("{own}\r\n{upgrade}\r\nSec-WebSocket-Version: 13"))),
    ] {
        let mut connection = Connection::open(page.address).await;
        connection.write(request.as_bytes()).await;
        let answer = connection.read(false).await.expect("closed without an answer");
        assert_eq!(answer.status, status, "{request}");
        for (name, value) in [
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{request}");
        }
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{request}{policy}");
    }
}
