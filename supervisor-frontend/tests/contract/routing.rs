//! Methods, paths and headers.

use crate::{support::frontend::Device, tables::TEXT};

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let device = Device::new();
    let frontend = device.frontend().await;
    let response = frontend.call("HEAD", "/ping", &[], None).await;
    assert_eq!((response.status, response.header("content-length")), (200, Some("2")));
    assert_eq!(frontend.call("HEAD", "/v1/device", &[], None).await.status, 200);
    assert_eq!(frontend.call("HEAD", "/v1/blink", &[], None).await.status, 405);
}

#[tokio::test]
async fn methods_and_paths_that_are_not_there_answer_404_and_405() {
    let device = Device::new();
    let frontend = device.frontend().await;
    let routes = [
        ("/ping", "GET, HEAD, OPTIONS"),
        ("/v1/device", "GET, HEAD, OPTIONS"),
        ("/v1/blink", "POST, OPTIONS"),
        ("/v1/update", "POST, OPTIONS"),
        ("/v1/reboot", "POST, OPTIONS"),
        ("/v1/shutdown", "POST, OPTIONS"),
        ("/v1/purge", "POST, OPTIONS"),
        ("/v1/restart", "POST, OPTIONS"),
        ("/v1/regenerate-api-key", "POST, OPTIONS"),
        ("/v1/spawn-tty", "POST, OPTIONS"),
        ("/v1/despawn-tty", "POST, OPTIONS"),
        ("/v1/tcp-ping", "POST, DELETE, OPTIONS"),
        ("/v1/healthy", "GET, HEAD, OPTIONS"),
        ("/v1/apps/2167", "GET, HEAD, OPTIONS"),
        ("/v1/apps/2167/stop", "POST, OPTIONS"),
        ("/v1/apps/2167/start", "POST, OPTIONS"),
        ("/v2/applications/2167/restart", "POST, OPTIONS"),
        ("/v2/applications/2167/purge", "POST, OPTIONS"),
        ("/v2/applications/2167/start-service", "POST, OPTIONS"),
        ("/v2/applications/2167/stop-service", "POST, OPTIONS"),
        ("/v2/applications/2167/restart-service", "POST, OPTIONS"),
        ("/v2/applications/2167/state", "GET, HEAD, OPTIONS"),
        ("/v2/state/status", "GET, HEAD, OPTIONS"),
        ("/v2/version", "GET, HEAD, OPTIONS"),
    ];
    for (path, allow) in routes {
        let refused = frontend.call("PATCH", path, &[], None).await;
        assert_eq!(refused.seen(), (405, TEXT, "Method not allowed"), "{path}");
        assert_eq!(refused.header("allow"), Some(allow), "{path}");
        let options = frontend.call("OPTIONS", path, &[], None).await;
        assert_eq!((options.status, options.header("allow")), (204, Some(allow)), "{path}");
    }
    for path in ["/", "/v1", "/v2/device", "/ping/x", "//ping", "/v1//device", "/v1/apps", "/v1/apps/2167/x"]
    {
        assert_eq!(frontend.get(path).await.seen(), (404, TEXT, "Not found"), "{path}");
    }
}

#[tokio::test]
async fn answers_of_any_kind_carry_no_server_banner_and_no_key() {
    let device = Device::new();
    let frontend = device.frontend().await;
    for path in ["/ping", "/nope", "/v1/blink", "/v1/device"] {
        let response = frontend.get(path).await;
        assert_eq!((response.header("server"), response.header("x-powered-by")), (None, None), "{path}");
        assert!(!format!("{response:?}").contains("bananas"), "{response:?}");
    }
}
