//! Folders that are created, kept or refused.

use std::os::unix::fs::{PermissionsExt as _, chown};

use rustix::fs::{CWD, Mode, OFlags};

use super::*;
use crate::adapters::host_files::roots::open_without_symlinks;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[tokio::test]
async fn prepare_creates_data_and_lock_folders() {
    let host = Host::prepared().await;
    assert_eq!(mode(&host.data()), 0o755);
    assert_eq!(mode(&host.lock_folder("main")), 0o755);
    assert_eq!(mode(&host.lock_folder("db")), 0o755);
    assert_eq!(mode(&host.at("/tmp")), 0o1777);
}

#[tokio::test]
async fn prepare_keeps_owner_and_mode_of_existing_folders() {
    let host = Host::prepared().await;
    for folder in [host.data(), host.lock_folder("main")] {
        set_mode(&folder, 0o2770);
        chown(&folder, Some(1000), Some(1001)).unwrap();
    }
    let before = (identity(&host.data()), identity(&host.lock_folder("main")));
    host.files.prepare(app(), &services()).await.unwrap();
    assert_eq!((identity(&host.data()), identity(&host.lock_folder("main"))), before);
}

#[tokio::test]
async fn prepare_refuses_symlink_or_file_in_place_of_the_data_folder() {
    let host = Host::prepared().await;
    fs::remove_dir(host.data()).unwrap();
    symlink("/tmp", host.data()).unwrap();
    assert_unsafe(host.files.prepare(app(), &[]).await, "/resin-data/2167");
    assert_unsafe(host.empty().await, "/resin-data/2167");
    assert_unsafe(host.take(&token()).await, "/resin-data/2167");
    fs::remove_file(host.data()).unwrap();
    fs::write(host.data(), "").unwrap();
    assert_unsafe(host.files.prepare(app(), &[]).await, "/resin-data/2167");
}

#[tokio::test]
async fn prepare_refuses_a_planted_symlink_at_every_level_of_the_lock_folders() {
    for planted in [
        "/tmp/balena-supervisor",
        "/tmp/balena-supervisor/services",
        "/tmp/balena-supervisor/services/2167",
        "/tmp/balena-supervisor/services/2167/main",
    ] {
        let host = Host::new();
        let outside = tempfile::tempdir().unwrap();
        fs::create_dir_all(host.at(planted).parent().unwrap()).unwrap();
        symlink(outside.path(), host.at(planted)).unwrap();
        assert_unsafe(host.files.prepare(app(), &services()).await, planted);
        assert_unsafe(host.take(&token()).await, planted);
        assert_unsafe(host.release(&token()).await, planted);
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn prepare_refuses_lock_folders_of_others_or_that_others_can_write_to() {
    for folder in
        ["/tmp/balena-supervisor", "/tmp/balena-supervisor/services", "/tmp/balena-supervisor/services/2167"]
    {
        let host = Host::prepared().await;
        chown(host.at(folder), Some(1000), None).unwrap();
        assert_unsafe(host.files.prepare(app(), &services()).await, folder);
        chown(host.at(folder), Some(0), None).unwrap();
        for mode in [0o775, 0o757, 0o1777] {
            set_mode(&host.at(folder), mode);
            assert_unsafe(host.files.prepare(app(), &services()).await, folder);
        }
    }
}

#[tokio::test]
async fn prepare_refuses_a_file_in_place_of_a_service_folder() {
    let host = Host::prepared().await;
    fs::remove_dir(host.lock_folder("db")).unwrap();
    mkfifo(&host.lock_folder("db"));
    assert_unsafe(host.files.prepare(app(), &services()).await, "/tmp/balena-supervisor/services/2167/db");
}

#[tokio::test]
async fn configured_symlink_with_absolute_target_stays_beneath_the_host_root() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("mnt/data")).unwrap();
    symlink("/mnt/data", root.path().join("resin-data")).unwrap();
    let files = LinuxHostFiles::new(root.path().to_owned(), PathBuf::from("/resin-data/apps"));
    files.prepare(app(), &[]).await.unwrap();
    assert!(root.path().join("mnt/data/apps/2167").is_dir());
}

#[tokio::test]
async fn configured_symlink_that_leads_nowhere_is_refused() {
    let host = Host::new();
    symlink("/nowhere", host.at(DATA_PATH)).unwrap();
    assert_unsafe(host.files.prepare(app(), &[]).await, DATA_PATH);
}

#[tokio::test]
async fn configured_path_that_goes_up_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let files = LinuxHostFiles::new(root.path().to_owned(), PathBuf::from("/a/../../b"));
    assert_unsafe(files.prepare(app(), &[]).await, "/a/../../b");
}

#[test]
fn symlinks_are_refused_where_the_kernel_cannot_bound_them() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("a/b")).unwrap();
    symlink("a", root.path().join("link")).unwrap();
    let host = rustix::fs::openat(CWD, root.path(), OFlags::DIRECTORY, Mode::empty()).unwrap();
    assert!(open_without_symlinks(&host, Path::new("a/b")).is_ok());
    assert!(open_without_symlinks(&host, Path::new("link/b")).is_err());
}
