//! Update locks: an app's, which are respected, and ours, which hold a token.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::AsRawFd,
};

use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags},
    io::Errno,
};
use supervisor_proto::ids::{AppId, ServiceName};

use super::{
    folder::{Folder, failed},
    roots::Roots,
};
use crate::ports::host_files::{HeldLock, HostFilesError, LockToken};

const LOCK_MODE: Mode = Mode::from_raw_mode(0o644);
const TOKEN_BYTES: usize = 32;

/// How often a lock is tried that comes and goes while we look.
const ATTEMPTS: u32 = 16;

/// One lock's name in its folder, and its path as the app sees it.
#[derive(Clone, Copy)]
struct LockName {
    file: &'static str,
    in_app: &'static str,
}

const DATA_LOCK: LockName = LockName { file: "resin-updates.lock", in_app: "/data/resin-updates.lock" };
const SERVICE_LOCKS: [LockName; 2] = [
    LockName { file: "updates.lock", in_app: "/tmp/balena/updates.lock" },
    LockName { file: "resin-updates.lock", in_app: "/tmp/resin/resin-updates.lock" },
];

/// What is in a lock's place.
enum Existing {
    Nothing,
    Ours,
    TheApps,
}

/// Takes all locks of the app, or none.
pub(super) fn take_all(
    roots: &Roots,
    app: AppId,
    services: &[ServiceName],
    token: &LockToken,
) -> Result<(), HostFilesError> {
    let outcome = try_take_all(roots, app, services, token);
    if outcome.is_err()
        && let Err(error) = release_all(roots, app, services, token)
    {
        log::warn!("update locks not given back app_id={app} error={error}");
    }
    outcome
}

fn try_take_all(
    roots: &Roots,
    app: AppId,
    services: &[ServiceName],
    token: &LockToken,
) -> Result<(), HostFilesError> {
    take_in(&roots.ensure_data(app)?, &[DATA_LOCK], token)?;
    services
        .iter()
        .try_for_each(|service| take_in(&roots.ensure_lock_folder(app, service)?, &SERVICE_LOCKS, token))
}

/// Releases every lock of the app that holds `token`; goes on after an error and reports the first.
pub(super) fn release_all(
    roots: &Roots,
    app: AppId,
    services: &[ServiceName],
    token: &LockToken,
) -> Result<(), HostFilesError> {
    let mut outcome = roots.open_data(app).and_then(|folder| release_in(folder, &[DATA_LOCK], token));
    for service in services {
        let folder = roots.open_lock_folder(app, service);
        outcome = outcome.and(folder.and_then(|folder| release_in(folder, &SERVICE_LOCKS, token)));
    }
    outcome
}

/// Every lock of the app that exists.
pub(super) fn held(
    roots: &Roots,
    app: AppId,
    services: &[ServiceName],
    token: Option<&LockToken>,
) -> Result<Vec<HeldLock>, HostFilesError> {
    let mut found = held_in(roots.open_data(app)?, &[DATA_LOCK], token)?;
    for service in services {
        found.extend(held_in(roots.open_lock_folder(app, service)?, &SERVICE_LOCKS, token)?);
    }
    Ok(found)
}

fn held_in(
    folder: Option<Folder>,
    locks: &[LockName],
    token: Option<&LockToken>,
) -> Result<Vec<HeldLock>, HostFilesError> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for lock in locks {
        let path = folder.path().join(lock.file);
        let stat = match rustix::fs::statat(folder.fd(), lock.file, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => continue,
            Err(errno) => return Err(failed("inspect", &path, errno)),
        };
        let ours = match token {
            Some(token) => matches!(inspect(&folder, lock.file, token)?, Existing::Ours),
            None => false,
        };
        found.push(HeldLock {
            path: lock.in_app.to_owned(),
            host_path: path.display().to_string(),
            ours,
            since_s: u64::try_from(stat.st_mtime).unwrap_or(0),
            uid: stat.st_uid,
        });
    }
    Ok(found)
}

fn take_in(folder: &Folder, locks: &[LockName], token: &LockToken) -> Result<(), HostFilesError> {
    let temporary = temporary_name(token);
    write_temporary(folder, &temporary, token)?;
    let linked = locks.iter().try_for_each(|lock| link(folder, &temporary, *lock, token));
    let cleaned = remove_file(folder, &temporary);
    linked.and(cleaned)
}

fn release_in(folder: Option<Folder>, locks: &[LockName], token: &LockToken) -> Result<(), HostFilesError> {
    let Some(folder) = folder else { return Ok(()) };
    let mut outcome = remove_file(&folder, &temporary_name(token));
    for lock in locks {
        let removed = inspect(&folder, lock.file, token).and_then(|existing| match existing {
            Existing::Ours => remove_file(&folder, lock.file),
            Existing::TheApps | Existing::Nothing => Ok(()),
        });
        outcome = outcome.and(removed);
    }
    outcome
}

fn temporary_name(token: &LockToken) -> String {
    format!(".supervisor-lock-{}", token.as_str())
}

/// A lock appears with its content in it, so that a crash never leaves one of ours that looks like an app's.
fn write_temporary(folder: &Folder, name: &str, token: &LockToken) -> Result<(), HostFilesError> {
    let error = |errno| failed("create", &folder.path().join(name), errno);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    remove_file(folder, name)?;
    let fd = rustix::fs::openat(folder.fd(), name, flags, LOCK_MODE).map_err(error)?;
    let mut file = File::from(fd);
    let written = rustix::fs::fchmod(&file, LOCK_MODE)
        .map_err(Into::into)
        .and_then(|()| file.write_all(token.as_str().as_bytes()));
    written.map_err(|source| {
        // The first error is the one to report.
        remove_file(folder, name).ok();
        HostFilesError::Io { action: "write", path: folder.path().join(name).display().to_string(), source }
    })
}

fn link(folder: &Folder, temporary: &str, lock: LockName, token: &LockToken) -> Result<(), HostFilesError> {
    for _ in 0..ATTEMPTS {
        match rustix::fs::linkat(folder.fd(), temporary, folder.fd(), lock.file, AtFlags::empty()) {
            Ok(()) => return Ok(()),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(failed("create", &folder.path().join(lock.file), errno)),
        }
        match inspect(folder, lock.file, token)? {
            Existing::Ours => return Ok(()),
            Existing::TheApps => return Err(HostFilesError::Locked { path: lock.in_app.to_owned() }),
            Existing::Nothing => {}
        }
    }
    // It exists every time we try to create it: the app holds it often enough.
    Err(HostFilesError::Locked { path: lock.in_app.to_owned() })
}

/// Tells our lock from an app's. The entry is opened for reading only after its handle has proven to be a
/// regular file, because opening a fifo blocks and opening a device can do anything.
fn inspect(folder: &Folder, name: &str, token: &LockToken) -> Result<Existing, HostFilesError> {
    let error = |errno| failed("read", &folder.path().join(name), errno);
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = match rustix::fs::openat(folder.fd(), name, flags, Mode::empty()) {
        Ok(handle) => handle,
        Err(Errno::NOENT) => return Ok(Existing::Nothing),
        Err(errno) => return Err(error(errno)),
    };
    let stat = rustix::fs::fstat(&handle).map_err(error)?;
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    if !is_file || usize::try_from(stat.st_size) != Ok(TOKEN_BYTES) {
        return Ok(Existing::TheApps);
    }
    let reopened = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = match rustix::fs::openat(CWD, reopened, flags, Mode::empty()) {
        Ok(fd) => fd,
        // The app holds a lease on it; we hold none.
        Err(Errno::AGAIN) => return Ok(Existing::TheApps),
        Err(errno) => return Err(error(errno)),
    };
    let mut content = [0; TOKEN_BYTES];
    let read = File::from(fd).read_exact(&mut content);
    Ok(if read.is_ok() && content == *token.as_str().as_bytes() { Existing::Ours } else { Existing::TheApps })
}

/// Removes a file; one that is not there, or a directory in its place, is left alone.
pub(super) fn remove_file(folder: &Folder, name: &str) -> Result<(), HostFilesError> {
    match rustix::fs::unlinkat(folder.fd(), name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT | Errno::ISDIR) => Ok(()),
        Err(errno) => Err(failed("remove", &folder.path().join(name), errno)),
    }
}
