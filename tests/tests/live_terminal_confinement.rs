//! Containers that the frontend's terminal does not enter, although they look like core's own.

use serde_json::Value;
use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::command::run;
use supervisor_tests::engine::Engine;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::pty::Screen;

/// Without the API's address, whose network it would have to be on.
const ALONE: &str = r#"labels: {io.balena.features.supervisor-api: "0"}"#;

/// Options that show a container what the engine hides from others.
fn unmasking(engine: &Engine) -> Result<&'static [&'static str]> {
    let parts = engine.docker(&["version", "-f", "{{range .Server.Components}}{{.Name}};{{end}}"])?;
    let is_podman = parts.contains("Podman");
    Ok(if is_podman { &["unmask=/proc/kcore", "unmask=ALL"] } else { &["systempaths=unconfined"] })
}

/// Puts another container in the place of `old`, with its name and labels, and with these words.
fn plant(app: &LiveApp, old: &Value, words: &[&str]) -> Result<String> {
    let name = old.get("Name").and_then(Value::as_str).ok_or("no name")?.trim_start_matches('/');
    let labels = old.pointer("/Config/Labels").and_then(Value::as_object).ok_or("no labels")?;
    let labels: Vec<String> =
        labels.iter().map(|(key, value)| format!("--label={key}={}", value.as_str().unwrap_or(""))).collect();
    let network = format!("--network={}_default", app.id);
    run(&["docker", "rm", "-f", name])?;
    let mut all = vec!["docker", "run", "-d", "--name", name, &network];
    all.extend(labels.iter().map(String::as_str).chain(words.iter().copied()));
    run(&[all.as_slice(), &[IMAGE]].concat())
}

#[test]
fn container_in_the_place_of_cores_own_that_sees_what_engines_hide_is_not_entered() -> Result<()> {
    let mut supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply_with(&supervisor, &[ALONE])?;
    let engine = Engine::default();
    let own = engine.inspect(&app.container()?)?;
    let options = unmasking(&engine)?.iter().map(|option| vec!["--security-opt", *option]);

    for words in options.chain([vec![]]) {
        supervisor.kill_core();
        let planted = plant(&app, &own, &words)?;
        supervisor.start_core()?;

        let mut command = supervisor.frontend_command(&["app", "shell", &app.id.to_string()]);
        let mut screen = Screen::start(&mut command, 24, 80)?;
        if words.is_empty() {
            screen.until("# ").map_err(|error| format!("{error}\n{}", supervisor.logs()))?;
            screen.keys(b"exit\r")?;
            assert_eq!(screen.end()?.1, Some(0), "an ordinary one is");
        } else {
            let (shown, code) = screen.end()?;
            assert!(shown.contains("security_opt systempaths=unconfined"), "{words:?}: {shown}");
            assert_eq!(code, Some(77), "{words:?}: {shown}");
        }
        assert_eq!(app.container()?, planted, "{words:?}");
    }
    Ok(())
}
