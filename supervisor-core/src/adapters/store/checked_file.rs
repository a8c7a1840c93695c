//! One value in one file: a header line with format and SHA-256, then JSON. Written to a temporary file,
//! synced, renamed into place, and the folder synced; so a reader finds the old value, the new one, or,
//! after damage from outside, a sum that does not match.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::FORMAT;
use crate::{domain::container::hex, ports::store::StoreError};

/// More than any real record; a larger file is damage.
const MAX_BYTES: u64 = 16 << 20;

/// Whether the value that is replaced stays as the last good copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepLast {
    /// Under the file's name with `.last` behind it.
    Yes,
    /// Not at all.
    No,
}

/// What reading found.
#[derive(Debug, PartialEq, Eq)]
pub enum Content<T> {
    /// No file.
    Absent,
    /// A whole value.
    Whole(T),
    /// Something else; why, for the log.
    Damaged(&'static str),
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    sha256: String,
}

/// A value in a file.
#[derive(Debug)]
pub struct CheckedFile {
    path: PathBuf,
}

impl CheckedFile {
    /// The file at `path`; nothing is opened yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The file's last good copy.
    pub fn last(&self) -> Self {
        Self { path: suffixed(&self.path, ".last") }
    }

    /// Replaces the value.
    pub fn write<T: Serialize>(&self, value: &T, keep: KeepLast) -> Result<(), StoreError> {
        let payload = serde_json::to_vec(value)
            .map_err(|source| StoreError::Encode { path: self.path.clone(), source })?;
        let header = Header { format: FORMAT, sha256: hex(&Sha256::digest(&payload)) };
        let mut text = serde_json::to_vec(&header)
            .map_err(|source| StoreError::Encode { path: self.path.clone(), source })?;
        text.push(b'\n');
        text.extend(payload);
        let temporary = suffixed(&self.path, ".new");
        let result = self.replace(&temporary, &text, keep);
        if result.is_err() {
            // Best effort: the next write truncates it anyway.
            let _ = fs::remove_file(&temporary);
        }
        result
    }

    fn replace(&self, temporary: &Path, text: &[u8], keep: KeepLast) -> Result<(), StoreError> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(temporary)
            .map_err(|e| self.failed("create", e))?;
        file.write_all(text).map_err(|e| self.failed("write", e))?;
        file.sync_all().map_err(|e| self.failed("write", e))?;
        if keep == KeepLast::Yes {
            self.keep_current()?;
        }
        fs::rename(temporary, &self.path).map_err(|e| self.failed("replace", e))?;
        self.sync_folder()
    }

    /// The value that is about to be replaced gets a second name; a rename never leaves neither.
    fn keep_current(&self) -> Result<(), StoreError> {
        let last = suffixed(&self.path, ".last");
        let link = suffixed(&self.path, ".link");
        let _ = fs::remove_file(&link);
        match fs::hard_link(&self.path, &link) {
            Ok(()) => fs::rename(&link, &last).map_err(|e| self.failed("keep", e)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(self.failed("keep", e)),
        }
    }

    /// Reads the value. A newer release's file is an error: it must not be set aside or overwritten.
    pub fn read<T: DeserializeOwned>(&self) -> Result<Content<T>, StoreError> {
        let mut text = Vec::new();
        match File::open(&self.path) {
            Ok(file) => {
                file.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(|e| self.failed("read", e))?;
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Content::Absent),
            Err(e) => return Err(self.failed("read", e)),
        }
        self.parse(&text)
    }

    fn parse<T: DeserializeOwned>(&self, text: &[u8]) -> Result<Content<T>, StoreError> {
        let Some(end) = text.iter().position(|b| *b == b'\n') else {
            return Ok(Content::Damaged("it has no whole header"));
        };
        let (head, rest) = text.split_at(end);
        let payload = rest.get(1..).unwrap_or_default();
        let Ok(header) = serde_json::from_slice::<Header>(head) else {
            return Ok(Content::Damaged("its header is not understood"));
        };
        if hex(&Sha256::digest(payload)) != header.sha256 {
            return Ok(Content::Damaged("its sum does not match"));
        }
        if header.format > FORMAT {
            return Err(StoreError::Newer { path: self.path.clone(), found: header.format, known: FORMAT });
        }
        Ok(serde_json::from_slice(payload)
            .map_or(Content::Damaged("its value is not understood"), Content::Whole))
    }

    /// Gives a damaged file a new name, and says which.
    pub fn set_aside(&self) -> Result<PathBuf, StoreError> {
        let free =
            (1..=u32::MAX).map(|n| suffixed(&self.path, &format!(".damaged-{n}"))).find(|p| !p.exists());
        let aside = free.unwrap_or_else(|| suffixed(&self.path, ".damaged"));
        fs::rename(&self.path, &aside).map_err(|e| self.failed("set aside", e))?;
        self.sync_folder()?;
        Ok(aside)
    }

    /// Deletes the value and its last good copy; harmless when there is none.
    pub fn delete(&self) -> Result<(), StoreError> {
        // The copy goes first: alone, it would come back as the value.
        for path in [suffixed(&self.path, ".last"), self.path.clone()] {
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(self.failed("delete", e)),
            }
        }
        self.sync_folder()
    }

    fn sync_folder(&self) -> Result<(), StoreError> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        File::open(folder).and_then(|f| f.sync_all()).map_err(|e| self.failed("sync", e))
    }

    fn failed(&self, action: &'static str, source: io::Error) -> StoreError {
        StoreError::Io { action, path: self.path.clone(), source }
    }
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
