//! Small files that survive a power cut: replaced whole or not at all, read up to a bound, set aside when they are
//! not what they should be. Everything here blocks on the disk.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Such a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is there and cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// It, or its folder, cannot be made, written or renamed.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
}

/// One such file.
#[derive(Debug, Clone)]
pub struct DurableFile {
    path: PathBuf,
}

impl DurableFile {
    /// The file at `path`, whose folder is created when it is first written.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its first `limit` bytes and one more, by which a longer file is known; `None` without a file.
    pub fn read(&self, limit: u64) -> Result<Option<Vec<u8>>, FileError> {
        read(&self.path, limit).map_err(|source| FileError::Read { path: self.path.clone(), source })
    }

    /// Replaces its content; when this returns, the new one is on disk.
    pub fn replace(&self, content: &[u8]) -> Result<(), FileError> {
        replace(&self.path, content).map_err(|source| self.unwritten(source))
    }

    /// Gives it a new name, which is returned, so that nothing is lost and another can take its place.
    pub fn set_aside(&self) -> Result<PathBuf, FileError> {
        set_aside(&self.path).map_err(|source| self.unwritten(source))
    }

    fn unwritten(&self, source: io::Error) -> FileError {
        FileError::Write { path: self.path.clone(), source }
    }
}

/// The file is this user's alone (0600), and
/// so is its folder if it has to be made (0700).
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let temporary = beside(path, ".new");
    match fs::remove_file(&temporary) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(folder)?.sync_all()
}

/// The file's first `limit` bytes and one more, by which a longer file is known; `None` without a file.
pub fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut content = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    Ok(Some(content))
}

fn set_aside(path: &Path) -> io::Result<PathBuf> {
    for number in 1_u32.. {
        let aside = beside(path, &format!(".corrupt-{number}"));
        match aside.symlink_metadata() {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::rename(path, &aside)?;
                return Ok(aside);
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn replace_in_a_missing_folder_creates_it_private() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/file");
        replace(&path, b"one").unwrap();
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path, 3).unwrap().unwrap(), b"two");
    }

    #[test]
    fn replace_over_a_left_over_temporary_file_replaces_it() {
        let root = tempfile::tempdir().unwrap();
        let (path, temporary) = (root.path().join("file"), root.path().join("file.new"));
        fs::write(&temporary, "left over").unwrap();
        replace(&path, b"one").unwrap();
        assert!(!temporary.exists());
        assert_eq!(fs::read(&path).unwrap(), b"one");
    }

    #[test]
    fn read_of_a_longer_file_gives_one_byte_more_than_asked_for() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        assert_eq!(read(&path, 3).unwrap(), None);
        fs::write(&path, "abcdef").unwrap();
        assert_eq!(read(&path, 3).unwrap().unwrap(), b"abcd");
    }

    #[test]
    fn set_aside_takes_a_name_that_is_free() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        for number in 1..3 {
            fs::write(&path, "x").unwrap();
            assert_eq!(set_aside(&path).unwrap(), root.path().join(format!("file.corrupt-{number}")));
            assert!(!path.exists());
        }
    }
}
