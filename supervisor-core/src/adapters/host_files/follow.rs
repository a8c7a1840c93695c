//! Where a path of the host leads.

use std::{
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, FileType, Mode, OFlags, ResolveFlags},
    io::Errno,
};

use super::{
    folder::{failed, not_safe},
    roots::{Roots, relative},
};
use crate::ports::host_files::HostFilesError;

/// A handle that says where something is, and with which nothing can be done.
const LOOK: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// The path to which `path` leads; none when nothing is there.
pub(super) fn follow(roots: &Roots, path: &Path) -> Result<Option<String>, HostFilesError> {
    let host = roots.open_host()?;
    let found = match open(&host, &relative(path)?) {
        Ok(found) => found,
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP | Errno::NOTDIR) => return Err(not_safe(path)),
        Err(errno) => return Err(failed("follow", path, errno)),
    };
    let name = |handle: &OwnedFd| name(handle).map_err(|errno| failed("follow", path, errno));
    let (host, found) = (name(&host)?, name(&found)?);
    let below = found.strip_prefix(&host).map_err(|_| not_safe(path))?;
    match Path::new("/").join(below).into_os_string().into_string() {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(not_safe(path)),
    }
}

/// Opens `path` as if `host` were `/`. Links of `/proc` lead to wherever a process is: they are not followed.
fn open(host: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(host, path, LOOK, Mode::empty(), resolve) {
        Err(Errno::NOSYS | Errno::PERM) => open_without_symlinks(host, path),
        opened => opened,
    }
}

/// For kernels before 5.6 and filters that have no `openat2`.
fn open_without_symlinks(host: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    let flags = LOOK | OFlags::NOFOLLOW;
    let mut handle = rustix::fs::openat(host, ".", flags, Mode::empty())?;
    for part in path.components() {
        handle = rustix::fs::openat(&handle, part.as_os_str(), flags, Mode::empty())?;
        let stat = rustix::fs::fstat(&handle)?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
            return Err(Errno::LOOP);
        }
    }
    Ok(handle)
}

/// The kernel's name of what is open.
fn name(handle: &OwnedFd) -> Result<PathBuf, Errno> {
    let link = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let name = rustix::fs::readlinkat(CWD, link, Vec::new())?;
    Ok(PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(name.into_bytes())))
}
