//! `policy check` and `policy explain`.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::json;
use supervisor_proto::v1;

use crate::{
    fake_core::FakeCore,
    tool::{command, finish, run, run_with_input},
};

const GOOD: &str = "[[grant]]\napp = 7\nservice = \"web\"\nimage = \"acme/web\"\nprivileged = true\n";
const NO_CORE: &str = "/nonexistent/core.sock";

fn policy(folder: &Path, text: &str, mode: u32) -> String {
    let path = folder.join("policy.toml");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path.display().to_string()
}

#[test]
fn check_of_a_good_file_lists_whom_it_grants_something_without_core() {
    let folder = tempfile::tempdir().unwrap();
    let file = policy(folder.path(), GOOD, 0o600);
    let run = run(Path::new(NO_CORE), &["--json", "policy", "check", &file]);
    assert_eq!(run.code, 0, "{run:?}");
    let grants = json!([{ "app_id": 7, "service": "web", "image": "docker.io/acme/web" }]);
    assert_eq!(run.json(), json!({ "file": file, "grants": grants }));
}

#[test]
fn check_names_each_mistake_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = policy(folder.path(), &format!("{GOOD}pid = \"all\"\nnothing = 1\n"), 0o600);
    let run = run(Path::new(NO_CORE), &["policy", "check", &file]);
    assert_eq!(run.code, 65, "{run:?}");
    assert!(run.stderr.contains("line 6: pid") && run.stderr.contains("line 7: nothing"), "{run:?}");
}

#[test]
fn check_takes_the_file_of_core_when_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut check = command(Path::new(NO_CORE), &["policy", "check"]);
    check.env("CORE_POLICY", policy(folder.path(), GOOD, 0o600));
    assert_eq!(finish(check).code, 0);
    assert_eq!(run(Path::new(NO_CORE), &["policy", "check"]).code, 64);
}

#[test]
fn check_refuses_a_file_that_others_can_write_or_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = policy(folder.path(), GOOD, 0o666);
    let run = |words: &[&str]| run(Path::new(NO_CORE), words);
    let writable = run(&["--json", "policy", "check", &file]);
    assert_eq!((writable.code, &writable.error()["reason"]), (65, &json!("policy-not-accepted")));
    assert_eq!(run(&["policy", "check", "/nonexistent/policy.toml"]).code, 66);
}

#[test]
fn explain_shows_what_would_be_refused_and_what_would_grant_it() {
    let core = FakeCore::start_with(|script| {
        script.explanation = v1::ExplainPolicyReply {
            refusals: vec![v1::PolicyRefusal {
                service: "web".to_owned(),
                field: "services.web.privileged".to_owned(),
                why: "it needs the owner's grant".to_owned(),
                grant: "privileged = true".to_owned(),
                image: "docker.io/acme/web".to_owned(),
            }],
            grants: "[[grant]]".to_owned(),
        };
    });
    let words = ["policy", "explain", "-", "--app-id", "7", "--name", "x"];
    let compose = b"services: {web: {image: acme/web, privileged: true}}";
    let run = run_with_input(&core.socket(), &words, compose);
    assert_eq!(run.code, 0, "{run:?}");
    for part in ["services.web.privileged", "privileged = true", "[[grant]]"] {
        assert!(run.stdout.contains(part), "{run:?}");
    }
    let asked = core.script().explain_asked.clone().unwrap().target.unwrap();
    assert_eq!((asked.app_id, asked.services["web"].image.as_str()), (7, "acme/web"));
}

#[test]
fn explain_of_what_is_allowed_says_so() {
    let core = FakeCore::start();
    let words = ["--json", "policy", "explain", "-", "--app-id", "7", "--name", "x"];
    let run = run_with_input(&core.socket(), &words, b"services: {web: {image: acme/web}}");
    assert_eq!(run.json(), json!({ "app_id": 7, "allowed": true, "refusals": [], "grants": null }));
}
