//! `app apply`.

use std::{fmt::Write as _, fs};

use serde_json::json;
use supervisor_proto::v1::{ErrorReason, Mount, Port, restart::Policy};
use tonic::Code;

use crate::{
    fake_core::FakeCore,
    tool::{run, run_with_input},
};

const DEMO: &str = "
version: '3.8'
name: from-file
x-shared: &env
  A: '1'
services:
  web:
    image: nginx:1
    restart: no
    command: sh -c 'echo $$HOME; sleep 1'
    environment:
      <<: *env
      B: 010
      C: yes
    volumes: [data:/d:ro]
    ports: ['8080:80']
    stop_grace_period: 1m30s
volumes:
  data:
";

#[test]
fn apply_sends_the_target_that_the_file_says() {
    let core = FakeCore::start();
    let args = ["app", "apply", "-", "--app-id", "2167", "--name", "demo"];
    let run = run_with_input(&core.socket(), &args, DEMO.as_bytes());
    assert_eq!((run.code, run.stdout.as_str()), (0, "app 2167 (demo) applied, commit abc123\n"), "{run:?}");
    let applied = core.script().applied.clone().unwrap();
    let target = applied.target.unwrap();
    assert!(!applied.force);
    assert_eq!((target.app_id, target.name.as_str(), target.commit.as_str()), (2167, "demo", ""));
    let web = &target.services["web"];
    assert_eq!(web.command.as_ref().unwrap().items, ["sh", "-c", "echo $HOME; sleep 1"]);
    assert_eq!(web.restart.unwrap().policy(), Policy::No);
    assert_eq!((web.environment["A"].as_str(), web.environment["B"].as_str()), ("1", "010"));
    assert_eq!(web.environment["C"], "yes");
    assert_eq!(
        web.volumes,
        [Mount { volume: "data".into(), target: "/d".into(), read_only: true, no_copy: false }]
    );
    let port = Port { host_port: 8080, container_port: 80, protocol: "tcp".into(), ..Port::default() };
    assert_eq!(web.ports, [port]);
    assert_eq!(web.stop_grace_period_ms, Some(90_000));
    assert!(!target.volumes["data"].external);
}

#[test]
fn apply_shows_core_s_warnings_beside_its_answer() {
    let core = FakeCore::start();
    core.script().warnings = vec!["services.web.pid gives\u{1b} it".to_owned()];
    let args = ["app", "apply", "-", "--app-id", "2167", "--name", "demo"];
    let text = run_with_input(&core.socket(), &args, DEMO.as_bytes());
    assert_eq!(text.code, 0);
    assert!(text.stderr.starts_with("warning: services.web.pid gives"), "{text:?}");
    assert!(!text.stderr.contains('\u{1b}'), "{text:?}");
    let json_args = [&["--json"][..], &args].concat();
    let json = run_with_input(&core.socket(), &json_args, DEMO.as_bytes());
    assert_eq!(json.json()["warnings"], json!(["services.web.pid gives\u{1b} it"]));
    assert_eq!(json.stderr, "");
}

#[test]
fn apply_takes_the_name_from_the_file_then_from_its_folder() {
    let core = FakeCore::start();
    let folder = core.folder().join("my app");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("compose.yaml");
    let apply = |text: &str| {
        fs::write(&file, text).unwrap();
        run(&core.socket(), &["app", "apply", file.to_str().unwrap(), "--app-id", "1", "--json"]).json()
    };
    let expected =
        json!({"action": "apply", "app_id": 1, "name": "from-file", "commit": "abc123", "warnings": []});
    assert_eq!(apply(DEMO), expected);
    assert_eq!(apply("services: {a: {image: b}}")["name"], "my app");
}

#[test]
fn apply_from_stdin_without_any_name_is_not_accepted() {
    let core = FakeCore::start();
    let run =
        run_with_input(&core.socket(), &["app", "apply", "-", "--app-id", "1"], b"services: {a: {image: b}}");
    assert_eq!(run.code, 65);
    assert!(run.stderr.contains("--name"), "{run:?}");
}

#[test]
fn apply_of_a_refused_file_lists_everything_at_once() {
    let core = FakeCore::start();
    let text = "
services:
  web:
    image: a
    container_name: a
    volumes: [./x:/y]
include: []
";
    let args = ["app", "apply", "-", "--app-id", "1", "--name", "x"];
    let text_run = run_with_input(&core.socket(), &args, text.as_bytes());
    assert_eq!((text_run.code, text_run.stdout.as_str()), (65, ""));
    let expected = "\
include is not supported yet: files of the host are not read
services.web.container_name is not supported yet: the supervisor names its containers itself
services.web.volumes[0] names a path that is not absolute: the file's own folder is not known here, write the path in full
";
    assert_eq!(text_run.stderr, expected);
    let json_args = [&["--json"][..], &args].concat();
    let error = run_with_input(&core.socket(), &json_args, text.as_bytes()).error();
    assert_eq!(error["reason"], "compose-not-accepted");
    assert_eq!(error["subject"], "include");
    assert_eq!(error["refusals"].as_array().unwrap().len(), 3);
    assert!(core.script().calls.is_empty());
}

#[test]
fn apply_of_bad_yaml_is_65() {
    let core = FakeCore::start();
    let mut bomb = format!("a: &a [{}]\n", "x, ".repeat(9));
    for (from, to) in ('a'..='k').zip('b'..='l') {
        writeln!(bomb, "{to}: &{to} [{}]", format!("*{from}, ").repeat(9)).unwrap();
    }
    let deep = "[".repeat(5000);
    let large = " ".repeat(1024 * 1024 + 1);
    for text in [
        "services: {",
        "a: 1\na: 2",
        "services: !x {}",
        "---\na: 1\n---\nb: 1",
        "",
        bomb.as_str(),
        &deep,
        &large,
    ] {
        let args = ["--json", "app", "apply", "-", "--app-id", "1", "--name", "x"];
        let run = run_with_input(&core.socket(), &args, text.as_bytes());
        assert_eq!((run.code, run.stdout.as_str()), (65, ""), "{text:.60}");
        assert!(run.error()["reason"].as_str().unwrap().starts_with("compose-"), "{run:?}");
    }
    let run = run_with_input(&core.socket(), &["app", "apply", "-", "--app-id", "1"], b"\xff\xfe\x00");
    assert_eq!(run.code, 65);
    assert_eq!(run.stderr.lines().count(), 1);
}

#[test]
fn apply_of_a_missing_file_is_66() {
    let core = FakeCore::start();
    let run = run(&core.socket(), &["--json", "app", "apply", "/nowhere/compose.yaml", "--app-id", "1"]);
    assert_eq!(run.code, 66);
    assert_eq!(run.error()["reason"], "file-unreadable");
    assert_eq!(run.error()["subject"], "/nowhere/compose.yaml");
}

#[test]
fn apply_that_core_does_not_accept_is_65() {
    let core =
        FakeCore::failing(Code::InvalidArgument, ErrorReason::InvalidArgument, "services.web.image", "no");
    let args = ["--json", "app", "apply", "-", "--app-id", "1", "--name", "x"];
    let run = run_with_input(&core.socket(), &args, b"services: {web: {image: b}}");
    assert_eq!(run.code, 65);
    assert_eq!(run.error()["subject"], "services.web.image");
}

#[test]
fn apply_takes_variables_files_and_profiles_from_around_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path(".env"), "TAG=from-env\nOTHER=1\n").unwrap();
    fs::write(path("web.env"), "A=file\nB='$literal'\n").unwrap();
    let text = "
services:
  web:
    image: web:${TAG}
    env_file: [web.env, {path: gone.env, required: false}]
    environment: {A: own, C: \"${NOT_SET_ANYWHERE:-default}\"}
  debug: {image: debug, profiles: [debug]}
";
    fs::write(path("compose.yaml"), text).unwrap();
    let core = FakeCore::start();
    let file = path("compose.yaml").display().to_string();
    let args = ["app", "apply", &file, "--app-id", "1"];
    assert_eq!(run(&core.socket(), &args).code, 0);
    let target = core.script().applied.clone().unwrap().target.unwrap();
    let web = &target.services["web"];
    assert_eq!((target.services.len(), web.image.as_str()), (1, "web:from-env"));
    for (name, value) in [("A", "own"), ("B", "$literal"), ("C", "default")] {
        assert_eq!(web.environment[name], value);
    }

    fs::write(path("other.env"), "TAG=other\n").unwrap();
    let other = path("other.env").display().to_string();
    let args = ["app", "apply", &file, "--app-id", "1", "--env-file", &other, "--profile", "debug"];
    assert_eq!(run(&core.socket(), &args).code, 0);
    let target = core.script().applied.clone().unwrap().target.unwrap();
    assert_eq!((target.services.len(), target.services["web"].image.as_str()), (2, "web:other"));
}

#[test]
fn apply_with_a_variable_or_a_file_that_is_not_there_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let core = FakeCore::start();
    let apply = |text: &str| {
        fs::write(path("compose.yaml"), text).unwrap();
        run(&core.socket(), &["app", "apply", &path("compose.yaml"), "--app-id", "1"])
    };
    let unset = apply("services: {web: {image: \"${NOT_SET_ANYWHERE}\"}}");
    assert_eq!(unset.code, 65);
    assert!(unset.stderr.contains("services.web.image uses the variable NOT_SET_ANYWHERE"), "{unset:?}");
    let gone = apply("services: {web: {image: a, env_file: gone.env}}");
    assert_eq!(gone.code, 66);
    assert!(gone.stderr.contains("gone.env"), "{gone:?}");
    fs::write(path("bad.env"), "A=1\nB\n").unwrap();
    let bad = apply("services: {web: {image: a, env_file: bad.env}}");
    assert_eq!(bad.code, 65);
    assert!(bad.stderr.contains("bad.env") && bad.stderr.contains("line 2"), "{bad:?}");
    assert!(core.script().calls.is_empty());
}
