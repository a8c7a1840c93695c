//! Fields that one engine carries out and another ignores: core warns of exactly those that come to nothing.

use std::fs;

use serde_json::Value;
use supervisor_tests::Result;
use supervisor_tests::engine::Engine;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::scratch::Folder;

const COMPOSE: &str = "services:
  main:
    image: supervisor-test-app
    domainname: plant.example
    security_opt: ['systempaths=unconfined']
    volumes:
      - {type: volume, source: store, target: /usr/bin, volume: {nocopy: true}}
volumes: {store: {}}
";

/// The field's path, and a line for the app's shell that fails where the field has come to nothing.
const FIELDS: [(&str, &str); 3] = [
    ("services.main.domainname", "grep -q plant /proc/sys/kernel/domainname"),
    ("services.main.security_opt: systempaths=unconfined", "! grep -q ' /proc/' /proc/mounts"),
    ("services.main.volumes[].volume.nocopy", "test -z \"$(ls /usr/bin)\""),
];

/// Which of the fields these texts name.
fn named<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<&'static str> {
    let texts: Vec<&str> = texts.into_iter().collect();
    let is_named = |path: &&str| texts.iter().any(|text| text.contains(path));
    FIELDS.into_iter().map(|(path, _)| path).filter(is_named).collect()
}

#[test]
fn plan_apply_and_doctor_warn_of_exactly_the_fields_that_come_to_nothing() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let (app, folder) = (LiveApp::new(), Folder::new()?);
    supervisor.remove_at_end(app.id);
    let (id, file) = (app.id.to_string(), folder.join("app.yaml"));
    fs::write(&file, COMPOSE)?;
    let answer =
        |words: &[&str]| -> Result<Value> { Ok(serde_json::from_str(&supervisor.admin_ok(words)?)?) };
    let common = ["--app-id", id.as_str(), "--name", "demo", "--json"];

    let planned = answer(&[["app", "plan", file.as_str()].as_slice(), &common].concat())?;
    let applied = answer(&[["app", "apply", file.as_str()].as_slice(), &common].concat())?;
    let examined = supervisor.admin(&["doctor", "--json"])?;

    let container = app.container()?;
    let comes_to_nothing = |line: &str| Engine::default().shell(&container, line).is_err();
    let expected: Vec<&str> =
        FIELDS.into_iter().filter(|(_, line)| comes_to_nothing(line)).map(|(path, _)| path).collect();
    let texts = |list: &'static str, answer: &Value| -> Vec<String> {
        let items = answer[list].as_array().into_iter().flatten();
        items.filter_map(|item| item.as_str().or_else(|| item["text"].as_str())).map(str::to_owned).collect()
    };
    let examined: Value = serde_json::from_str(&examined.stdout)?;
    for (who, told) in [
        ("plan", texts("warnings", &planned)),
        ("apply", texts("warnings", &applied)),
        ("doctor", texts("findings", &examined)),
    ] {
        // Apply tells of access to the host too, of which a field may give some.
        let told = told.iter().filter(|text| text.contains("has no effect")).map(String::as_str);
        assert_eq!(named(told), expected, "{who}");
    }
    Ok(())
}
