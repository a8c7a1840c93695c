//! `identity.json` in the frontend's state folder: what the device has drawn for itself, and whether its cloud knows it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::device::DeviceKey;
use crate::durable_file::{DurableFile, FileError};

const FILE: &str = "identity.json";
const MAX_BYTES: u64 = 64 * 1024;
/// The format that this release writes.
const FORMAT: u32 = 1;

/// Name and key of the device, on disk before they are sent for the first time, and the same ever after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which server they are for; another one is not told the key.
    pub api_endpoint: String,
    /// The device's name.
    pub uuid: String,
    /// Its key.
    pub key: DeviceKey,
    /// Set once the server has said that it knows the device.
    pub registered: Option<Registered>,
}

/// What the server said of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// Its number, where the server told it.
    pub device_id: Option<u64>,
    /// When, in seconds since 1970 by the device's clock.
    pub at_s: u64,
}

/// The file's content.
#[derive(Serialize, Deserialize)]
struct Content {
    format: u32,
    api_endpoint: String,
    uuid: String,
    device_api_key: String,
    registered: Option<Registered>,
}

/// All that is read of a newer release's file.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

/// The record cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// The value cannot be written as JSON.
    #[error("cannot encode {}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// What the encoder said.
        #[source]
        source: serde_json::Error,
    },
    /// A newer release wrote it; it is left as it is.
    #[error("{} has format {found}, this release reads up to {FORMAT}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format found.
        found: u32,
    },
}

/// The file of one state folder. Every method blocks on the disk.
#[derive(Debug, Clone)]
pub struct RecordFile {
    file: DurableFile,
}

impl RecordFile {
    /// The file in `folder`, which is created when it is first written.
    pub fn new(folder: &Path) -> Self {
        Self { file: DurableFile::new(folder.join(FILE)) }
    }

    /// Reads the record; one that is torn is set aside, and there is none.
    pub fn load(&self) -> Result<Option<Record>, RecordError> {
        let Some(text) = self.file.read(MAX_BYTES)? else { return Ok(None) };
        if let Ok(Head { format }) = serde_json::from_slice(&text)
            && format > FORMAT
        {
            return Err(RecordError::Newer { path: self.file.path().to_owned(), found: format });
        }
        match serde_json::from_slice::<Content>(&text) {
            Ok(content) => Ok(Some(Record {
                api_endpoint: content.api_endpoint,
                uuid: content.uuid,
                key: DeviceKey::new(content.device_api_key),
                registered: content.registered,
            })),
            Err(error) => {
                let aside = self.file.set_aside()?;
                log::error!(
                    "the device's identity was not whole and was set aside aside={} error='{error}'",
                    aside.display()
                );
                Ok(None)
            }
        }
    }

    /// Replaces the record; when this returns, it survives a power cut.
    pub fn store(&self, record: &Record) -> Result<(), RecordError> {
        let content = Content {
            format: FORMAT,
            api_endpoint: record.api_endpoint.clone(),
            uuid: record.uuid.clone(),
            device_api_key: record.key.expose().to_owned(),
            registered: record.registered,
        };
        let text = serde_json::to_vec(&content)
            .map_err(|source| RecordError::Encode { path: self.file.path().to_owned(), source })?;
        Ok(self.file.replace(&text)?)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn record(registered: Option<Registered>) -> Record {
        Record {
            api_endpoint: "https://api.example.org".to_owned(),
            uuid: "77cb".to_owned(),
            key: DeviceKey::new("bananas".to_owned()),
            registered,
        }
    }

    #[test]
    fn record_is_read_as_it_was_stored() {
        let root = tempfile::tempdir().unwrap();
        let file = RecordFile::new(&root.path().join("state"));
        assert_eq!(file.load().unwrap(), None);
        for registered in [None, Some(Registered { device_id: Some(7), at_s: 5 })] {
            file.store(&record(registered)).unwrap();
            assert_eq!(file.load().unwrap(), Some(record(registered)));
        }
    }

    #[test]
    fn record_cut_at_any_length_is_set_aside() {
        let root = tempfile::tempdir().unwrap();
        let file = RecordFile::new(root.path());
        file.store(&record(None)).unwrap();
        let whole = fs::read(file.file.path()).unwrap();
        for length in 0..whole.len() {
            fs::write(file.file.path(), &whole[..length]).unwrap();
            assert_eq!(file.load().unwrap(), None, "{length}");
            assert!(!file.file.path().exists());
        }
    }

    #[test]
    fn record_of_a_newer_release_is_an_error_and_stays() {
        let root = tempfile::tempdir().unwrap();
        let file = RecordFile::new(root.path());
        let newer = r#"{"format":2,"names":["77cb"]}"#;
        fs::write(file.file.path(), newer).unwrap();
        assert!(matches!(file.load(), Err(RecordError::Newer { found: 2, .. })));
        assert_eq!(fs::read_to_string(file.file.path()).unwrap(), newer);
    }
}
