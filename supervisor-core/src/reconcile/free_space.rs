//! Whether an image fits where the engine keeps images: a full disk would stop every app of the device.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    error::CoreError,
    ports::{engine::Engine, host_facts::HostFacts},
};

/// A file system that does not answer by then is as good as one that cannot be seen.
const DEADLINE: Duration = Duration::from_secs(5);

/// Room for images.
pub struct FreeSpace {
    facts: Arc<dyn HostFacts>,
    /// Where core sees the host's `/`.
    host_root: PathBuf,
    /// What stays free.
    reserve_bytes: u64,
    /// It was said that nothing can be seen.
    is_blindness_told: AtomicBool,
}

impl FreeSpace {
    /// `reserve_bytes` stay free; `host_root` is where core sees the host's `/`.
    pub fn new(facts: Arc<dyn HostFacts>, host_root: PathBuf, reserve_bytes: u64) -> Self {
        Self { facts, host_root, reserve_bytes, is_blindness_told: AtomicBool::new(false) }
    }

    /// Where the engine keeps its images, as core sees it; none: nobody tells.
    pub async fn data_root(&self, engine: &dyn Engine) -> Option<PathBuf> {
        let root = engine.info().await.ok()?.data_root;
        let below = Path::new(&root).strip_prefix("/").ok()?;
        Some(self.host_root.join(below))
    }

    /// Refuses a pull, which may have begun, of what does not fit. What cannot be seen is no reason to refuse; that is
    /// said once.
    pub async fn check(&self, root: &Path, image: &str, needed_bytes: u64) -> Result<(), CoreError> {
        let asked = tokio::time::timeout(DEADLINE, self.facts.disk_space(root)).await;
        let why = match asked {
            Ok(Ok(space)) if space.free_bytes < self.reserve_bytes.saturating_add(needed_bytes) => {
                return Err(CoreError::NoSpace {
                    image: image.to_owned(),
                    needed_bytes,
                    free_bytes: space.free_bytes,
                    reserve_bytes: self.reserve_bytes,
                });
            }
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(elapsed) => elapsed.to_string(),
        };
        if !self.is_blindness_told.swap(true, Ordering::Relaxed) {
            log::warn!(
                "engine's data not visible, images are pulled without asking for space path={} error='{why}'",
                root.display()
            );
        }
        Ok(())
    }
}
