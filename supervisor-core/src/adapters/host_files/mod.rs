//! The apps' data folders and update locks on the host's real files.
//!
//! Everything below the configured roots is reached by directory handle, one name at a time, so that a
//! symlink an app plants is refused and never followed.

mod empty;
mod folder;
mod follow;
mod handover;
mod lock;
mod mounts;
mod roots;
#[cfg(test)]
mod tests;

use std::{io, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use supervisor_proto::ids::{AppId, ServiceName};

use self::roots::Roots;
use crate::ports::host_files::{HeldLock, HostFiles, HostFilesError, LockToken};

/// [`HostFiles`] on Linux. The system calls run on the runtime's blocking threads, and what has begun there
/// ends there even if the caller goes away.
#[derive(Debug, Clone)]
pub struct LinuxHostFiles {
    roots: Arc<Roots>,
}

impl LinuxHostFiles {
    /// `host_root` is where this process sees the host's `/`; `data_path` is the host path of the apps' data.
    /// Symlinks in both are the owner's and are followed, those in `data_path` beneath `host_root`.
    pub fn new(host_root: PathBuf, data_path: PathBuf) -> Self {
        Self { roots: Arc::new(Roots::new(host_root, data_path)) }
    }

    async fn blocking<T, F>(&self, work: F) -> Result<T, HostFilesError>
    where
        T: Send + 'static,
        F: FnOnce(&Roots) -> Result<T, HostFilesError> + Send + 'static,
    {
        let roots = Arc::clone(&self.roots);
        let done = tokio::task::spawn_blocking(move || work(&roots)).await;
        done.unwrap_or_else(|source| {
            Err(HostFilesError::Io {
                action: "work on",
                path: self.roots.data_path().display().to_string(),
                source: io::Error::other(source),
            })
        })
    }
}

#[async_trait]
impl HostFiles for LinuxHostFiles {
    async fn prepare(&self, app: AppId, services: &[ServiceName]) -> Result<(), HostFilesError> {
        let services = services.to_vec();
        self.blocking(move |roots| {
            roots.ensure_data(app)?;
            services.iter().try_for_each(|service| roots.ensure_lock_folder(app, service).map(drop))
        })
        .await
    }

    async fn follow(&self, path: &str) -> Result<Option<String>, HostFilesError> {
        let path = PathBuf::from(path);
        self.blocking(move |roots| follow::follow(roots, &path)).await
    }

    async fn check_data(&self, app: AppId) -> Result<(), HostFilesError> {
        self.blocking(move |roots| empty::check(&roots.ensure_data(app)?)).await
    }

    async fn empty_data(&self, app: AppId) -> Result<(), HostFilesError> {
        self.blocking(move |roots| empty::empty(&roots.ensure_data(app)?)).await
    }

    async fn take_locks(
        &self,
        app: AppId,
        services: &[ServiceName],
        token: &LockToken,
    ) -> Result<(), HostFilesError> {
        let (services, token) = (services.to_vec(), token.clone());
        self.blocking(move |roots| lock::take_all(roots, app, &services, &token)).await
    }

    async fn held_locks(
        &self,
        app: AppId,
        services: &[ServiceName],
        token: Option<&LockToken>,
    ) -> Result<Vec<HeldLock>, HostFilesError> {
        let (services, token) = (services.to_vec(), token.cloned());
        self.blocking(move |roots| lock::held(roots, app, &services, token.as_ref())).await
    }

    async fn has_taken_over(&self, app: AppId, service: &ServiceName) -> Result<bool, HostFilesError> {
        let service = service.clone();
        self.blocking(move |roots| handover::has_taken_over(roots, app, &service)).await
    }

    async fn clear_taken_over(&self, app: AppId, service: &ServiceName) -> Result<(), HostFilesError> {
        let service = service.clone();
        self.blocking(move |roots| handover::clear(roots, app, &service)).await
    }

    async fn release_locks(
        &self,
        app: AppId,
        services: &[ServiceName],
        token: &LockToken,
    ) -> Result<(), HostFilesError> {
        let (services, token) = (services.to_vec(), token.clone());
        self.blocking(move |roots| lock::release_all(roots, app, &services, &token)).await
    }
}
