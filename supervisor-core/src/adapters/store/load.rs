//! Reading the store at start. Damage never stops the start: a damaged file is set aside under a new name,
//! and its last good copy is offered in its place, without intents that destroy.

use std::{collections::BTreeSet, fs, os::unix::fs::DirBuilderExt, path::Path};

use serde::de::DeserializeOwned;
use supervisor_proto::ids::AppId;

use super::{
    app_file,
    checked_file::{CheckedFile, Content, KeepLast},
};
use crate::{
    domain::record::AppRecord,
    error::chain,
    ports::store::{PowerIntent, StoreError, StoredApiAccess, StoredDevice},
};

/// Everything that the store holds.
#[derive(Default)]
pub struct Loaded {
    /// This installation's label.
    pub instance: String,
    /// Every app's record.
    pub apps: Vec<AppRecord>,
    /// Last good copies of records that are damaged: older than what runs, so to be compared with it before
    /// they count.
    pub provisional: Vec<AppRecord>,
    /// The API's key and port, once a frontend has told them.
    pub api_access: Option<StoredApiAccess>,
    /// What a frontend has told of the device.
    pub device: Option<StoredDevice>,
    /// A power action that was accepted and not yet carried out.
    pub power: Option<PowerIntent>,
}

/// Makes the store's folders where they are missing.
pub fn make_folders(folder: &Path) -> Result<(), StoreError> {
    for path in [folder.to_owned(), folder.join("apps")] {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(|source| StoreError::Io {
            action: "create",
            path,
            source,
        })?;
    }
    Ok(())
}

/// Reads everything. `fresh_instance` becomes this installation's label if the store has none. Only a file of
/// a newer release is an error; whatever else cannot be read is logged and left to adoption.
pub fn load(folder: &Path, fresh_instance: &str) -> Result<Loaded, StoreError> {
    make_folders(folder)?;
    let instance_file = CheckedFile::new(folder.join("instance.json"));
    let instance = if let Some(known) = value_of::<String>(&instance_file)? {
        known
    } else {
        if let Err(error) = instance_file.write(&fresh_instance, KeepLast::No) {
            log::error!("instance not stored error='{}'", chain(&error));
        }
        fresh_instance.to_owned()
    };
    let mut loaded = Loaded {
        instance,
        api_access: value_of(&CheckedFile::new(folder.join("api-access.json")))?,
        device: value_of(&CheckedFile::new(folder.join("device.json")))?,
        power: value_of(&CheckedFile::new(folder.join("power.json")))?,
        ..Loaded::default()
    };
    for id in app_ids(folder) {
        let file = app_file(folder, id);
        if let Some(record) = value_of::<AppRecord>(&file)?.filter(|r| r.app_id() == id) {
            loaded.apps.push(record);
        } else if let Some(copy) = value_of::<AppRecord>(&file.last())?.filter(|r| r.app_id() == id) {
            log::warn!("app record damaged, its last good copy is used app_id={id}");
            loaded.provisional.push(copy.recovered());
        }
    }
    Ok(loaded)
}

/// Apps of which there is a file.
pub(super) fn app_ids(folder: &Path) -> BTreeSet<AppId> {
    let entries = match fs::read_dir(folder.join("apps")) {
        Ok(entries) => entries,
        Err(error) => {
            log::error!("store not listed folder={} error='{error}'", folder.display());
            return BTreeSet::new();
        }
    };
    let names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
    names
        .filter_map(|name| {
            let name = name.to_string_lossy();
            // A copy whose file is gone counts as well: damage may have taken the file's name.
            let stem = name.strip_suffix(".json").or_else(|| name.strip_suffix(".json.last"));
            stem.and_then(|digits| AppId::parse(digits).ok())
        })
        .collect()
}

fn value_of<T: DeserializeOwned>(file: &CheckedFile) -> Result<Option<T>, StoreError> {
    match file.read() {
        Ok(Content::Absent) => Ok(None),
        Ok(Content::Whole(value)) => Ok(Some(value)),
        Ok(Content::Damaged(why)) => {
            match file.set_aside() {
                Ok(aside) => log::error!("store file damaged, set aside as={} why='{why}'", aside.display()),
                Err(error) => log::error!("store file damaged why='{why}' error='{}'", chain(&error)),
            }
            Ok(None)
        }
        Err(newer @ StoreError::Newer { .. }) => Err(newer),
        Err(error @ (StoreError::Io { .. } | StoreError::Encode { .. })) => {
            log::error!("store file not read error='{}'", chain(&error));
            Ok(None)
        }
    }
}
