//! `doctor`, with core and, above all, without.

use std::{
    fs, os::unix::fs::PermissionsExt as _, os::unix::process::CommandExt as _, path::Path, process::Command,
};

use serde_json::Value;
use supervisor_proto::v1;

use crate::{
    errors::reachable_tool,
    fake_core::FakeCore,
    tool::{Run, finish, run},
};

fn sound() -> v1::ExamineReply {
    v1::ExamineReply {
        engine: Some(v1::EngineReport { version: "20.10".to_owned(), ..v1::EngineReport::default() }),
        power: Some(v1::PowerReport::default()),
        clock: Some(v1::ClockReport { synchronised: true, ..v1::ClockReport::default() }),
        frontend: Some(v1::FrontendReport { connected: true, key_known: true, port: 48484 }),
        roles: Some(v1::RolesReport { frontend_uid: 65532, admin_gid: None, socket_gid: 65532 }),
        policy: Some(v1::PolicyReport::default()),
        ..v1::ExamineReply::default()
    }
}

fn core_that_sees(examined: v1::ExamineReply) -> FakeCore {
    let core = FakeCore::start_with(|script| {
        script.examined = examined;
        // Nobody listens there, whatever else runs on this machine.
        script.api_port = 1;
    });
    fs::set_permissions(core.socket(), fs::Permissions::from_mode(0o660)).unwrap();
    fs::set_permissions(core.folder(), fs::Permissions::from_mode(0o750)).unwrap();
    core
}

/// Findings of a check: level and text.
fn of(run: &Run, check: &str) -> Vec<(String, String)> {
    let all = run.json();
    let findings = all["findings"].as_array().unwrap().iter().filter(|finding| finding["check"] == check);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings.map(|finding| (text(&finding["level"]), text(&finding["text"]))).collect()
}

#[test]
fn doctor_of_a_sound_device_ends_with_0() {
    let core = core_that_sees(sound());
    let run = run(&core.socket(), &["doctor", "--led-file", "/nowhere"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.ends_with("nothing is wrong\n"), "{run:?}");
    let mut calls = core.script().calls.clone();
    calls.sort();
    assert_eq!(calls, ["examine", "get_api_access", "get_connectivity", "list"]);
}

#[test]
fn doctor_tells_each_fault_with_what_to_do_and_its_exit_code() {
    let mut examined = sound();
    examined.clock.as_mut().unwrap().synchronised = false;
    let warned = run(&core_that_sees(examined.clone()).socket(), &["doctor"]);
    assert_eq!(warned.code, 1, "{warned:?}");
    examined.engine.as_mut().unwrap().problem = "no such\nfile".to_owned();
    let core = core_that_sees(examined);
    let text = run(&core.socket(), &["doctor"]);
    assert_eq!(text.code, 2);
    assert!(
        text.stdout.contains("FAIL  engine        no such file\n                    > is the engine"),
        "{text:?}"
    );
    assert!(text.stdout.ends_with("faults: 1, warnings: 1\n"), "{text:?}");
    let json = run(&core.socket(), &["--json", "doctor"]);
    assert_eq!((json.code, json.json()["worst"].as_str().unwrap()), (2, "fail"));
    assert_eq!(of(&json, "engine"), [("fail".to_owned(), "no such\nfile".to_owned())]);
    let advice = &json.json()["findings"];
    assert!(
        advice
            .as_array()
            .unwrap()
            .iter()
            .all(|f| f["advice"].is_null() != (f["level"] == "fail" || f["level"] == "warn"))
    );
}

#[test]
fn doctor_without_core_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("core.sock");
    let missing = run(&socket, &["--json", "doctor"]);
    assert_eq!(missing.code, 2, "{missing:?}");
    assert_eq!(
        of(&missing, "socket"),
        [("fail".to_owned(), format!("there is no socket {}", socket.display()))]
    );
    assert_eq!(of(&missing, "process").len(), 1);
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let stale = run(&socket, &["--json", "doctor"]);
    assert!(of(&stale, "socket")[0].1.contains("stale"), "{stale:?}");
    assert_eq!(stale.code, 2);
}

#[test]
fn doctor_of_another_contract_says_so() {
    let core = FakeCore::start_with(|script| script.contract_version = 2);
    let run = run(&core.socket(), &["--json", "doctor"]);
    assert_eq!((run.code, of(&run, "contract").len()), (2, 1), "{run:?}");
}

/// The doctor as another user, who may or may not open the socket.
fn as_user(core: &FakeCore, uid: u32, socket_mode: u32) -> Run {
    fs::set_permissions(core.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(core.socket(), fs::Permissions::from_mode(socket_mode)).unwrap();
    let mut command = Command::new(reachable_tool(core.folder()));
    command.args(["--json", "doctor"]).env_clear().env("CORE_SOCKET", core.socket());
    command.current_dir(Path::new("/")).uid(uid).gid(uid);
    finish(command)
}

#[test]
fn doctor_of_a_user_who_may_not_open_the_socket_names_user_and_way_out() {
    let core = core_that_sees(sound());
    let run = as_user(&core, 65534, 0o600);
    assert_eq!(run.code, 2);
    let socket = of(&run, "socket");
    assert_eq!(socket.len(), 1, "{run:?}");
    assert!(socket[0].1.starts_with("uid 65534 gid 65534 may not open "), "{socket:?}");
}

#[test]
fn doctor_of_a_user_without_a_role_says_so() {
    let core = FakeCore::start_with(|script| script.hello_denied = true);
    let run = as_user(&core, 65534, 0o666);
    assert_eq!(
        of(&run, "role"),
        [("fail".to_owned(), "uid 65534 gid 65534 has no role".to_owned())],
        "{run:?}"
    );
}
