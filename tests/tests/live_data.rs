//! Purge on data that an app made difficult.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink};

use supervisor_tests::Result;
use supervisor_tests::curl::Client;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::scratch::{Folder, SmallDisk};

fn running() -> Result<(Supervisor, Client, LiveApp)> {
    let supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let app = LiveApp::apply(&supervisor)?;
    Ok((supervisor, client, app))
}

#[test]
fn purge_of_data_with_symlinks_leaves_their_targets() -> Result<()> {
    let (supervisor, client, app) = running()?;
    let outside = Folder::new()?;
    fs::write(outside.path().join("precious"), "kept")?;
    symlink(outside.path(), supervisor.data(app.id).join("folder"))?;
    symlink(outside.path().join("precious"), supervisor.data(app.id).join("file"))?;

    assert_eq!(client.post("/v1/purge", &app.body())?.status, 200, "{}", supervisor.logs());

    assert_eq!(fs::read_to_string(outside.path().join("precious"))?, "kept");
    assert!(supervisor.data(app.id).join("folder").symlink_metadata().is_err());
    Ok(())
}

#[test]
fn purge_of_closed_folders_empties_them_and_keeps_the_root_folders_owner_and_mode() -> Result<()> {
    let (supervisor, client, app) = running()?;
    let data = supervisor.data(app.id);
    let closed = data.join("closed");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(closed.join("deep"))?;
    chown(&closed, Some(1234), Some(1234))?;
    chown(&data, Some(1000), Some(1000))?;
    fs::set_permissions(&data, fs::Permissions::from_mode(0o751))?;

    assert_eq!(client.post("/v1/purge", &app.body())?.status, 200, "{}", supervisor.logs());

    let facts = fs::metadata(&data)?;
    assert_eq!((facts.uid(), facts.gid(), facts.mode() & 0o7777), (1000, 1000, 0o751));
    assert!(!closed.exists());
    Ok(())
}

#[test]
fn purge_with_a_mount_inside_names_it_and_leaves_its_files() -> Result<()> {
    let (supervisor, client, app) = running()?;
    let inside = supervisor.data(app.id).join("disk");
    let disk = SmallDisk::mount(&inside, "64k")?;
    fs::write(inside.join("precious"), "kept")?;

    let answer = client.post("/v1/purge", &app.body())?;

    assert_ne!(answer.status, 200, "{}", supervisor.logs());
    assert!(answer.body.contains("disk"), "{}", answer.body);
    assert_eq!(fs::read_to_string(inside.join("precious"))?, "kept");
    drop(disk);
    Ok(())
}

#[test]
fn lock_folder_planted_as_a_symlink_is_not_followed() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let outside = Folder::new()?;
    let app = LiveApp::new();
    supervisor.remove_at_end(app.id);
    let parent = app.locks().parent().map(ToOwned::to_owned).unwrap_or_default();
    fs::create_dir_all(&parent)?;
    symlink(outside.path(), app.locks())?;
    let file = outside.join("app.yaml");
    fs::write(&file, "services:\n  main:\n    image: supervisor-test-app\n")?;

    let id = app.id.to_string();
    let applied = supervisor.admin(&["app", "apply", &file, "--app-id", &id])?;

    assert_ne!(applied.code, Some(0), "{}", supervisor.logs());
    assert_eq!(fs::read_dir(outside.path())?.count(), 1, "only the compose file");
    Ok(())
}
