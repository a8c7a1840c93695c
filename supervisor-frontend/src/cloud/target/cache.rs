//! The last good target on disk, with the cloud's mark of it: what is in force without a network, over restarts.
//!
//! One file, replaced atomically, written only when what it holds has changed. Its first line holds a checksum of
//! the rest, so that a torn or damaged file is told from a whole one; such a file counts as lost, and the cloud is
//! asked again.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

const FILE: &str = "target";
const OUTDATED: &str = "target.outdated";
const TEMPORARY: &str = "target.new";
const FORMAT: &str = "supervisor-target 1 ";
/// Beside the body there are a few lines; longer than this is not ours.
const MAX_BYTES: u64 = super::MAX_BODY_BYTES as u64 + (64 << 10);

/// Why there is nothing of the file, or why it is not written.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The disk does not do it.
    #[error("cannot {action} {}", path.display())]
    Disk {
        /// What was to be done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// It is torn, or something else.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// A target as it came, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// Whose it is, and what the cloud calls it.
    pub head: Head,
    /// The cloud's answer.
    pub body: Vec<u8>,
}

/// What stands before the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The server that it came from.
    pub endpoint: String,
    /// The device that it is for.
    pub uuid: String,
    /// The server's mark of this body; none where it gave none.
    pub etag: Option<String>,
    /// The apps that targets have named, this one included.
    #[serde(flatten)]
    pub named: Named,
}

/// Apps that targets have named: only such an app is removed when a target no longer names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Their uuids.
    pub apps: BTreeSet<String>,
    /// What targets before these have named is lost: it may be any app that a cloud has had run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
}

/// The file in one state directory. Every method blocks on the disk.
#[derive(Debug, Clone)]
pub struct TargetCache {
    directory: PathBuf,
}

impl TargetCache {
    /// The file in `directory`, which is created when it is first written.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// What was last stored; none, where nothing is.
    pub fn load(&self) -> Result<Option<Cached>, CacheError> {
        self.load_file(FILE)
    }

    fn load_file(&self, name: &str) -> Result<Option<Cached>, CacheError> {
        let path = self.directory.join(name);
        let failed = |source| CacheError::Disk { action: "read", path: path.clone(), source };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut content = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut content).map_err(failed)?;
        decode(&content).map(Some).ok_or(CacheError::Damaged { path })
    }

    /// What is stored is no longer in force; only its head is to be had, until the next one is stored. Takes no room on the
    /// disk.
    pub fn outdate(&self) {
        if let Err(error) = fs::rename(self.directory.join(FILE), self.directory.join(OUTDATED))
            && error.kind() != io::ErrorKind::NotFound
        {
            log::error!("kept target not set aside error='{error}'");
        }
    }

    /// The head of what was in force before a target that could not be stored.
    pub fn load_outdated(&self) -> Result<Option<Head>, CacheError> {
        Ok(self.load_file(OUTDATED)?.map(|cached| cached.head))
    }

    /// Replaces what is stored; when this returns, it survives a power cut.
    pub fn store(&self, cached: &Cached) -> Result<(), CacheError> {
        let temporary = self.directory.join(TEMPORARY);
        let failed = |source| CacheError::Disk { action: "write", path: temporary.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory).map_err(failed)?;
        match fs::remove_file(&temporary) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let content = encode(cached).map_err(failed)?;
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary).map_err(failed)?;
        file.write_all(&content)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&temporary, self.directory.join(FILE)))
            .and_then(|()| File::open(&self.directory)?.sync_all())
            .map_err(failed)?;
        match fs::remove_file(self.directory.join(OUTDATED)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                log::warn!("target of before not removed error='{error}'");
            }
            Ok(()) | Err(_) => {}
        }
        Ok(())
    }
}

/// Format and checksum, the head in one line, the body as it came.
fn encode(cached: &Cached) -> io::Result<Vec<u8>> {
    let mut rest = serde_json::to_vec(&cached.head)?;
    rest.push(b'\n');
    rest.extend_from_slice(&cached.body);
    let mut content = format!("{FORMAT}{}\n", checksum(&rest)).into_bytes();
    content.append(&mut rest);
    Ok(content)
}

fn decode(content: &[u8]) -> Option<Cached> {
    let (first, rest) = split_line(content)?;
    if first.strip_prefix(FORMAT.as_bytes())? != checksum(rest).as_bytes() {
        return None;
    }
    let (head, body) = split_line(rest)?;
    Some(Cached { head: serde_json::from_slice(head).ok()?, body: body.to_vec() })
}

fn split_line(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = content.iter().position(|byte| *byte == b'\n')?;
    Some((content.get(..end)?, content.get(end + 1..)?))
}

fn checksum(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    fn sample() -> Cached {
        let head = Head {
            endpoint: "https://api.example.org".to_owned(),
            uuid: "77cb".to_owned(),
            etag: Some("W/\"d8-x\"".to_owned()),
            named: Named { apps: ["a1".to_owned()].into(), lost: false },
        };
        Cached { head, body: b"{\"77cb\":{}}\n\xff".to_vec() }
    }

    #[test]
    fn load_after_store_gives_what_was_stored() {
        let root = tempfile::tempdir().unwrap();
        let cache = TargetCache::new(&root.path().join("a/b"));
        assert_eq!(cache.load().unwrap(), None);
        cache.store(&sample()).unwrap();
        assert_eq!(cache.load().unwrap(), Some(sample()));
        let next = Cached { body: Vec::new(), ..sample() };
        fs::write(root.path().join("a/b").join(TEMPORARY), "left over").unwrap();
        cache.store(&next).unwrap();
        assert_eq!(cache.load().unwrap(), Some(next));
        let metadata = root.path().join("a/b").join(FILE).metadata().unwrap();
        assert_eq!((metadata.permissions().mode() & 0o777, metadata.nlink()), (0o600, 1));
    }

    #[test]
    fn load_of_a_file_cut_or_changed_anywhere_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let cache = TargetCache::new(root.path());
        cache.store(&sample()).unwrap();
        let path = root.path().join(FILE);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            fs::write(&path, &whole[..at]).unwrap();
            assert!(matches!(cache.load(), Err(CacheError::Damaged { .. })), "cut at {at}");
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&path, changed).unwrap();
            assert!(matches!(cache.load(), Err(CacheError::Damaged { .. })), "changed at {at}");
        }
    }

    #[test]
    fn head_of_before_anything_could_be_lost_is_read_and_written_as_it_was() {
        let text = r#"{"endpoint":"https://x","uuid":"77cb","etag":null,"apps":["a1"]}"#;
        let head: Head = serde_json::from_str(text).unwrap();
        assert_eq!(head.named, Named { apps: ["a1".to_owned()].into(), lost: false });
        assert_eq!(serde_json::to_string(&head).unwrap(), text);
        let lost = Head { named: Named { lost: true, ..head.named.clone() }, ..head };
        assert_eq!(serde_json::from_str::<Head>(&serde_json::to_string(&lost).unwrap()).unwrap(), lost);
    }

    #[test]
    fn outdated_target_gives_its_head_until_the_next_is_stored() {
        let root = tempfile::tempdir().unwrap();
        let cache = TargetCache::new(root.path());
        cache.outdate();
        assert_eq!(cache.load_outdated().unwrap(), None);
        cache.store(&sample()).unwrap();
        cache.outdate();
        // Once more, as after the next failure: nothing is lost.
        cache.outdate();
        assert_eq!((cache.load().unwrap(), cache.load_outdated().unwrap()), (None, Some(sample().head)));
        cache.store(&sample()).unwrap();
        assert_eq!((cache.load().unwrap(), cache.load_outdated().unwrap()), (Some(sample()), None));
    }

    #[test]
    fn store_where_a_file_stands_for_the_directory_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        assert!(TargetCache::new(&root.path().join("file")).store(&sample()).is_err());
    }
}
