//! The owner's `config.json`.

use std::io;

use async_trait::async_trait;

use crate::domain::config_edit::NotEdited;

/// The file could not be read or written; it is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFileError {
    /// The operating system refused, for example because the folder is mounted read-only.
    #[error("cannot {action} config.json")]
    Io {
        /// For example `write`.
        action: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// It is larger than any such file.
    #[error("config.json is too large")]
    TooLarge,
    /// There is none.
    #[error("config.json is not there to be written")]
    Absent,
    /// It stays as it is because of what it says.
    #[error(transparent)]
    NotEdited(#[from] NotEdited),
}

/// What makes the new text of the old one; `None`: it stays as it is.
pub type Edit = Box<dyn FnOnce(&str) -> Result<Option<String>, NotEdited> + Send>;

/// A file of the owner's, which core changes only where the owner has allowed it.
#[async_trait]
pub trait ConfigFile: Send + Sync {
    /// The text; `None` without a file.
    async fn read(&self) -> Result<Option<String>, ConfigFileError>;

    /// Edits the text of a file that is there, whole or not at all; owner and mode stay. One edit at a time. Whether
    /// anything was written.
    async fn edit(&self, edit: Edit) -> Result<bool, ConfigFileError>;
}
