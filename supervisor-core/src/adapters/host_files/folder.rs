//! A directory handle that knows its name on the host.

use std::{
    ffi::OsStr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FileType, Mode, OFlags},
    io::Errno,
};

use crate::ports::host_files::HostFilesError;

/// Opens directories only, and never through a symlink in the last part: <https://man7.org/linux/man-pages/man2/open.2.html>
pub(super) const OPEN_FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// What a new folder gets, whatever the umask: rwxr-xr-x.
pub(super) const FOLDER_MODE: Mode = Mode::from_raw_mode(0o755);

const WRITABLE_BY_OTHERS: Mode = Mode::from_raw_mode(0o022);

/// The operating system's refusal to do `action` to `path`.
pub(super) fn failed(action: &'static str, path: &Path, errno: Errno) -> HostFilesError {
    HostFilesError::Io { action, path: path.display().to_string(), source: errno.into() }
}

/// Something other than the expected folder is at `path`.
pub(super) fn not_safe(path: &Path) -> HostFilesError {
    HostFilesError::Unsafe { path: path.display().to_string() }
}

/// An open directory and its path as the host sees it.
#[derive(Debug)]
pub(super) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(fd: OwnedFd, path: PathBuf) -> Self {
        Self { fd, path }
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The directory `name` in this one; `None` if nothing is there, `Unsafe` if it is anything else.
    pub(super) fn open(&self, name: impl AsRef<OsStr>) -> Result<Option<Self>, HostFilesError> {
        let path = self.path.join(name.as_ref());
        match rustix::fs::openat(&self.fd, name.as_ref(), OPEN_FOLDER, Mode::empty()) {
            Ok(fd) => Ok(Some(Self { fd, path })),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => Err(not_safe(&path)),
            Err(errno) => Err(failed("open", &path, errno)),
        }
    }

    /// The directory `name` in this one, created with [`FOLDER_MODE`] if nothing is there. An existing one
    /// keeps its owner and mode.
    pub(super) fn ensure(&self, name: impl AsRef<OsStr>) -> Result<Self, HostFilesError> {
        let name = name.as_ref();
        if let Some(folder) = self.open(name)? {
            return Ok(folder);
        }
        let path = self.path.join(name);
        let created = match rustix::fs::mkdirat(&self.fd, name, FOLDER_MODE) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(errno) => return Err(failed("create", &path, errno)),
        };
        let folder = self.open(name)?.ok_or_else(|| failed("open", &path, Errno::NOENT))?;
        if created {
            let widened = rustix::fs::fchmod(&folder.fd, FOLDER_MODE);
            widened.map_err(|errno| failed("set the mode of", &path, errno))?;
        }
        Ok(folder)
    }

    /// This folder, if it belongs to this process' user and nobody else can write to it.
    pub(super) fn ours(self) -> Result<Self, HostFilesError> {
        let stat = rustix::fs::fstat(&self.fd).map_err(|errno| failed("read", &self.path, errno))?;
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        let is_ours = stat.st_uid == rustix::process::geteuid().as_raw();
        let is_shared = Mode::from_raw_mode(stat.st_mode).intersects(WRITABLE_BY_OTHERS);
        if is_folder && is_ours && !is_shared { Ok(self) } else { Err(not_safe(&self.path)) }
    }
}
