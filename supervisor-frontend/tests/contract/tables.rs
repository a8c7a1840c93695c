//! The answers of the contract, one per line.

use supervisor_proto::v1::ErrorReason::{self, *};

use crate::support::core::Call::{self, *};

pub const TEXT: &str = "text/plain; charset=utf-8";
pub const GO: &str = "application/json";
pub const APP: &str = r#"{"appId":2167}"#;
const GO_OK: &str = r#"{"Data":"OK","Error":""}"#;
const FORCE: &str = r#"{"force":true}"#;

/// Status, content type, body.
pub type Answer = (u16, &'static str, &'static str);

/// Method, path, body, answer, and what core was asked for.
pub type Success = (&'static str, &'static str, &'static str, Answer, Option<Call>);

/// Path; core's reason, subject and message; answer.
pub type Refusal = (&'static str, ErrorReason, &'static str, &'static str, Answer);

#[rustfmt::skip]
pub const SUCCESSES: [Success; 18] = [
    ("GET",    "/ping",        "",      (200, TEXT, "OK"),  None),
    ("POST",   "/v1/blink",    "",      (200, "", ""),      None),
    ("POST",   "/v1/update",   "",      (204, "", ""),      Some(Update { force: false, cancel: false, apply: false })),
    ("POST",   "/v1/update",   FORCE,   (204, "", ""),      Some(Update { force: true, cancel: false, apply: false })),
    ("POST",   "/v1/update",   r#"{"cancel":true}"#,  (204, "", ""), Some(Update { force: false, cancel: true, apply: false })),
    ("POST",   "/v1/update",   r#"{"apply":true}"#,   (204, "", ""), Some(Update { force: false, cancel: false, apply: true })),
    ("POST",   "/v1/reboot",   "",      (202, GO, GO_OK),   Some(Power { off: false, force: false })),
    ("POST",   "/v1/reboot",   FORCE,   (202, GO, GO_OK),   Some(Power { off: false, force: true })),
    ("POST",   "/v1/reboot",   r#"{"force":"true"}"#, (202, GO, GO_OK), Some(Power { off: false, force: false })),
    ("POST",   "/v1/shutdown", "",      (202, GO, GO_OK),   Some(Power { off: true, force: false })),
    ("POST",   "/v1/shutdown", FORCE,   (202, GO, GO_OK),   Some(Power { off: true, force: true })),
    ("POST",   "/v1/purge",    APP,     (200, GO, GO_OK),   Some(Purge { app_id: 2167, force: false })),
    ("POST",   "/v1/purge",    r#"{"appId":"2167","force":true}"#, (200, GO, GO_OK), Some(Purge { app_id: 2167, force: true })),
    ("POST",   "/v1/restart",  APP,     (200, TEXT, "OK"),  Some(Restart { app_id: 2167, force: false })),
    ("POST",   "/v1/restart",  r#"{"appId":2167,"force":true}"#, (200, TEXT, "OK"), Some(Restart { app_id: 2167, force: true })),
    ("POST",   "/v1/restart/", r#"{"appId":2167,"force":1}"#,    (200, TEXT, "OK"), Some(Restart { app_id: 2167, force: false })),
    ("POST",   "/v1/tcp-ping", "",      (204, "", ""),      Some(Heartbeat { enabled: true })),
    ("DELETE", "/V1/TCP-Ping", "",      (204, "", ""),      Some(Heartbeat { enabled: false })),
];

#[rustfmt::skip]
pub const REFUSALS: [Refusal; 21] = [
    ("/v1/restart",  AppNotFound,       "2167", "no such app", (404, TEXT, "App not found")),
    ("/v1/purge",    AppNotFound,       "2167", "no such app", (404, GO, r#"{"Data":"Error","Error":"App not found"}"#)),
    ("/v1/restart",  UpdatesLocked,     "/data/resin-updates.lock", "x", (423, TEXT, "Updates are locked: /data/resin-updates.lock")),
    ("/v1/purge",    UpdatesLocked,     "/tmp/balena/updates.lock", "x", (423, GO, r#"{"Data":"Error","Error":"Updates are locked: /tmp/balena/updates.lock"}"#)),
    ("/v1/reboot",   UpdatesLocked,     "",     "held",        (423, GO, r#"{"Data":"Error","Error":"Updates are locked: held"}"#)),
    ("/v1/shutdown", UpdatesLocked,     "",     "held",        (423, GO, r#"{"Data":"Error","Error":"Updates are locked: held"}"#)),
    ("/v1/reboot",   LogindUnavailable, "",     "x",           (500, GO, r#"{"Data":"Error","Error":"Logind unavailable, cannot reboot."}"#)),
    ("/v1/shutdown", LogindUnavailable, "",     "x",           (500, GO, r#"{"Data":"Error","Error":"Logind unavailable, cannot shut down."}"#)),
    ("/v1/shutdown", PowerRefused,      "",     "logind says: na", (500, GO, r#"{"Data":"Error","Error":"logind says: na"}"#)),
    ("/v1/purge",    UnsafePath,        "/x",   "a \"mount\" at /x", (500, GO, r#"{"Data":"Error","Error":"a \"mount\" at /x"}"#)),
    ("/v1/restart",  EngineUnavailable, "",     "x",           (503, TEXT, "Container engine is not available")),
    ("/v1/restart",  EngineRefused,     "",     "no_image {x}", (503, TEXT, "Container engine refused: no-image -x-")),
    ("/v1/purge",    StoreUnavailable,  "",     "x",           (503, GO, r#"{"Data":"Error","Error":"Supervisor store cannot be written"}"#)),
    ("/v1/restart",  StillInProgress,   "",     "x",           (503, TEXT, "Still in progress, see /v1/device")),
    ("/v1/tcp-ping", PeerDenied,        "",     "x",           (503, TEXT, "Supervisor core refuses this frontend")),
    ("/v1/tcp-ping", ContractMismatch,  "",     "x",           (503, TEXT, "Supervisor core is of another release")),
    ("/v1/tcp-ping", Internal,          "",     "a detail",    (500, TEXT, "Supervisor core failed")),
    ("/v1/restart",  InvalidArgument,   "app_id", "x",         (400, TEXT, "Invalid request: app-id")),
    ("/v1/restart",  PolicyRefused,     "services.main.cap_add", "x", (403, TEXT, "The owner's policy does not allow it: services.main.cap-add")),
    ("/v1/purge",    PolicyRefused,     "services.main.cap_add", "x", (403, GO, r#"{"Data":"Error","Error":"The owner's policy does not allow it: services.main.cap_add"}"#)),
    ("/v1/restart",  LimitReached,      "terminals", "x",      (503, TEXT, "As many as allowed are open: terminals")),
];
