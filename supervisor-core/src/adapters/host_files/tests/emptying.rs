//! Emptying what an app can leave in its folder.

use std::{
    ffi::OsStr,
    os::{
        fd::OwnedFd,
        unix::{
            ffi::OsStrExt as _,
            fs::{PermissionsExt as _, chown},
            net::UnixListener,
        },
    },
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use rustix::fs::{CWD, Mode, OFlags};

use super::*;

#[tokio::test]
async fn empty_data_removes_everything_and_keeps_the_folder() {
    let host = Host::prepared().await;
    let data = host.data();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o2710)).unwrap();
    chown(&data, Some(1000), Some(1001)).unwrap();
    let before = identity(&data);
    fs::create_dir_all(data.join("a/b/c")).unwrap();
    fs::write(data.join("a/b/file"), "x").unwrap();
    fs::write(data.join(".hidden"), "x").unwrap();
    fs::write(data.join("resin-updates.lock"), "").unwrap();
    fs::write(data.join(OsStr::from_bytes(b"not \xff utf-8\n")), "x").unwrap();
    fs::create_dir(data.join(OsStr::from_bytes(b"dir \xfe"))).unwrap();
    fs::write(data.join(OsStr::from_bytes(b"dir \xfe")).join("x"), "x").unwrap();
    mkfifo(&data.join("a/fifo"));
    let _socket = UnixListener::bind(data.join("a/socket")).unwrap();
    host.empty().await.unwrap();
    assert_eq!(host.entries(), [""; 0]);
    assert_eq!(identity(&data), before);
    host.empty().await.unwrap();
}

#[tokio::test]
async fn empty_data_creates_an_absent_folder() {
    let host = Host::new();
    host.empty().await.unwrap();
    assert!(host.data().is_dir());
}

#[tokio::test]
async fn empty_data_enters_closed_folders() {
    let host = Host::prepared().await;
    let closed = host.data().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::write(closed.join("file"), "x").unwrap();
    chown(&closed, Some(1000), Some(1000)).unwrap();
    for mode in [0o700, 0o000] {
        fs::create_dir_all(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(mode)).unwrap();
        host.empty().await.unwrap();
        assert!(host.entries().is_empty());
    }
}

#[tokio::test]
async fn empty_data_removes_symlinks_and_leaves_what_they_lead_to() {
    let host = Host::prepared().await;
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("file");
    fs::write(&file, "precious").unwrap();
    fs::create_dir(host.data().join("sub")).unwrap();
    for (target, name) in
        [(outside.path(), "dir"), (&file, "file"), (Path::new("."), "self"), (outside.path(), "sub/dir")]
    {
        symlink(target, host.data().join(name)).unwrap();
    }
    host.empty().await.unwrap();
    assert!(host.entries().is_empty());
    assert_eq!(fs::read_to_string(file).unwrap(), "precious");
}

/// Builds the tree by handle: its path is too long for one system call.
fn build_deep(top: &Path, levels: usize) {
    let open = |fd: &OwnedFd| rustix::fs::openat(fd, "d", OFlags::DIRECTORY, Mode::empty()).unwrap();
    let mut folder = rustix::fs::openat(CWD, top, OFlags::DIRECTORY, Mode::empty()).unwrap();
    for _ in 0..levels {
        rustix::fs::mkdirat(&folder, "d", Mode::RWXU).unwrap();
        rustix::fs::mkdirat(&folder, "empty", Mode::empty()).unwrap();
        folder = open(&folder);
    }
}

#[tokio::test]
async fn empty_data_removes_a_tree_of_10_000_levels() {
    let host = Host::prepared().await;
    // In memory, because a disk takes long to create that much.
    let _mount = Mount::new(&["-t", "tmpfs", "none"], &host.data());
    build_deep(&host.data(), 10_000);
    // A name that the sweep would like to use itself.
    fs::write(host.data().join(".purged-0"), "x").unwrap();
    host.empty().await.unwrap();
    assert_eq!(fs::read_dir(host.data()).unwrap().count(), 0);
}

#[tokio::test]
async fn empty_data_removes_many_entries() {
    let host = Host::prepared().await;
    // In memory, because a disk takes long to create that much.
    let _mount = Mount::new(&["-t", "tmpfs", "none"], &host.data());
    for number in 0..5000 {
        fs::write(host.data().join(format!("file-{number:04}")), "").unwrap();
    }
    host.empty().await.unwrap();
    assert!(host.entries().is_empty());
}

#[tokio::test]
async fn empty_data_ends_while_an_app_goes_on_writing() {
    let host = Host::prepared().await;
    let stop = Arc::new(AtomicBool::new(false));
    let (data, stopped) = (host.data(), Arc::clone(&stop));
    let writer = std::thread::spawn(move || {
        let mut number = 0_u32;
        while !stopped.load(SeqCst) {
            number += 1;
            let folder = data.join(format!("dir-{}", number % 7));
            // Races with the removal are the point.
            fs::create_dir_all(folder.join("x")).ok();
            fs::write(folder.join("x/file"), "").ok();
            fs::rename(&folder, data.join("moved")).ok();
            symlink("/etc", folder.join("x")).ok();
        }
    });
    let outcome = host.empty().await;
    stop.store(true, SeqCst);
    writer.join().unwrap();
    assert!(matches!(outcome, Ok(()) | Err(HostFilesError::Io { .. })), "{outcome:?}");
    assert!(Path::new("/etc/passwd").exists());
    host.empty().await.unwrap();
    assert!(host.entries().is_empty());
}

#[track_caller]
fn assert_mount_point(outcome: Result<(), HostFilesError>, expected: &str) {
    match outcome {
        Err(HostFilesError::MountPoint { path }) => assert_eq!(path, expected),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn empty_data_with_a_file_system_mounted_inside_removes_nothing() {
    let host = Host::prepared().await;
    let inner = host.data().join("a/with space");
    fs::create_dir_all(&inner).unwrap();
    fs::write(host.data().join("file"), "x").unwrap();
    let mount = Mount::new(&["-t", "tmpfs", "none"], &inner);
    fs::write(inner.join("precious"), "x").unwrap();
    let before = host.entries();
    assert_mount_point(host.empty().await, "/resin-data/2167/a/with space");
    assert_eq!(host.entries(), before);
    drop(mount);
    host.empty().await.unwrap();
    assert!(host.entries().is_empty());
}

#[tokio::test]
async fn empty_data_with_a_bind_mount_of_the_same_file_system_removes_nothing() {
    let host = Host::prepared().await;
    let (source, target) = (host.at("/source"), host.data().join("target"));
    fs::create_dir(&source).unwrap();
    fs::create_dir(&target).unwrap();
    fs::write(source.join("precious"), "x").unwrap();
    let _mount = Mount::bind(&source, &target);
    assert_mount_point(host.empty().await, "/resin-data/2167/target");
    assert!(source.join("precious").exists());
}

#[tokio::test]
async fn empty_data_with_a_file_bind_mount_removes_nothing() {
    let host = Host::prepared().await;
    let (source, target) = (host.at("/source"), host.data().join("target"));
    fs::write(&source, "precious").unwrap();
    fs::write(&target, "").unwrap();
    let _mount = Mount::bind(&source, &target);
    assert_mount_point(host.empty().await, "/resin-data/2167/target");
    assert_eq!(fs::read_to_string(source).unwrap(), "precious");
}

#[tokio::test]
async fn empty_data_that_is_itself_a_mount_point_is_emptied() {
    let host = Host::prepared().await;
    let _mount = Mount::new(&["-t", "tmpfs", "none"], &host.data());
    fs::write(host.data().join("file"), "x").unwrap();
    host.empty().await.unwrap();
    assert!(host.entries().is_empty());
}

#[tokio::test]
async fn empty_data_that_cannot_remove_an_entry_names_it() {
    let host = Host::prepared().await;
    let _mount = Mount::new(&["-t", "tmpfs", "none"], &host.data());
    fs::create_dir(host.data().join("a")).unwrap();
    fs::write(host.data().join("a/file"), "x").unwrap();
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(host.data()).status().unwrap();
    assert!(remounted.success());
    match host.empty().await {
        Err(HostFilesError::Io { action, path, .. }) => {
            assert!(action == "remove" && path.starts_with("/resin-data/2167/a"), "{action} {path}");
        }
        other => panic!("{other:?}"),
    }
    assert!(host.data().join("a/file").exists());
}
