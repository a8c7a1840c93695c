//! What images of the cloud's registry are fetched with: told by the frontend, kept in memory only.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{domain::registry_access::RegistryAccess, reconcile::Reconciler};

/// The name and password that pulls are made with.
pub struct RegistryAccessKeeper {
    reconciler: Arc<Reconciler>,
    current: watch::Sender<Option<Arc<RegistryAccess>>>,
}

impl RegistryAccessKeeper {
    /// The keeper of `current`, which the workers follow.
    pub fn new(reconciler: Arc<Reconciler>, current: watch::Sender<Option<Arc<RegistryAccess>>>) -> Self {
        Self { reconciler, current }
    }

    /// Takes what the frontend tells; none: there is no cloud any more. A pull that was refused is tried again
    /// when it changes.
    pub fn set(&self, access: Option<RegistryAccess>) {
        let access = access.map(Arc::new);
        let domain = access.as_ref().map(|access| access.domain()).unwrap_or_default();
        let changed = self.current.send_if_modified(|current| {
            let changed = *current != access;
            *current = access;
            changed
        });
        if changed {
            log::info!("registry access changed domain={domain}");
            self.reconciler.look_again();
        }
    }
}
