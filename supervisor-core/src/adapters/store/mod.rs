//! The store: one checked file for each app, and a few beside them, each replaced atomically.
//!
//! ```text
//! <CORE_STATE_DIR>/instance.json     which installation this is
//!                  api-access.json   the API's key and port
//!                  device.json       the device's uuid in its fleet
//!                  power.json        a power action that was accepted
//!                  images.json       references of images that core has pulled
//!                  apps/<appId>.json one app's record; <appId>.json.last is its last good copy
//! ```

mod checked_file;
mod load;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use supervisor_proto::ids::AppId;

use self::checked_file::{CheckedFile, Content};
pub use self::load::{Loaded, load, make_folders};
use crate::{
    domain::record::AppRecord,
    ports::store::{PowerIntent, Store, StoreError, StoredApiAccess, StoredDevice},
};

/// The format that this release writes.
pub const FORMAT: u32 = 1;

/// The store in a folder of the file system.
#[derive(Debug)]
pub struct FileStore {
    folder: Arc<PathBuf>,
    /// One write at a time: they share names of temporary files.
    writing: Arc<Mutex<()>>,
}

impl FileStore {
    /// A store in `folder`, which [`load`] has made.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder: Arc::new(folder), writing: Arc::default() }
    }

    async fn change_pulled_images(
        &self,
        change: impl FnOnce(&mut BTreeSet<String>) -> bool + Send + 'static,
    ) -> Result<(), StoreError> {
        self.blocking(move |folder| {
            let mut images = pulled_images(folder)?;
            if change(&mut images) {
                images_file(folder).write(&images, checked_file::KeepLast::No)?;
            }
            Ok(())
        })
        .await
    }

    async fn blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&PathBuf) -> Result<T, StoreError> + Send + 'static,
    {
        let writing = Arc::clone(&self.writing);
        let folder = Arc::clone(&self.folder);
        let path = self.folder.as_ref().clone();
        let write = move || {
            let _turn = writing.lock().unwrap_or_else(PoisonError::into_inner);
            work(&folder)
        };
        tokio::task::spawn_blocking(write).await.unwrap_or_else(|source| {
            Err(StoreError::Io { action: "write", path, source: std::io::Error::other(source) })
        })
    }
}

fn images_file(folder: &Path) -> CheckedFile {
    CheckedFile::new(folder.join("images.json"))
}

/// A damaged list names nothing: its images stay, which costs space and nothing else.
fn pulled_images(folder: &Path) -> Result<BTreeSet<String>, StoreError> {
    Ok(match images_file(folder).read()? {
        Content::Whole(images) => images,
        Content::Absent | Content::Damaged(_) => BTreeSet::new(),
    })
}

fn app_file(folder: &Path, app: AppId) -> CheckedFile {
    CheckedFile::new(folder.join("apps").join(format!("{app}.json")))
}

#[async_trait]
impl Store for FileStore {
    async fn read_app(&self, app: AppId) -> Result<Option<AppRecord>, StoreError> {
        self.blocking(move |folder| match app_file(folder, app).read()? {
            Content::Whole(record) => Ok(Some(record)),
            Content::Absent | Content::Damaged(_) => Ok(None),
        })
        .await
    }

    async fn save_app(&self, record: &AppRecord) -> Result<(), StoreError> {
        let record = record.clone();
        self.blocking(move |folder| {
            app_file(folder, record.app_id()).write(&record, checked_file::KeepLast::Yes)
        })
        .await
    }

    async fn delete_app(&self, app: AppId) -> Result<(), StoreError> {
        self.blocking(move |folder| app_file(folder, app).delete()).await
    }

    async fn all_apps(&self) -> Result<Option<Vec<AppRecord>>, StoreError> {
        self.blocking(|folder| {
            let mut records = Vec::new();
            for app in load::app_ids(folder) {
                match app_file(folder, app).read()? {
                    Content::Whole(record) => records.push(record),
                    Content::Absent | Content::Damaged(_) => return Ok(None),
                }
            }
            Ok(Some(records))
        })
        .await
    }

    async fn pulled_images(&self) -> Result<BTreeSet<String>, StoreError> {
        self.blocking(|folder| pulled_images(folder)).await
    }

    async fn add_pulled_image(&self, image: &str) -> Result<(), StoreError> {
        let image = image.to_owned();
        self.change_pulled_images(move |images| images.insert(image)).await
    }

    async fn remove_pulled_image(&self, image: &str) -> Result<(), StoreError> {
        let image = image.to_owned();
        self.change_pulled_images(move |images| images.remove(&image)).await
    }

    async fn save_api_access(&self, access: &StoredApiAccess) -> Result<(), StoreError> {
        let access = access.clone();
        self.blocking(move |folder| {
            CheckedFile::new(folder.join("api-access.json")).write(&access, checked_file::KeepLast::No)
        })
        .await
    }

    async fn save_device(&self, device: &StoredDevice) -> Result<(), StoreError> {
        let device = device.clone();
        self.blocking(move |folder| {
            CheckedFile::new(folder.join("device.json")).write(&device, checked_file::KeepLast::No)
        })
        .await
    }

    async fn save_power(&self, intent: Option<&PowerIntent>) -> Result<(), StoreError> {
        let intent = intent.cloned();
        self.blocking(move |folder| {
            let file = CheckedFile::new(folder.join("power.json"));
            match intent {
                Some(intent) => file.write(&intent, checked_file::KeepLast::No),
                None => file.delete(),
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests;
