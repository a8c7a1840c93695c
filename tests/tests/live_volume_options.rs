//! Volumes with options of the owner's: what purge empties, and what a change of options does.

use std::fs;

use supervisor_tests::Result;
use supervisor_tests::engine::Engine;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::scratch::Folder;

/// With a limit that every engine knows: Podman 4 takes a `size` for a quota of its own.
fn compose(elsewhere: &str, files: &str) -> String {
    format!(
        "services:
  main:
    image: supervisor-test-app
    volumes: ['kept:/kept', 'labelled:/labelled', 'memory:/memory']
volumes:
  kept:
    driver_opts: {{type: none, o: bind, device: {elsewhere}}}
  labelled:
    labels: {{a: b}}
  memory:
    driver_opts: {{type: tmpfs, device: tmpfs, o: nr_inodes={files}}}
"
    )
}

#[test]
fn purge_empties_what_the_engine_keeps_and_leaves_a_folder_of_the_owner() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let (app, engine, elsewhere) = (LiveApp::new(), Engine::default(), Folder::new()?);
    supervisor.apply(app.id, &compose(&elsewhere.path().to_string_lossy(), "100"))?;
    engine.shell(&app.container()?, "touch /kept/row /labelled/row /memory/row")?;

    assert_eq!(client.post("/v1/purge", &app.body())?.status, 200, "{}", supervisor.logs());

    let left = engine.shell(&app.container()?, "ls /kept /labelled /memory | grep -c row")?;
    assert_eq!(left.trim(), "1");
    assert!(elsewhere.path().join("row").exists());
    let name = format!("{}_labelled", app.id);
    let label = engine.docker(&["volume", "inspect", "-f", "{{index .Labels \"a\"}}", &name])?;
    assert_eq!(label.trim(), "b");
    Ok(())
}

#[test]
fn change_of_a_volume_s_options_is_refused_until_a_purge_and_takes_nothing_away() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let (app, engine, elsewhere) = (LiveApp::new(), Engine::default(), Folder::new()?);
    let place = elsewhere.path().to_string_lossy().into_owned();
    supervisor.apply(app.id, &compose(&place, "100"))?;
    let before = app.container()?;

    let file = elsewhere.join("changed.yaml");
    fs::write(&file, compose(&place, "200"))?;
    let id = app.id.to_string();
    let refused = supervisor.admin(&["app", "apply", &file, "--app-id", &id])?;

    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert!(refused.stderr.contains("other options"), "{refused:?}");
    assert_eq!(app.container()?, before);

    assert_eq!(client.post("/v1/purge", &app.body())?.status, 200, "{}", supervisor.logs());
    let files = engine.shell(&app.container()?, "df -i /memory | tail -n 1 | awk '{print $2}'")?;
    assert_eq!(files.trim(), "200");
    Ok(())
}
