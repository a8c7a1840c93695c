//! The tests' own helpers do what the other tests rely on.

use std::time::Duration;

use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::bus::Bus;
use supervisor_tests::command::run;
use supervisor_tests::private_engine::PrivateEngine;
use supervisor_tests::registry::{Registry, forget};
use supervisor_tests::wait::{check, wait_until};

const LIMIT: Duration = Duration::from_mins(2);

#[test]
fn logind_mock_notes_a_reboot_and_answers_can_reboot() -> Result<()> {
    let bus = Bus::with_logind()?;
    let address = format!("--bus={}", bus.address());
    let call = |method: &str, argument: &str| {
        let method = format!("org.freedesktop.login1.Manager.{method}");
        let mut words = vec!["dbus-send", &address, "--print-reply", "--dest=org.freedesktop.login1"];
        words.extend(["/org/freedesktop/login1", &method]);
        words.extend(Some(argument).filter(|argument| !argument.is_empty()));
        run(&words)
    };
    assert!(call("CanReboot", "")?.contains("\"yes\""));
    assert_eq!(bus.calls("Reboot False"), 0);
    call("Reboot", "boolean:false")?;
    assert_eq!(bus.calls("Reboot False"), 1);
    Ok(())
}

#[test]
fn pushed_image_is_gone_here_and_can_be_pulled() -> Result<()> {
    let image = Registry::start().and_then(|registry| {
        let image = registry.push("supervisor-test-app", "harness:1")?;
        assert!(run(&["docker", "image", "inspect", &image]).is_err());
        run(&["docker", "pull", "-q", &image])?;
        Ok(image)
    })?;
    forget(&image)
}

#[test]
fn private_engine_leaves_the_machine_s_own_its_network() -> Result<()> {
    let alone = ["docker", "run", "--rm", "--network", "bridge", IMAGE, "true"];
    run(&alone)?;
    let private = PrivateEngine::start()?;
    run(&alone)?;
    drop(private);
    run(&alone).map(drop)
}

#[test]
fn private_engine_that_was_killed_comes_back_with_its_containers() -> Result<()> {
    let mut private = PrivateEngine::start()?;
    private.load(IMAGE)?;
    let engine = private.engine();
    let words = ["run", "-d", "--restart", "always", "--network", "host", IMAGE, "sleep", "infinity"];
    let id = engine.docker(&words)?;
    private.kill();
    check(engine.docker(&["version"]).is_err(), "it answers after its end")?;
    private.start_again()?;
    wait_until("the container", LIMIT, || {
        let running = engine.docker(&["inspect", "-f", "{{.State.Running}}", &id])?;
        check(running == "true", running)
    })
}
