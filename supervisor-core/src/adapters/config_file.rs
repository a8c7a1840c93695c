//! `config.json` on the disk, which may be a FAT one: there a rename is not safe against a power cut, so the new text is
//! whole on the disk before the old one goes, and the old one stays whenever something fails before that.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use crate::{
    domain::config_edit,
    ports::config_file::{ConfigFile, ConfigFileError, Edit},
};

/// More than any real file.
const MAX_BYTES: u64 = 1 << 20;

/// The file at a path.
#[derive(Debug, Clone)]
pub struct OwnersConfigFile {
    path: PathBuf,
    /// Held while it is read, edited and replaced, in blocking work only.
    editing: Arc<Mutex<()>>,
}

impl OwnersConfigFile {
    /// The file at `path`; nothing is opened yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, editing: Arc::default() }
    }

    /// Takes over a new text whose writing a power cut broke off between the old one's end and the rename: without the
    /// file, the text beside it is all there is.
    pub async fn recover(&self) -> Result<(), ConfigFileError> {
        self.blocking("recover", |path| {
            recover(path).map_err(|source| ConfigFileError::Io { action: "recover", source })
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Path) -> Result<T, ConfigFileError> + Send + 'static,
    ) -> Result<T, ConfigFileError> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || work(&path))
            .await
            .unwrap_or_else(|error| Err(ConfigFileError::Io { action, source: io::Error::other(error) }))
    }
}

#[async_trait]
impl ConfigFile for OwnersConfigFile {
    async fn read(&self) -> Result<Option<String>, ConfigFileError> {
        self.blocking("read", read).await
    }

    async fn edit(&self, edit: Edit) -> Result<bool, ConfigFileError> {
        let editing = Arc::clone(&self.editing);
        let work = move |path: &Path| {
            let _one_at_a_time = editing.lock().unwrap_or_else(PoisonError::into_inner);
            let text = read(path)?.ok_or(ConfigFileError::Absent)?;
            let Some(new) = edit(&text)? else { return Ok(false) };
            let failed = |source| ConfigFileError::Io { action: "write", source };
            replace(path, new.as_bytes()).map(|()| true).map_err(failed)
        };
        self.blocking("write", work).await
    }
}

fn read(path: &Path) -> Result<Option<String>, ConfigFileError> {
    let failed = |source| ConfigFileError::Io { action: "read", source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(ConfigFileError::TooLarge);
    }
    Ok(Some(text))
}

/// Where the new text is until it is whole.
fn beside(path: &Path) -> PathBuf {
    path.with_extension("json.new")
}

fn recover(path: &Path) -> io::Result<()> {
    let new = beside(path);
    if path.try_exists()? || !new.try_exists()? {
        return Ok(());
    }
    let mut text = String::new();
    File::open(&new)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if !config_edit::is_whole(&text) {
        return Ok(());
    }
    fs::rename(&new, path)?;
    log::warn!("config.json was missing; the new text beside it took its place path={}", path.display());
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    // The file itself, not a link to it, is replaced.
    let path = path.canonicalize()?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let temporary = beside(&path);
    let outcome = write_beside(&temporary, text, &path).and_then(|()| fs::rename(&temporary, &path));
    if outcome.is_err() {
        // Best effort: it holds a key. The failure before it is what is told.
        let _ = fs::remove_file(&temporary);
    }
    outcome?;
    File::open(folder)?.sync_all()
}

fn write_beside(temporary: &Path, text: &[u8], original: &Path) -> io::Result<()> {
    match fs::remove_file(temporary) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
    file.write_all(text)?;
    let (was, is) = (fs::metadata(original)?, file.metadata()?);
    // A FAT file system has one owner and mode for all its files, and refuses to be told others.
    if (was.uid(), was.gid()) != (is.uid(), is.gid()) {
        fchown(&file, Some(was.uid()), Some(was.gid()))?;
    }
    if was.permissions().mode() != is.permissions().mode() {
        file.set_permissions(was.permissions())?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(text: &str) -> Edit {
        let text = text.to_owned();
        Box::new(move |_| Ok(Some(text)))
    }

    #[tokio::test]
    async fn edits_at_the_same_time_each_see_what_the_one_before_wrote() {
        let root = tempfile::tempdir().unwrap();
        let file = OwnersConfigFile::new(root.path().join("config.json"));
        fs::write(root.path().join("config.json"), "").unwrap();
        let edits = (0..20).map(|_| file.edit(Box::new(|old| Ok(Some(format!("{old}x"))))));
        for outcome in futures_util::future::join_all(edits).await {
            assert!(outcome.unwrap());
        }
        assert_eq!(file.read().await.unwrap(), Some("x".repeat(20)));
    }

    #[tokio::test]
    async fn text_beside_a_missing_file_takes_its_place_only_if_it_is_whole() {
        let root = tempfile::tempdir().unwrap();
        let (path, new) = (root.path().join("config.json"), root.path().join("config.json.new"));
        let file = OwnersConfigFile::new(path.clone());
        file.recover().await.unwrap();
        fs::write(&new, "{\"uuid\":\"77").unwrap();
        file.recover().await.unwrap();
        assert_eq!(file.read().await.unwrap(), None, "a torn text is no file");
        fs::write(&new, "{\"uuid\":\"77cb\"}").unwrap();
        file.recover().await.unwrap();
        assert_eq!(file.read().await.unwrap().as_deref(), Some("{\"uuid\":\"77cb\"}"));
        fs::write(&new, "{}").unwrap();
        file.recover().await.unwrap();
        assert_ne!(fs::read_to_string(&path).unwrap(), "{}", "a file that is there stays");
    }

    #[tokio::test]
    async fn file_that_is_replaced_keeps_owner_mode_and_link() {
        let root = tempfile::tempdir().unwrap();
        let (real, link) = (root.path().join("real.json"), root.path().join("config.json"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::chown(&real, Some(1000), Some(1001)).unwrap();
        std::os::unix::fs::symlink("real.json", &link).unwrap();
        let file = OwnersConfigFile::new(link.clone());
        assert!(file.edit(to("new")).await.unwrap());
        assert_eq!(file.read().await.unwrap().as_deref(), Some("new"));
        let is = real.metadata().unwrap();
        assert_eq!((is.mode() & 0o777, is.uid(), is.gid()), (0o640, 1000, 1001));
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2, "nothing is left over");
    }

    #[tokio::test]
    async fn file_that_is_not_there_is_none_and_not_made() {
        let root = tempfile::tempdir().unwrap();
        let file = OwnersConfigFile::new(root.path().join("config.json"));
        assert_eq!(file.read().await.unwrap(), None);
        assert!(matches!(file.edit(to("new")).await, Err(ConfigFileError::Absent)));
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn write_that_fails_leaves_the_file_as_it_was() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("config.json");
        fs::write(&path, "old").unwrap();
        fs::create_dir_all(root.path().join("config.json.new/in-the-way")).unwrap();
        let file = OwnersConfigFile::new(path.clone());
        assert!(file.edit(to("new")).await.is_err());
        assert_eq!(fs::read_to_string(path).unwrap(), "old");
    }
}
