//! The HTTP API's key and port: told by the frontend, kept in the store, handed to containers. A change is
//! new desired state of every app that gets the key.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    domain::environment::ApiAccess,
    error::CoreError,
    ports::store::{Store, StoredApiAccess},
    reconcile::Reconciler,
};

/// How long the frontend may take to tell a new key.
const ROTATION_DEADLINE: Duration = Duration::from_secs(8);

/// The API's key and port.
pub struct ApiAccessKeeper {
    store: Arc<dyn Store>,
    reconciler: Arc<Reconciler>,
    current: watch::Sender<Option<ApiAccess>>,
    /// Raised whenever the frontend tells the key, changed or not.
    told: watch::Sender<u64>,
    /// Raised whenever an administrator asks for a new key.
    asked: watch::Sender<u64>,
}

impl ApiAccessKeeper {
    /// The keeper of `current`, which the workers follow.
    pub fn new(
        store: Arc<dyn Store>,
        reconciler: Arc<Reconciler>,
        current: watch::Sender<Option<ApiAccess>>,
    ) -> Self {
        Self { store, reconciler, current, told: watch::channel(0).0, asked: watch::channel(0).0 }
    }

    /// What the frontend last told.
    pub fn current(&self) -> Option<ApiAccess> {
        self.current.borrow().clone()
    }

    /// Takes what the frontend tells. What is known already is not written again.
    pub async fn set(&self, access: ApiAccess) -> Result<(), CoreError> {
        if self.current().as_ref() != Some(&access) {
            let stored = StoredApiAccess { api_key: access.expose_key().to_owned(), port: access.port };
            self.store.save_api_access(&stored).await?;
            self.current.send_replace(Some(access));
            log::info!("api access changed");
            self.reconciler.look_again();
        }
        self.told.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Requests for a new key, from now on; whoever holds this is the connected frontend.
    pub fn rotations(&self) -> watch::Receiver<u64> {
        self.asked.subscribe()
    }

    /// Whether a frontend is connected.
    pub fn is_frontend_connected(&self) -> bool {
        self.asked.receiver_count() > 0
    }

    /// Asks the connected frontend for a new key.
    pub async fn rotate(&self) -> Result<ApiAccess, CoreError> {
        if !self.is_frontend_connected() {
            return Err(CoreError::FrontendAbsent);
        }
        let mut told = self.told.subscribe();
        self.asked.send_modify(|count| *count += 1);
        match tokio::time::timeout(ROTATION_DEADLINE, told.changed()).await {
            Ok(Ok(())) => self.current().ok_or(CoreError::FrontendAbsent),
            Ok(Err(_)) | Err(_) => Err(CoreError::FrontendAbsent),
        }
    }
}
