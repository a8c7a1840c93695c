//! Empties a folder of whatever an app left in it.

use std::{
    ffi::{CStr, CString, OsStr},
    os::{fd::BorrowedFd, unix::ffi::OsStrExt},
    path::PathBuf,
};

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode},
    io::Errno,
};

use super::{
    folder::{Folder, OPEN_FOLDER, failed},
    mounts,
};
use crate::ports::host_files::HostFilesError;

/// Folders deeper than this are moved to the top first, so that no tree is too deep for the file handles.
const OPEN_LEVELS: usize = 32;

/// How often one folder is read again because something appeared in it, before that is an error.
const ROUNDS: u32 = 64;

/// How many names are tried for a folder that is moved to the top.
const MOVE_NAMES: u32 = 1000;

/// Removes everything in `folder`, unless something is mounted inside: then nothing. The folder itself stays.
pub(super) fn empty(folder: &Folder) -> Result<(), HostFilesError> {
    check(folder)?;
    Sweep::new(folder)?.run()?;
    rustix::fs::fsync(folder.fd()).map_err(|errno| failed("sync", folder.path(), errno))
}

/// An error when something is mounted inside `folder`.
pub(super) fn check(folder: &Folder) -> Result<(), HostFilesError> {
    match mounts::find_inside(folder)? {
        Some(path) => Err(HostFilesError::MountPoint { path: path.display().to_string() }),
        None => Ok(()),
    }
}

/// A folder that is being read and emptied.
struct Level {
    dir: Dir,
    /// Its name in the level above; empty for the top.
    name: CString,
    /// Something was found since the folder was last read from its start.
    found: bool,
    /// Deeper folders were moved here since then, so that finding something is no sign of a race.
    received: bool,
    rounds: u32,
}

impl Level {
    fn new(dir: Dir, name: CString) -> Self {
        Self { dir, name, found: false, received: false, rounds: 0 }
    }

    /// Reads the folder from its start again; an error when that was done too often.
    fn again(&mut self) -> Result<(), Errno> {
        if !self.received {
            self.rounds += 1;
        }
        if self.rounds > ROUNDS {
            return Err(Errno::NOTEMPTY);
        }
        (self.found, self.received) = (false, false);
        self.dir.rewind();
        Ok(())
    }
}

/// A walk that holds a handle to each folder on its way from the top.
struct Sweep<'a> {
    top: &'a Folder,
    device: (u32, u32),
    levels: Vec<Level>,
    moves: u32,
}

impl<'a> Sweep<'a> {
    fn new(top: &'a Folder) -> Result<Self, HostFilesError> {
        let read = |errno| failed("read", top.path(), errno);
        let device = mounts::device_of(top.fd()).map_err(read)?;
        let dir = Dir::read_from(top.fd()).map_err(read)?;
        Ok(Self { top, device, levels: vec![Level::new(dir, CString::default())], moves: 0 })
    }

    fn run(mut self) -> Result<(), HostFilesError> {
        while let Some(level) = self.levels.last_mut() {
            match level.dir.read() {
                Some(Ok(entry)) if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
                Some(Ok(entry)) => {
                    level.found = true;
                    self.remove(entry.file_name(), entry.file_type())?;
                }
                Some(Err(errno)) => return Err(self.error("read", c"", errno)),
                None => self.leave()?,
            }
        }
        Ok(())
    }

    /// Removes one entry of the lowest level, or goes down into it. What changed meanwhile is left for the
    /// next round.
    fn remove(&mut self, name: &CStr, kind: FileType) -> Result<(), HostFilesError> {
        if kind != FileType::Directory {
            match rustix::fs::unlinkat(self.fd()?, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => return Ok(()),
                Err(Errno::ISDIR) => {}
                Err(errno) => return Err(self.error("remove", name, errno)),
            }
        }
        match rustix::fs::unlinkat(self.fd()?, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTDIR) => Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) if self.levels.len() < OPEN_LEVELS => self.enter(name),
            Err(Errno::NOTEMPTY | Errno::EXIST) => self.move_to_top(name),
            Err(errno) => Err(self.error("remove", name, errno)),
        }
    }

    fn enter(&mut self, name: &CStr) -> Result<(), HostFilesError> {
        let fd = match rustix::fs::openat(self.fd()?, name, OPEN_FOLDER, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
            Err(errno) => return Err(self.error("open", name, errno)),
        };
        let read = |errno| self.error("read", name, errno);
        let dir = Dir::new(fd).map_err(read)?;
        let is_mount = dir.fd().and_then(|fd| mounts::is_mount_root(fd, self.device)).map_err(read)?;
        if is_mount {
            return Err(self.error("remove", name, Errno::BUSY));
        }
        self.levels.push(Level::new(dir, name.to_owned()));
        Ok(())
    }

    fn move_to_top(&mut self, name: &CStr) -> Result<(), HostFilesError> {
        for _ in 0..MOVE_NAMES {
            let new_name = format!(".purged-{}", self.moves);
            self.moves += 1;
            match rustix::fs::renameat(self.fd()?, name, self.top.fd(), new_name.as_str()) {
                Ok(()) => {
                    if let Some(top) = self.levels.first_mut() {
                        top.received = true;
                    }
                    return Ok(());
                }
                Err(Errno::NOENT) => return Ok(()),
                Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR | Errno::ISDIR) => {}
                // Some file systems do not move folders between quota projects or layers.
                Err(Errno::XDEV) => return self.enter(name),
                Err(errno) => return Err(self.error("move", name, errno)),
            }
        }
        Err(self.error("move", name, Errno::EXIST))
    }

    /// Goes up from a folder that was read to its end.
    fn leave(&mut self) -> Result<(), HostFilesError> {
        let outcome = match self.levels.as_mut_slice() {
            [.., parent, level] => {
                let removed =
                    parent.dir.fd().and_then(|fd| rustix::fs::unlinkat(fd, &level.name, AtFlags::REMOVEDIR));
                match removed {
                    Ok(()) | Err(Errno::NOENT | Errno::NOTDIR) => Ok(true),
                    Err(Errno::NOTEMPTY | Errno::EXIST) => level.again().map(|()| false),
                    Err(errno) => Err(errno),
                }
            }
            [top] if top.found => top.again().map(|()| false),
            _ => Ok(true),
        };
        if outcome.map_err(|errno| self.error("remove", c"", errno))? {
            self.levels.pop();
        }
        Ok(())
    }

    fn fd(&self) -> Result<BorrowedFd<'_>, HostFilesError> {
        match self.levels.last().map(|level| level.dir.fd()) {
            Some(Ok(fd)) => Ok(fd),
            Some(Err(errno)) => Err(failed("read", self.top.path(), errno)),
            None => Ok(self.top.fd()),
        }
    }

    /// The error for the entry `name` of the lowest level, or for the level itself if `name` is empty.
    fn error(&self, action: &'static str, name: &CStr, errno: Errno) -> HostFilesError {
        let names = self.levels.iter().skip(1).map(|level| level.name.as_c_str()).chain([name]);
        let mut path = PathBuf::from(self.top.path());
        path.extend(names.map(CStr::to_bytes).filter(|name| !name.is_empty()).map(OsStr::from_bytes));
        if errno == Errno::BUSY {
            // Only what something is mounted on is busy: it was mounted after the look at the mount table.
            return HostFilesError::MountPoint { path: path.display().to_string() };
        }
        failed(action, &path, errno)
    }
}
