//! A policy file: who may have written it, and how large it may be.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, FileType, Mode, OFlags},
    io::Errno,
};

use super::{Mistake, Policy, parse::parse};

/// More than any device needs; a larger file is not read.
const MAX_BYTES: u64 = 64 * 1024;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Why a policy file is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFileError {
    /// It cannot be opened or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is no regular file: a symlink could be led elsewhere.
    #[error("{}: is a symlink or no regular file", .0.display())]
    NotRegular(PathBuf),
    /// Somebody else could have written it.
    #[error("{}: belongs to uid {uid}: it has to be root's or the program's own", path.display())]
    WrongOwner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// Others can write it.
    #[error("{}: can be written by its group or by everybody: chmod go-w it", .0.display())]
    Writable(PathBuf),
    /// It is larger than any policy.
    #[error("{}: is larger than {} bytes", .0.display(), MAX_BYTES)]
    TooLarge(PathBuf),
    /// What it says is not understood.
    #[error("{}: {}", path.display(), summary(mistakes))]
    Mistaken {
        /// The file.
        path: PathBuf,
        /// At least one.
        mistakes: Vec<Mistake>,
    },
}

fn summary(mistakes: &[Mistake]) -> String {
    let first = mistakes.first().map(ToString::to_string).unwrap_or_default();
    match mistakes.len() {
        0 | 1 => first,
        more => format!("{first} (and {} more)", more - 1),
    }
}

/// Reads a policy file by core's rules.
pub fn read(path: &Path) -> Result<Policy, PolicyFileError> {
    let text = read_text(path)?;
    parse(&text).map_err(|mistakes| PolicyFileError::Mistaken { path: path.to_owned(), mistakes })
}

/// What is checked is the opened file, not its name.
fn read_text(path: &Path) -> Result<String, PolicyFileError> {
    let unreadable = |source| PolicyFileError::Unreadable { path: path.to_owned(), source };
    // Opening a fifo would wait for its writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let handle = match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
        Ok(handle) => handle,
        Err(Errno::LOOP) => return Err(PolicyFileError::NotRegular(path.to_owned())),
        Err(errno) => return Err(unreadable(errno.into())),
    };
    let stat = rustix::fs::fstat(&handle).map_err(|errno| unreadable(errno.into()))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(PolicyFileError::NotRegular(path.to_owned()));
    }
    if stat.st_uid != 0 && stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(PolicyFileError::WrongOwner { path: path.to_owned(), uid: stat.st_uid });
    }
    if stat.st_mode & WRITABLE_BY_OTHERS != 0 {
        return Err(PolicyFileError::Writable(path.to_owned()));
    }
    let mut text = String::new();
    File::from(handle).take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= MAX_BYTES) {
        Ok(text)
    } else {
        Err(PolicyFileError::TooLarge(path.to_owned()))
    }
}
