//! The engine, core or the store break on this machine, in the middle of an action or before it.

use std::fs;
use std::os::unix::fs::symlink;
use std::thread::spawn;
use std::time::Duration;

use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::compose::one_service;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::scratch::{Folder, SmallDisk};
use supervisor_tests::wait::{check, wait_until};

const SOON: Duration = Duration::from_mins(2);
const ENGINE: &str = "/var/run/docker.sock";

/// Core dies while the app is being stopped for `path`; gives the supervisor with the new core.
fn killed_in(path: &'static str) -> Result<(Supervisor, LiveApp)> {
    let mut supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let app = LiveApp::apply_stubborn(&supervisor)?;
    fs::write(supervisor.data(app.id).join("file"), "mine")?;
    let before = app.container()?;
    let body = app.body();
    let call = spawn(move || client.post(path, &body));
    app.wait_until_terminating(&supervisor)?;
    supervisor.kill_core();
    let answer = call.join().map_err(|_| "the call's thread panicked")??;
    assert_eq!(answer.status, 503, "{}", answer.body);
    supervisor.start_core()?;
    app.let_go(&supervisor)?;
    app.container_after(&before).map_err(|error| format!("{error}\n{}", supervisor.logs()))?;
    Ok((supervisor, app))
}

#[test]
fn core_killed_in_restart_app_runs_again_with_its_data() -> Result<()> {
    let (supervisor, app) = killed_in("/v1/restart")?;
    assert_eq!(fs::read_to_string(supervisor.data(app.id).join("file"))?, "mine");
    Ok(())
}

#[test]
fn core_killed_in_purge_purge_is_finished() -> Result<()> {
    let (supervisor, app) = killed_in("/v1/purge")?;
    assert!(!supervisor.data(app.id).join("file").exists(), "{}", supervisor.logs());
    Ok(())
}

#[test]
fn engine_absent_at_start_app_runs_when_it_appears() -> Result<()> {
    let folder = Folder::new()?;
    let socket = folder.join("docker.sock");
    let supervisor = Supervisor::start(&[("DOCKER_SOCKET", &socket)])?;
    let client = supervisor.client()?;
    let app = LiveApp::new();
    assert_eq!(client.get("/v1/device")?.status, 200);
    assert!(supervisor.apply(app.id, &one_service(IMAGE, &[])).is_err());

    symlink(ENGINE, &socket)?;

    app.container().map_err(|error| format!("{error}\n{}", supervisor.logs()))?;
    wait_until("the restart", SOON, || {
        let answer = client.post("/v1/restart", &app.body())?;
        check(answer.status == 200, answer.body)
    })
}

#[test]
fn damaged_store_is_set_aside_and_the_app_keeps_running() -> Result<()> {
    let mut supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let container = app.container()?;
    let files: Vec<_> = fs::read_dir(supervisor.core_state())?.flatten().map(|entry| entry.path()).collect();
    for file in files.iter().filter(|path| path.is_file()) {
        let whole = fs::read(file)?;
        for length in [0, 1, whole.len() / 2, whole.len().saturating_sub(1)] {
            supervisor.kill_core();
            fs::write(file, whole.get(..length).unwrap_or_default())?;
            supervisor.start_core()?;
            let context =
                |error| format!("{} cut to {length}: {error}\n{}", file.display(), supervisor.logs());
            // It has looked at the app, by its record or by its container.
            wait_until("core", SOON, || supervisor.admin_ok(&["app", "show", &app.id.to_string()]))
                .map_err(context)?;
            assert_eq!(app.container()?, container, "{} cut to {length}", file.display());
        }
    }
    Ok(())
}

#[test]
fn full_disk_under_the_store_is_a_clear_answer_and_nothing_is_lost() -> Result<()> {
    let mut supervisor = Supervisor::start(&[])?;
    supervisor.kill_core();
    let disk = SmallDisk::mount(&supervisor.core_state(), "256k")?;
    supervisor.start_core()?;
    let client = supervisor.client()?;
    let app = LiveApp::apply(&supervisor)?;
    let container = app.container()?;

    let filler = disk.fill()?;
    let answer = client.post("/v1/purge", &app.body())?;
    assert_eq!(answer.status, 503, "{} {}", answer.body, supervisor.logs());
    assert_eq!(app.container()?, container);

    fs::remove_file(filler)?;
    assert_eq!(client.post("/v1/purge", &app.body())?.status, 200, "{}", supervisor.logs());
    // Core goes before the disk under it.
    supervisor.kill_core();
    drop(disk);
    Ok(())
}
