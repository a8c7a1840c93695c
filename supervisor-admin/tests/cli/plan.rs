//! `app plan` and `app apply --dry-run`.

use serde_json::json;
use supervisor_proto::v1::{self, service_change::Change, step::Kind};

use crate::{
    fake_core::FakeCore,
    tool::{run, run_with_input},
};

const COMPOSE: &[u8] = b"services: {web: {image: demo:2}}";

fn step(kind: Kind, service: &str, object: &str) -> v1::Step {
    v1::Step { kind: kind.into(), service: service.to_owned(), object: object.to_owned() }
}

fn service(name: &str, change: Change, fields: &[&str], reason: &str) -> v1::ServiceChange {
    v1::ServiceChange {
        name: name.to_owned(),
        change: change.into(),
        changed_fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        reason: reason.to_owned(),
    }
}

fn planning() -> FakeCore {
    FakeCore::start_with(|script| {
        script.plan = v1::PlanReply {
            commit: "new".to_owned(),
            stored_commit: "old".to_owned(),
            steps: vec![
                step(Kind::PullImage, "", "demo:2"),
                step(Kind::RemoveContainer, "web", "0123456789ab"),
                step(Kind::CreateContainer, "web", ""),
                step(Kind::StartContainer, "web", ""),
                step(Kind::Record, "", ""),
            ],
            services: vec![
                service("db", Change::None, &[], ""),
                service("web", Change::Recreate, &["image"], "image changed"),
            ],
            held_off_by: vec!["/data/resin-updates.lock".to_owned()],
            apply_waits_for: "a reboot of the device".to_owned(),
            warnings: vec!["services.web.runtime has\u{1b} no effect".to_owned()],
        };
    })
}

#[test]
fn plan_of_a_file_says_what_happens_to_each_service_and_why() {
    let core = planning();
    let run = run_with_input(&core.socket(), &["app", "plan", "-", "--app-id", "7", "--name", "x"], COMPOSE);
    let expected = "\
app 7, commit old to new
= db: unchanged
~ web: recreated because image changed

steps
+  1. pull image demo:2
-  2. remove container 0123456789ab of web
+  3. create container of web
+  4. start container of web
held off by the app's update lock /data/resin-updates.lock: --force overrides it
after the pulls it waits for a reboot of the device: `update --apply` carries it out
";
    assert_eq!((run.code, run.stdout.as_str()), (0, expected), "{run:?}");
    assert_eq!(run.stderr, "warning: services.web.runtime has  no effect\n");
    let asked = core.script().plan_asked.clone().unwrap();
    assert_eq!(asked.target.unwrap().services["web"].image, "demo:2");
    assert_eq!(core.script().calls, ["plan"]);
}

#[test]
fn dry_run_of_apply_plans_and_applies_nothing() {
    let core = planning();
    let words = ["app", "apply", "-", "--app-id", "7", "--name", "x", "--dry-run", "--exit-code"];
    let run = run_with_input(&core.socket(), &words, COMPOSE);
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(core.script().calls, ["plan"]);
    assert!(core.script().applied.is_none());
}

#[test]
fn plan_of_an_app_sends_its_id_and_the_exit_code_tells_changes_only_when_asked() {
    let core = planning();
    assert_eq!(run(&core.socket(), &["app", "plan", "2167"]).code, 0);
    assert_eq!(run(&core.socket(), &["app", "plan", "2167", "--exit-code"]).code, 2);
    assert_eq!(core.script().plan_asked, Some(v1::PlanRequest { app_id: 2167, target: None }));
    core.script().plan.steps.clear();
    let settled = run(&core.socket(), &["app", "plan", "2167", "--exit-code"]);
    assert_eq!(settled.code, 0);
    assert!(settled.stdout.ends_with("nothing to do\n"), "{settled:?}");
}

#[test]
fn plan_as_json_has_the_documented_fields() {
    let core = planning();
    let plan = run(&core.socket(), &["--json", "app", "plan", "2167"]).json();
    assert_eq!(
        plan["services"][1],
        json!({"name": "web", "change": "recreate", "changed_fields": ["image"], "reason": "image changed"})
    );
    assert_eq!(
        plan["services"][0],
        json!({"name": "db", "change": "none", "changed_fields": [], "reason": null})
    );
    assert_eq!(
        plan["steps"][1],
        json!({"step": "remove-container", "service": "web", "object": "0123456789ab"})
    );
    assert_eq!(plan["steps"][0]["service"], json!(null));
    for (field, value) in [
        ("app_id", json!(2167)),
        ("commit", json!("new")),
        ("stored_commit", json!("old")),
        ("changes", json!(true)),
        ("held_off_by", json!(["/data/resin-updates.lock"])),
        ("apply_waits_for", json!("a reboot of the device")),
    ] {
        assert_eq!(plan[field], value, "{field}");
    }
}

#[test]
fn file_without_an_app_id_is_wrong_usage_and_says_what_is_missing() {
    let core = planning();
    let run = run(&core.socket(), &["app", "plan", "compose.yaml"]);
    assert_eq!(run.code, 64);
    assert!(run.stderr.contains("--app-id"), "{run:?}");
    assert!(core.script().calls.is_empty());
}
