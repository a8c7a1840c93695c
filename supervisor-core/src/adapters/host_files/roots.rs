//! The configured folders, and the way from them to an app's.

use std::{
    os::fd::OwnedFd,
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags},
    io::Errno,
};
use supervisor_proto::ids::{AppId, ServiceName};

use super::folder::{FOLDER_MODE, Folder, OPEN_FOLDER, failed, not_safe};
use crate::ports::host_files::HostFilesError;

const TEMPORARY: &str = "/tmp";
const TEMPORARY_MODE: Mode = Mode::from_raw_mode(0o1777);

/// What the lock folders lie in, each of them root's: `/tmp/balena-supervisor/services`.
const LOCK_PARENTS: [&str; 2] = ["balena-supervisor", "services"];

/// `HOST_ROOT` and `RESIN_DATA_PATH`.
#[derive(Debug)]
pub(super) struct Roots {
    host_root: PathBuf,
    data_path: PathBuf,
}

impl Roots {
    pub(super) fn new(host_root: PathBuf, data_path: PathBuf) -> Self {
        Self { host_root, data_path }
    }

    pub(super) fn data_path(&self) -> &Path {
        &self.data_path
    }

    /// The app's data folder, created where missing.
    pub(super) fn ensure_data(&self, app: AppId) -> Result<Folder, HostFilesError> {
        self.ensure(&self.data_path, FOLDER_MODE)?.ensure(app.to_string())
    }

    /// The app's data folder, if there is one.
    pub(super) fn open_data(&self, app: AppId) -> Result<Option<Folder>, HostFilesError> {
        match self.open(&self.data_path)? {
            Some(data) => data.open(app.to_string()),
            None => Ok(None),
        }
    }

    /// The service's lock folder, created where missing. Only it may belong to the app.
    pub(super) fn ensure_lock_folder(
        &self,
        app: AppId,
        service: &ServiceName,
    ) -> Result<Folder, HostFilesError> {
        let mut folder = self.ensure(Path::new(TEMPORARY), TEMPORARY_MODE)?;
        for name in LOCK_PARENTS {
            folder = folder.ensure(name)?.ours()?;
        }
        folder.ensure(app.to_string())?.ours()?.ensure(service.as_str())
    }

    /// The service's lock folder, if there is one.
    pub(super) fn open_lock_folder(
        &self,
        app: AppId,
        service: &ServiceName,
    ) -> Result<Option<Folder>, HostFilesError> {
        let Some(mut folder) = self.open(Path::new(TEMPORARY))? else { return Ok(None) };
        let app = app.to_string();
        for name in LOCK_PARENTS.into_iter().chain([app.as_str()]) {
            let Some(next) = folder.open(name)? else { return Ok(None) };
            folder = next.ours()?;
        }
        folder.open(service.as_str())
    }

    fn open(&self, path: &Path) -> Result<Option<Folder>, HostFilesError> {
        match open_beneath(&self.open_host()?, &relative(path)?) {
            Ok(fd) => Ok(Some(Folder::new(fd, path.to_owned()))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(open_error(path, errno)),
        }
    }

    fn ensure(&self, path: &Path, mode: Mode) -> Result<Folder, HostFilesError> {
        if let Some(folder) = self.open(path)? {
            return Ok(folder);
        }
        let host = self.open_host()?;
        let mut parent = open_beneath(&host, Path::new(".")).map_err(|errno| open_error(path, errno))?;
        let mut done = PathBuf::new();
        for name in relative(path)?.components() {
            done.push(name);
            parent = ensure_step(&host, &parent, &done, mode)
                .map_err(|errno| open_error(&Path::new("/").join(&done), errno))?;
        }
        Ok(Folder::new(parent, path.to_owned()))
    }

    pub(super) fn open_host(&self) -> Result<OwnedFd, HostFilesError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(CWD, &self.host_root, flags, Mode::empty())
            .map_err(|errno| open_error(&self.host_root, errno))
    }
}

/// Opens `done` beneath `host`; `parent` is its already opened parent, in which it is created if missing.
fn ensure_step(host: &OwnedFd, parent: &OwnedFd, done: &Path, mode: Mode) -> Result<OwnedFd, Errno> {
    match open_beneath(host, done) {
        Err(Errno::NOENT) => {}
        opened => return opened,
    }
    let name = done.file_name().ok_or(Errno::INVAL)?;
    match rustix::fs::mkdirat(parent, name, mode) {
        Ok(()) => {
            let folder = open_beneath(host, done)?;
            rustix::fs::fchmod(&folder, mode)?;
            Ok(folder)
        }
        // Somebody else was faster, or a symlink that leads nowhere is in its place.
        Err(Errno::EXIST) => open_beneath(host, done).map_err(|errno| match errno {
            Errno::NOENT => Errno::LOOP,
            other => other,
        }),
        Err(errno) => Err(errno),
    }
}

/// Opens a configured path as if `host` were `/`, so that even an absolute symlink stays beneath it:
/// <https://man7.org/linux/man-pages/man2/openat2.2.html>. Where the kernel (before 5.6) or a container's
/// filter has no `openat2`, symlinks are refused instead.
fn open_beneath(host: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(host, path, flags, Mode::empty(), resolve) {
        Err(Errno::NOSYS | Errno::PERM) => open_without_symlinks(host, path),
        opened => opened,
    }
}

pub(super) fn open_without_symlinks(host: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    let mut folder = rustix::fs::openat(host, ".", OPEN_FOLDER, Mode::empty())?;
    for name in path.components() {
        folder = rustix::fs::openat(&folder, name.as_os_str(), OPEN_FOLDER, Mode::empty())?;
    }
    Ok(folder)
}

/// `path` without its leading slash; a `..` in it is refused.
pub(super) fn relative(path: &Path) -> Result<PathBuf, HostFilesError> {
    let mut names = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => names.push(name),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(not_safe(path)),
        }
    }
    if names.as_os_str().is_empty() { Ok(PathBuf::from(".")) } else { Ok(names) }
}

fn open_error(path: &Path, errno: Errno) -> HostFilesError {
    match errno {
        Errno::NOTDIR | Errno::LOOP => not_safe(path),
        errno => failed("open", path, errno),
    }
}
