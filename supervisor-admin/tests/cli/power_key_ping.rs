//! `reboot`, `shutdown`, `tcp-ping`, `key`.

use serde_json::json;

use crate::{fake_core::FakeCore, tool::run};

#[test]
fn power_verbs_with_yes_reach_their_call() {
    let core = FakeCore::start();
    let reboot = run(&core.socket(), &["reboot", "--yes"]);
    assert_eq!((reboot.code, reboot.stdout.as_str()), (0, "the device reboots in 1000 ms\n"));
    let shutdown = run(&core.socket(), &["shutdown", "--yes", "--force"]);
    assert_eq!((shutdown.code, shutdown.stdout.as_str()), (0, "the device shuts down in 1000 ms\n"));
    assert_eq!(core.script().calls, ["reboot force=false", "power_off force=true"]);
}

#[test]
fn power_verbs_as_json_tell_the_delay() {
    let core = FakeCore::start();
    for verb in ["reboot", "shutdown"] {
        let answer = run(&core.socket(), &["--json", "--yes", verb]).json();
        assert_eq!(answer, json!({"action": verb, "delay_ms": 1000}));
    }
}

#[test]
fn tcp_ping_switches_and_shows() {
    let core = FakeCore::start();
    assert_eq!(run(&core.socket(), &["tcp-ping", "on"]).stdout, "heartbeat on until core restarts\n");
    assert_eq!(run(&core.socket(), &["tcp-ping", "off"]).stdout, "heartbeat off until core restarts\n");
    let status = run(&core.socket(), &["tcp-ping", "status"]);
    assert_eq!(status.stdout, "heartbeat on, online, api.example.org:443\n");
    assert_eq!(core.script().calls, ["set_heartbeat true", "set_heartbeat false", "get_connectivity"]);
}

#[test]
fn tcp_ping_as_json_has_the_documented_fields() {
    let core = FakeCore::start_with(|script| {
        script.connectivity = supervisor_proto::v1::ConnectivityState::default();
    });
    assert_eq!(run(&core.socket(), &["--json", "tcp-ping", "on"]).json(), json!({"enabled": true}));
    assert_eq!(run(&core.socket(), &["--json", "tcp-ping", "off"]).json(), json!({"enabled": false}));
    let status = run(&core.socket(), &["--json", "tcp-ping", "status"]).json();
    assert_eq!(status, json!({"enabled": false, "online": false, "vpn_active": false, "endpoint": null}));
}

#[test]
fn key_show_prints_the_key_alone() {
    let core = FakeCore::start();
    assert_eq!(run(&core.socket(), &["key", "show"]).stdout, "k1\n");
    let answer = run(&core.socket(), &["--json", "key", "show"]).json();
    assert_eq!(answer, json!({"api_key": "k1", "port": 48484}));
}

#[test]
fn key_show_before_any_frontend_says_what_is_missing() {
    let core = FakeCore::start_with(|script| script.api_key.clear());
    let run = run(&core.socket(), &["--json", "key", "show"]);
    assert_eq!((run.code, run.stdout.as_str()), (66, ""));
    assert_eq!(run.error()["reason"], "no-key-yet");
}

#[test]
fn key_rotate_prints_the_new_key() {
    let core = FakeCore::start();
    assert_eq!(run(&core.socket(), &["key", "rotate", "-y"]).stdout, "k2\n");
    assert_eq!(run(&core.socket(), &["--json", "key", "rotate", "-y"]).json(), json!({"api_key": "k2"}));
}
