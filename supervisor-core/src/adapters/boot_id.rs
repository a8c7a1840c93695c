//! Which boot this is: a random id that the kernel makes at every start.

use std::{fmt, io};

/// See `boot_id` in <https://man7.org/linux/man-pages/man5/proc_sys_kernel.5.html>.
const BOOT_ID_PATH: &str = "/proc/sys/kernel/random/boot_id";

/// Where an id's hyphens are.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const ID_BYTES: usize = 36;

/// The kernel's id of this boot, for example `3b1e5b6a-6b2f-4f2b-8f0c-0a9d4c1e7f55`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootId(String);

/// The boot's id could not be learned.
#[derive(Debug, thiserror::Error)]
pub enum BootIdError {
    /// The kernel's file cannot be read.
    #[error("cannot read {BOOT_ID_PATH}")]
    Read(#[source] io::Error),
    /// The text is no boot id.
    #[error("{text:?} is not a boot id")]
    Malformed {
        /// What was there instead.
        text: String,
    },
}

impl BootId {
    /// Accepts 32 lower-case hex in groups of 8-4-4-4-12.
    pub fn parse(text: &str) -> Result<Self, BootIdError> {
        let is_valid = text.len() == ID_BYTES
            && text.bytes().enumerate().all(|(at, byte)| {
                if HYPHENS.contains(&at) { byte == b'-' } else { matches!(byte, b'0'..=b'9' | b'a'..=b'f') }
            });
        if is_valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(BootIdError::Malformed { text: text.to_owned() })
        }
    }

    /// Asks the kernel.
    pub async fn current() -> Result<Self, BootIdError> {
        let text = tokio::task::spawn_blocking(|| std::fs::read_to_string(BOOT_ID_PATH))
            .await
            .map_err(io::Error::other)
            .and_then(|read| read)
            .map_err(BootIdError::Read)?;
        Self::parse(text.trim_end())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_id_of_the_kernels_form_is_accepted() {
        let text = "3b1e5b6a-6b2f-4f2b-8f0c-0a9d4c1e7f55";
        assert_eq!(BootId::parse(text).unwrap().as_str(), text);
    }

    #[test]
    fn boot_id_of_another_form_is_refused() {
        for text in [
            "",
            "3b1e5b6a6b2f4f2b8f0c0a9d4c1e7f55",
            "3B1E5B6A-6b2f-4f2b-8f0c-0a9d4c1e7f55",
            "3b1e5b6a-6b2f-4f2b-8f0c-0a9d4c1e7f55\n",
            "3b1e5b6a-6b2f-4f2b-8f0c00a9d4c1e7f55",
        ] {
            assert!(matches!(BootId::parse(text), Err(BootIdError::Malformed { .. })), "{text:?}");
        }
    }

    #[tokio::test]
    async fn current_boot_id_is_the_same_twice() {
        assert_eq!(BootId::current().await.unwrap(), BootId::current().await.unwrap());
    }
}
