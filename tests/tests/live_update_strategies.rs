//! Update strategies, and updates that wait for their time, on this machine's engine.

use std::fs;
use std::time::Duration;

use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::compose::one_service;
use supervisor_tests::engine::Engine;
use supervisor_tests::image::{Image, Layer};
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::registry::Registry;
use supervisor_tests::registry_gate::RegistryGate;
use supervisor_tests::scratch::unique_app_id;
use supervisor_tests::wait::{check, wait_until};

const LIMIT: Duration = Duration::from_mins(2);

/// The test's image under a name of its own, which goes with its owner.
struct Tag(String);

impl Tag {
    fn new(text: &str) -> Result<Self> {
        let name = format!("supervisor-test-update:{text}-{}", unique_app_id());
        Engine::default().docker(&["tag", IMAGE, &name])?;
        Ok(Self(name))
    }

    fn is_here(&self) -> bool {
        Engine::default().docker(&["image", "inspect", &self.0]).is_ok()
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        if self.is_here() {
            drop(Engine::default().docker(&["image", "rm", &self.0]));
        }
    }
}

fn release(image: &str, labels: &[&str]) -> String {
    let labels: Vec<String> = labels.iter().map(|label| format!("  - {label}")).collect();
    let lines = std::iter::once("labels:").chain(labels.iter().map(String::as_str));
    one_service(image, &lines.collect::<Vec<_>>())
}

/// The name that a container's image was asked for by; Podman says where it keeps it before that.
fn image_of(container: &str) -> Result<String> {
    let name = Engine::default().docker(&["inspect", "-f", "{{.Config.Image}}", container])?;
    Ok(name.rsplit_once('/').map_or(name.as_str(), |(_, last)| last).to_owned())
}

/// The ids of two containers of the app that run side by side: the old and the new one.
fn both(app: &LiveApp, old: &str) -> Result<String> {
    wait_until("old and new container", LIMIT, || {
        let ids = Engine::default().service_containers(app.id, "main")?;
        let new = ids.iter().find(|id| *id != old).ok_or("no new container yet")?;
        check(ids.len() == 2, format!("{ids:?}"))?;
        let running = Engine::default().docker(&["inspect", "-f", "{{.State.Running}}", old, new])?;
        check(running == "true\ntrue", running)?;
        Ok(new.clone())
    })
}

#[test]
fn update_of_each_strategy_without_a_hand_over_runs_the_new_release_once() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    for strategy in ["download-then-kill", "kill-then-download", "delete-then-download"] {
        let label = format!("io.balena.update.strategy={strategy}");
        let (old, new) = (Tag::new("old")?, Tag::new("new")?);
        let app = LiveApp::new();
        supervisor.apply(app.id, &release(&old.0, &[&label]))?;
        let before = app.container()?;

        supervisor.apply(app.id, &release(&new.0, &[&label]))?;

        let after = app.container_after(&before)?;
        assert_eq!(image_of(&after)?, new.0, "{strategy} {}", supervisor.logs());
        assert!(old.is_here(), "core has not pulled it: {strategy}");
        supervisor.admin_ok(&["app", "remove", &app.id.to_string(), "--yes"])?;
    }
    Ok(())
}

#[test]
fn hand_over_ends_when_the_new_container_says_so_and_leaves_one() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let labels = ["io.balena.update.strategy=hand-over", "io.balena.update.handover-timeout=3600000"];
    let app = LiveApp::new();
    supervisor.apply(app.id, &release(IMAGE, &labels))?;
    let old = app.container()?;
    let changed = release(IMAGE, &[labels[0], labels[1], "release=2"]);

    std::thread::scope(|scope| {
        let applied = scope.spawn(|| supervisor.apply(app.id, &changed));
        let new = both(&app, &old)?;
        Engine::default().shell(&new, "touch /tmp/balena/handover-complete")?;
        applied.join().map_err(|_| "the applying thread panicked")??;
        assert_eq!(app.container_after(&old)?, new, "{}", supervisor.logs());
        Ok(())
    })
}

#[test]
fn hand_over_ends_at_its_timeout_also_after_core_was_killed_in_it() -> Result<()> {
    let mut supervisor = Supervisor::start(&[])?;
    let labels = ["io.balena.update.strategy=hand-over", "io.balena.update.handover-timeout=45000"];
    let app = LiveApp::new();
    supervisor.apply(app.id, &release(IMAGE, &labels))?;
    let old = app.container()?;
    let changed = release(IMAGE, &[labels[0], labels[1], "release=2"]);

    let new = std::thread::scope(|scope| -> Result<String> {
        scope.spawn(|| supervisor.apply(app.id, &changed).is_ok());
        let new = both(&app, &old)?;
        let core = supervisor.pids()?[0].to_string();
        supervisor_tests::command::run(&["kill", "-9", &core])?;
        Ok(new)
    })?;
    supervisor.kill_core();
    supervisor.start_core()?;

    assert_eq!(app.container_after(&old)?, new, "{}", supervisor.logs());
    Ok(())
}

#[test]
fn update_on_call_runs_on_until_it_is_called_for() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let label = "io.supervisor.update.apply=on-call";
    let (old, new) = (Tag::new("old")?, Tag::new("new")?);
    let app = LiveApp::new();
    supervisor.apply(app.id, &release(&old.0, &[label]))?;
    let before = app.container()?;

    supervisor.apply(app.id, &release(&new.0, &[label]))?;
    assert_eq!(client.post("/v1/update", r#"{"force": true}"#)?.status, 204);
    assert_eq!(client.post("/v1/restart", &app.body())?.status, 200, "{}", supervisor.logs());
    let restarted = app.container_after(&before)?;
    assert_eq!(image_of(&restarted)?, old.0);
    let shown = supervisor.admin_ok(&["app", "show", &app.id.to_string()])?;
    assert!(shown.contains("is downloaded and waits for a call"), "{shown}");

    assert_eq!(client.post("/v1/update", r#"{"apply": true}"#)?.status, 204);
    assert_eq!(image_of(&app.container_after(&restarted)?)?, new.0, "{}", supervisor.logs());
    Ok(())
}

#[test]
fn cancel_in_the_middle_of_a_pull_keeps_the_old_release_and_what_waits() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let label = "io.supervisor.update.apply=on-call";
    let app = LiveApp::apply(&supervisor)?;
    let before = app.container()?;
    let registry = Registry::start()?;
    let gate = RegistryGate::before(&registry.address())?;
    let path = registry.hold(Image::on(IMAGE, &[Layer::Mark])?.name(), "held")?;
    gate.hold_after(0);
    let image = format!("{}/{path}", gate.address());
    let id = app.id.to_string();
    let file = supervisor.data(app.id).join("next.yaml");
    fs::write(&file, release(&image, &[label]))?;
    let shown = || -> Result<serde_json::Value> {
        Ok(serde_json::from_str(&supervisor.admin_ok(&["--json", "app", "show", &id])?)?)
    };

    // The answer does not wait for the pull, nor does a restart.
    supervisor.admin_ok(&["app", "apply", &file.to_string_lossy(), "--app-id", &id, "--name", "demo"])?;
    wait_until("the pull", LIMIT, || check(shown()?["activity"] == "downloading", supervisor.logs()))?;
    assert_eq!(client.post("/v1/restart", &app.body())?.status, 200, "{}", supervisor.logs());
    let restarted = app.container_after(&before)?;
    wait_until("the pull to go on", LIMIT, || {
        check(shown()?["activity"] == "downloading", supervisor.logs())
    })?;
    assert_eq!(client.post("/v1/update", r#"{"cancel": true}"#)?.status, 204);
    wait_until("the end of it", LIMIT, || {
        let app = shown()?;
        let has_ended = app["activity"] == "idle"
            && app["update_downloaded"] == false
            && app["apply_waits_for"].is_string();
        check(has_ended, format!("{app}\n{}", supervisor.logs()))
    })?;
    assert_eq!(app.container()?, restarted);
    Ok(())
}
