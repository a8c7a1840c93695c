//! The key on disk: one line in a file of mode 0600, replaced atomically.

use std::path::{Path, PathBuf};

use super::api_key::{ApiKey, KEY_MAX_BYTES};
use crate::durable_file::{DurableFile, FileError};

const FILE: &str = "api-key";

/// The key could not be read, drawn or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The key file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The kernel gave no random bytes.
    #[error("cannot draw a new key")]
    Random(#[source] getrandom::Error),
}

/// What the key file held.
#[derive(Debug)]
pub enum Stored {
    /// A key.
    Key(ApiKey),
    /// No file.
    Absent,
    /// A file that holds no whole key; it now has this name.
    SetAside(PathBuf),
}

/// The key file of one state directory. Every method blocks on the disk.
#[derive(Debug)]
pub struct KeyFile {
    file: DurableFile,
}

impl KeyFile {
    /// The key file in `directory`, which is created when it is first written.
    pub fn new(directory: &Path) -> Self {
        Self { file: DurableFile::new(directory.join(FILE)) }
    }

    /// Reads the key. A torn or foreign file is renamed, so that nothing is lost and a new key can
    /// take its place.
    pub fn load(&self) -> Result<Stored, KeyStoreError> {
        Ok(match self.read()? {
            None => Stored::Absent,
            Some(content) => match parse(&content) {
                Some(key) => Stored::Key(key),
                None => Stored::SetAside(self.file.set_aside()?),
            },
        })
    }

    /// Reads the key and changes nothing; `None` also for a torn file.
    pub fn peek(&self) -> Result<Option<ApiKey>, KeyStoreError> {
        Ok(self.read()?.and_then(|content| parse(&content)))
    }

    fn read(&self) -> Result<Option<Vec<u8>>, FileError> {
        self.file.read(KEY_MAX_BYTES as u64 + 1)
    }

    /// Replaces the key; when this returns, the new one survives a power cut.
    pub fn store(&self, key: &ApiKey) -> Result<(), KeyStoreError> {
        let line = format!("{}\n", key.expose());
        Ok(self.file.replace(line.as_bytes())?)
    }
}

/// The final newline is what tells a whole key from one that was cut short: a prefix of a key would
/// pass for a key.
fn parse(content: &[u8]) -> Option<ApiKey> {
    let line = std::str::from_utf8(content).ok()?.strip_suffix('\n')?;
    ApiKey::parse(line).ok()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn key() -> ApiKey {
        ApiKey::parse("bananas").unwrap()
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn store_in_a_missing_directory_creates_it_private() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("a/b");
        let file = KeyFile::new(&directory);
        file.store(&key()).unwrap();
        assert_eq!(mode(&directory), 0o700);
        assert_eq!(mode(&directory.join(FILE)), 0o600);
        assert!(matches!(file.load().unwrap(), Stored::Key(stored) if stored.expose() == "bananas"));
    }

    #[test]
    fn load_without_a_file_is_absent() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(KeyFile::new(root.path()).load().unwrap(), Stored::Absent));
        assert!(matches!(KeyFile::new(&root.path().join("none")).load().unwrap(), Stored::Absent));
    }

    #[test]
    fn load_of_a_file_cut_at_any_length_sets_it_aside() {
        let root = tempfile::tempdir().unwrap();
        let whole = b"bananas\n";
        for length in 0..whole.len() {
            fs::write(root.path().join(FILE), &whole[..length]).unwrap();
            let Stored::SetAside(aside) = KeyFile::new(root.path()).load().unwrap() else {
                panic!("length {length}")
            };
            assert_eq!(aside, root.path().join(format!("api-key.corrupt-{}", length + 1)));
            assert_eq!(fs::read(aside).unwrap(), &whole[..length]);
            assert!(!root.path().join(FILE).exists());
        }
    }

    #[test]
    fn load_of_foreign_content_sets_it_aside() {
        let root = tempfile::tempdir().unwrap();
        for content in [&b"two\nlines\n"[..], b"sp ace\n", b"\xff\xfe\n", b"\n", &[b'x'; 200]] {
            fs::write(root.path().join(FILE), content).unwrap();
            assert!(matches!(KeyFile::new(root.path()).load().unwrap(), Stored::SetAside(_)));
        }
    }

    #[test]
    fn load_of_what_cannot_be_read_is_an_error_and_moves_nothing() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(FILE)).unwrap();
        assert!(matches!(KeyFile::new(root.path()).load(), Err(KeyStoreError::File(FileError::Read { .. }))));
        assert!(root.path().join(FILE).is_dir());
    }

    #[test]
    fn store_where_a_file_stands_for_the_directory_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let blocked = root.path().join("file");
        fs::write(&blocked, "").unwrap();
        assert!(matches!(
            KeyFile::new(&blocked).store(&key()),
            Err(KeyStoreError::File(FileError::Write { .. }))
        ));
    }
}
