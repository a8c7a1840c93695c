//! The adapter against real files. These tests run as root, because bind mounts and foreign owners are part of
//! what they show.

mod emptying;
mod folders;
mod following;
mod handover;
mod locks;
mod mount_table;

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use supervisor_proto::ids::{AppId, ServiceName};
use tempfile::TempDir;

use super::LinuxHostFiles;
use crate::ports::host_files::{HeldLock, HostFiles, HostFilesError, LockToken};

const DATA_PATH: &str = "/resin-data";

/// A host in a temporary directory.
struct Host {
    root: TempDir,
    files: LinuxHostFiles,
}

impl Host {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let files = LinuxHostFiles::new(root.path().to_owned(), PathBuf::from(DATA_PATH));
        Self { root, files }
    }

    /// With the app's folders in place.
    async fn prepared() -> Self {
        let host = Self::new();
        host.files.prepare(app(), &services()).await.unwrap();
        host
    }

    /// Where the host's `path` really is.
    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    fn data(&self) -> PathBuf {
        self.at("/resin-data/2167")
    }

    fn lock_folder(&self, service: &str) -> PathBuf {
        self.at("/tmp/balena-supervisor/services/2167").join(service)
    }

    async fn empty(&self) -> Result<(), HostFilesError> {
        self.files.empty_data(app()).await
    }

    async fn take(&self, token: &LockToken) -> Result<(), HostFilesError> {
        self.files.take_locks(app(), &services(), token).await
    }

    async fn release(&self, token: &LockToken) -> Result<(), HostFilesError> {
        self.files.release_locks(app(), &services(), token).await
    }

    async fn held(&self, token: Option<&LockToken>) -> Result<Vec<HeldLock>, HostFilesError> {
        self.files.held_locks(app(), &services(), token).await
    }

    /// Everything in the app's folders, by path on the host.
    fn entries(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.data(), self.lock_folder("main"), self.lock_folder("db")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                }
                let path = entry.path();
                found.push(path.strip_prefix(self.root.path()).unwrap().to_string_lossy().into_owned());
            }
        }
        found.sort();
        found
    }
}

fn app() -> AppId {
    AppId::new(2167).unwrap()
}

fn services() -> Vec<ServiceName> {
    ["main", "db"].map(|name| ServiceName::parse(name).unwrap()).to_vec()
}

fn token() -> LockToken {
    LockToken::parse(&"0a".repeat(16)).unwrap()
}

fn other_token() -> LockToken {
    LockToken::parse(&"1b".repeat(16)).unwrap()
}

fn mkfifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Owner, mode and inode.
fn identity(path: &Path) -> (u32, u32, u32, u64) {
    let data = fs::symlink_metadata(path).unwrap();
    (data.uid(), data.gid(), data.mode(), data.ino())
}

/// A mount that ends with the test.
struct Mount(PathBuf);

impl Mount {
    fn new(arguments: &[&str], target: &Path) -> Self {
        let done = Command::new("mount").args(arguments).arg(target).output().unwrap();
        assert!(done.status.success(), "mount failed, these tests need root: {done:?}");
        Self(target.to_owned())
    }

    fn bind(source: &Path, target: &Path) -> Self {
        Self::new(&["--bind", source.to_str().unwrap()], target)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let done = Command::new("umount").arg(&self.0).status();
        assert!(done.is_ok_and(|status| status.success()), "umount failed: {}", self.0.display());
    }
}

#[track_caller]
fn assert_unsafe(result: Result<(), HostFilesError>, expected: &str) {
    match result {
        Err(HostFilesError::Unsafe { path }) => assert_eq!(path, expected),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_locked(result: Result<(), HostFilesError>, expected: &str) {
    match result {
        Err(HostFilesError::Locked { path }) => assert_eq!(path, expected),
        other => panic!("{other:?}"),
    }
}
