//! `status`, help and completions.

use serde_json::{Value, json};

use crate::{
    fake_core::FakeCore,
    tool::{command, finish, frontend, run},
};

#[test]
fn status_as_text_shows_core_engine_heartbeat_cloud_and_apps() {
    let answer = r#"{"cloud":{"state":"unreachable","answered_s_ago":90,"last_error":"the server answered 503","refused_apps":{},"api_key_reported":true}}"#;
    let (api_port, asked) = frontend(answer);
    let core = FakeCore::start_with(|script| script.api_port = api_port);
    let run = run(&core.socket(), &["status"]);
    assert_eq!(run.code, 0, "{run:?}");
    let expected = "\
core       9.8.7 (contract 1), you are admin
engine     available
heartbeat  on, online, api.example.org:443
cloud      unreachable, answered 90 s ago: the server answered 503

APP   NAME         STATE            RUNNING  COMMIT
7     pulling [2J  downloading 42%  0/0      -
2167  demo         idle             1/2      c0ffee000000
";
    assert_eq!(run.stdout, expected);
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("GET /v1/device HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("\r\nAuthorization: Bearer k1\r\n"), "{asked}");
}

#[test]
fn status_without_a_frontend_does_not_know_the_cloud() {
    // Nobody listens on port 1 of this machine.
    let core = FakeCore::start_with(|script| script.api_port = 1);
    let text = run(&core.socket(), &["status"]);
    assert!(text.code == 0 && text.stdout.contains("\ncloud      not known: "), "{text:?}");
    assert_eq!(run(&core.socket(), &["--json", "status"]).json()["cloud"], Value::Null);
}

#[test]
fn status_as_json_has_the_documented_fields() {
    let core = FakeCore::start();
    let status = run(&core.socket(), &["--json", "status"]).json();
    assert_eq!(status["core_version"], "9.8.7");
    assert_eq!(status["contract_version"], 1);
    assert_eq!(status["role"], "admin");
    assert_eq!(status["engine_available"], true);
    let heartbeat =
        json!({"enabled": true, "online": true, "vpn_active": false, "endpoint": "api.example.org:443"});
    assert_eq!(status["heartbeat"], heartbeat);
    assert_eq!(status["apps"][0]["download_progress_percent"], 42);
    assert_eq!(status["apps"][1]["app_id"], 2167);
}

#[test]
fn status_without_engine_says_so() {
    let core = FakeCore::start_with(|script| {
        script.state.engine_available = false;
        script.state.apps.clear();
        script.connectivity.endpoint.clear();
    });
    let run = run(&core.socket(), &["status"]);
    assert!(run.stdout.contains("engine     not available\n"), "{run:?}");
    assert!(run.stdout.contains("heartbeat  on, no API endpoint is configured\n"), "{run:?}");
    assert!(run.stdout.contains("no apps: "), "{run:?}");
}

/// The exit codes of the table in `docs/admin.md`.
fn documented_in_the_manual() -> Vec<i32> {
    let manual = include_str!("../../../docs/admin.md");
    let (_, table) = manual.split_once("\n## Exit codes\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    table.lines().filter_map(|line| line.split('|').nth(1)?.trim().parse().ok()).collect()
}

#[test]
fn help_documents_every_exit_code() {
    let run = run("/nowhere".as_ref(), &["--help"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let (_, codes) = run.stdout.split_once("Exit codes:\n").unwrap();
    let (codes, _) = codes.split_once("\n\n").unwrap();
    let number = |line: &str| line.split_whitespace().next().and_then(|word| word.parse().ok());
    let documented: Vec<i32> = codes.lines().filter_map(number).collect();
    assert_eq!(documented, documented_in_the_manual());
    assert_eq!(documented, [0, 1, 2, 64, 65, 66, 69, 70, 75, 77]);
    for variable in ["CORE_SOCKET", "SUPERVISOR_LOG"] {
        assert!(run.stdout.contains(variable), "{variable}");
    }
}

#[test]
fn completions_need_no_core() {
    for shell in ["bash", "zsh", "fish"] {
        let run = run("/nowhere".as_ref(), &["completions", shell]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stdout.contains("supervisor-admin"), "{shell}");
    }
}

#[test]
fn socket_from_an_empty_variable_is_the_default() {
    let mut command = command("".as_ref(), &["--json", "status"]);
    command.env("SUPERVISOR_LOG", "");
    let run = finish(command);
    assert_eq!(run.error()["subject"], "/run/supervisor/core.sock", "{run:?}");
}

#[test]
fn socket_flag_overrides_the_variable() {
    let core = FakeCore::start();
    let socket = core.socket();
    let run = run("/nowhere".as_ref(), &["status", "--core-socket", socket.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn debug_log_goes_to_stderr_with_the_request_id() {
    let core = FakeCore::start();
    let mut command = command(&core.socket(), &["--json", "tcp-ping", "status"]);
    command.env("SUPERVISOR_LOG", "supervisor_admin=debug");
    let run = finish(command);
    assert!(run.stderr.contains("request_id=admin-"), "{run:?}");
    assert!(run.json()["enabled"].is_boolean());
}

#[test]
fn manual_pages_come_from_the_command_line_and_need_no_core() {
    let page = run("/nowhere".as_ref(), &["man"]);
    assert_eq!(page.code, 0, "{page:?}");
    assert!(page.stdout.contains(".TH supervisor-admin 1"), "{page:?}");
    // A value of the machine where the page was made would be wrong everywhere else.
    assert!(!page.stdout.contains("/nowhere"), "{page:?}");
    let folder = tempfile::tempdir().unwrap();
    let all = run("/nowhere".as_ref(), &["man", "--out-dir", folder.path().to_str().unwrap()]);
    assert_eq!(all.code, 0, "{all:?}");
    for page in ["supervisor-admin.1", "supervisor-admin-app-plan.1", "supervisor-admin-doctor.1"] {
        assert!(folder.path().join(page).is_file(), "{page}");
    }
    assert_eq!(
        std::fs::read_to_string(folder.path().join("supervisor-admin.1")).unwrap().trim_end(),
        page.stdout.trim_end()
    );
    let nowhere = run("/nowhere".as_ref(), &["man", "--out-dir", "/nowhere/at/all"]);
    assert_eq!(nowhere.code, 66, "{nowhere:?}");
}

#[test]
fn colours_without_a_terminal_come_only_by_force_and_never_against_no_color() {
    let core = FakeCore::start();
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = command(&core.socket(), &["status"]);
        command.envs(variables.iter().copied());
        finish(command).stdout.contains('\u{1b}')
    };
    assert!(!coloured(&[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "0")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}
