//! What breaks on a real device: the engine, core or the frontend, in the middle of an action.

use std::process::ExitCode;
use std::thread::spawn;
use std::time::Duration;

use supervisor_tests::app::App;
use supervisor_tests::curl::Answer;
use supervisor_tests::device::Device;
use supervisor_tests::supervisor::client;
use supervisor_tests::wait::{check, wait_until};
use supervisor_tests::{Result, suite};

const SOON: Duration = Duration::from_mins(2);

/// A fault that is brought about while the app is being stopped.
type Fault = fn(&Device) -> Result<()>;

fn main() -> ExitCode {
    suite::run(&[
        ("core_killed_in_restart_app_runs_again", |device| restart_with(device, kill_core)),
        ("core_killed_in_purge_purge_is_finished", |device| purge_with(device, kill_core)),
        ("engine_restarted_in_restart_app_runs_again", |device| restart_with(device, restart_engine)),
        ("engine_restarted_in_purge_purge_is_finished", |device| purge_with(device, restart_engine)),
        ("engine_killed_in_purge_purge_is_finished", |device| purge_with(device, kill_engine)),
        ("frontend_killed_comes_back_with_the_same_key", frontend_killed_comes_back_with_the_same_key),
        ("core_absent_is_503_and_ping_answers", core_absent_is_503_and_ping_answers),
        (
            "two_restarts_and_a_purge_at_once_end_with_one_container",
            two_restarts_and_a_purge_at_once_end_with_one_container,
        ),
    ])
}

fn kill_core(device: &Device) -> Result<()> {
    kill(device, "supervisor-core")
}

/// Not `docker kill`: the engine would take that for the administrator's wish.
fn kill(device: &Device, container: &str) -> Result<()> {
    device.shell(&format!("kill -9 $(docker inspect -f '{{{{.State.Pid}}}}' {container})")).map(drop)
}

/// Begins it: the engine does not end before what it runs has ended.
fn restart_engine(device: &Device) -> Result<()> {
    forget_starts_of_engine(device)?;
    // Another life of the unit may begin before anybody has seen that the one before ended.
    let life = || device.shell("systemctl show -p ActiveState -p InvocationID docker");
    let before = life()?;
    device.shell("systemctl restart --no-block docker")?;
    wait_until("the engine to stop", SOON, || {
        let now = life()?;
        check(now != before, now)
    })
}

/// systemd starts it again by its own `Restart=`.
fn kill_engine(device: &Device) -> Result<()> {
    forget_starts_of_engine(device)?;
    device.shell("systemctl kill -s KILL --kill-who=main docker").map(drop)
}

/// The unit's `StartLimitBurst=` would leave the engine off after the third start in a minute, and the tests before
/// this one start it too: how many fall into that minute is a matter of the machine's speed.
fn forget_starts_of_engine(device: &Device) -> Result<()> {
    device.shell("systemctl reset-failed docker").map(drop)
}

fn restart_with(device: &Device, fault: Fault) -> Result<()> {
    let app = App::apply_stubborn(device, 2168)?;
    app.leave("kept")?;
    let before = app.container()?;
    let answer = interrupted(device, &app, "/v1/restart", fault)?;
    app.container_after(&before)?;
    assert!(app.has("kept")?, "{answer:?}");
    Ok(())
}

fn purge_with(device: &Device, fault: Fault) -> Result<()> {
    let app = App::apply_stubborn(device, 2168)?;
    app.leave("gone")?;
    let before = app.container()?;
    let answer = interrupted(device, &app, "/v1/purge", fault)?;
    app.container_after(&before)?;
    assert!(!app.has("gone")?, "{answer:?}");
    assert!(!app.has("terminating")?, "{answer:?}");
    Ok(())
}

/// Calls, brings the fault about while the app is being stopped, and gives the answer, if one came.
fn interrupted(device: &Device, app: &App<'_>, path: &'static str, fault: Fault) -> Result<Option<Answer>> {
    let client = client(device)?;
    let body = app.body();
    let call = spawn(move || client.post(path, &body));
    app.wait_until_terminating()?;
    fault(device)?;
    app.let_go()?;
    let answer = call.join().map_err(|_| "the call's thread panicked")?.ok();
    let fits = answer.as_ref().is_none_or(|answer| [200, 503].contains(&answer.status));
    check(fits, format!("{answer:?}"))?;
    Ok(answer)
}

fn frontend_killed_comes_back_with_the_same_key(device: &Device) -> Result<()> {
    let client = client(device)?;
    kill(device, "supervisor-frontend")?;
    wait_until("the frontend", SOON, || check(client.get("/ping")?.body == "OK", "not OK"))
}

fn core_absent_is_503_and_ping_answers(device: &Device) -> Result<()> {
    let app = App::apply(device, 2168)?;
    let client = client(device)?;
    device.shell("docker stop supervisor-core")?;
    assert_eq!(client.get("/ping")?.body, "OK");
    assert_eq!(client.get("/v1/device")?.status, 200);
    for path in ["/v1/restart", "/v1/purge", "/v1/reboot", "/v1/shutdown", "/v1/tcp-ping"] {
        assert_eq!(client.post(path, &app.body())?.status, 503, "{path}");
    }
    device.shell("docker start supervisor-core")?;
    wait_until("core to be reached again", SOON, || {
        check(client.post_empty("/v1/tcp-ping")?.status == 204, "not yet")
    })
}

fn two_restarts_and_a_purge_at_once_end_with_one_container(device: &Device) -> Result<()> {
    let app = App::apply(device, 2168)?;
    app.leave("gone")?;
    let client = client(device)?;
    let calls = ["/v1/restart", "/v1/purge", "/v1/restart"].map(|path| {
        let (client, body) = (client.clone(), app.body());
        spawn(move || client.post(path, &body))
    });
    for call in calls {
        let answer = call.join().map_err(|_| "the call's thread panicked")??;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert!(!app.has("gone")?);
    assert_eq!(device.engine().service_containers(2168, "main")?.len(), 1);
    Ok(())
}
